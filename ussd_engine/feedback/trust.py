"""Whom the gateway believes to be the core: who shows a certificate of its host by an authority that is trusted here.

Trusted are the authorities of this machine. `SSL_CERT_FILE` and `SSL_CERT_DIR`, which OpenSSL reads itself, name a file
or a folder of others, a private one of the operator's above all.
"""

from __future__ import annotations

import os
import ssl
from typing import Final

from ussd_engine.errors import ConfigError, NotTrusted, Why

FILE: Final = "SSL_CERT_FILE"

# OpenSSL, x509_vfy.h
_WHY: Final = {
    **dict.fromkeys((62, 64), Why.OTHER_HOST),
    **dict.fromkeys((2, 18, 19, 20, 21), Why.UNKNOWN_AUTHORITY),
    **dict.fromkeys((9, 10), Why.NOT_TODAY),
}


def authorities() -> ssl.SSLContext:
    """Those that are trusted now. `ConfigError` where `SSL_CERT_FILE` names a file without any."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if named := os.environ.get(FILE):
        # OpenSSL passes over a file that is not there: every core would be refused, and nobody would know why.
        try:
            context.load_verify_locations(cafile=named)
        except (OSError, ValueError):  # ssl.SSLError is an OSError
            raise ConfigError(f"{FILE}: {named} cannot be read, or holds no certificate in PEM form") from None
    return context


def not_trusted(error: BaseException) -> NotTrusted | None:
    """What is wrong with a certificate, where that is why a connection failed."""
    found = getattr(error, "certificate_error", error)  # aiohttp's own error holds that of the handshake
    if not isinstance(found, ssl.SSLCertVerificationError):
        return None
    return NotTrusted(_WHY.get(found.verify_code, Why.NOT_TRUSTED))
