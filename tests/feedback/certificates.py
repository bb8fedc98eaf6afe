"""An authority of the test's own, and the certificates that it gives."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class Authority:
    """Its certificate stands in `file`, as an operator is given it."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._name = _name(name)
        self._key = generate_private_key(SECP256R1())
        self.file = folder / f"{name}.pem"
        certificate = self._signed(self._key, self._name, x509.BasicConstraints(ca=True, path_length=None), DAY)
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def server(self, host: str, lasts: timedelta = DAY) -> ssl.SSLContext:
        """What a server for `host` shows; a negative time is over."""
        key = generate_private_key(SECP256R1())
        try:
            name: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            name = x509.DNSName(host)
        certificate = self._signed(key, _name(host), x509.SubjectAlternativeName([name]), lasts)
        file = self._folder / "server.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _signed(
        self, key: EllipticCurvePrivateKey, subject: x509.Name, more: x509.ExtensionType, lasts: timedelta
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        begun = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name)
        begun = begun.public_key(key.public_key()).serial_number(x509.random_serial_number())
        begun = begun.not_valid_before(now - 10 * DAY).not_valid_after(now + lasts)
        return begun.add_extension(more, critical=isinstance(more, x509.BasicConstraints)).sign(self._key, SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
