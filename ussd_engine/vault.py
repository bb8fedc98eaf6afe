"""Phone numbers, sealed to a public key, and the tag that finds a caller's own. Only the private key opens one."""

from __future__ import annotations

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from ussd_engine.keys import CannotOpen, Keyring


class Vault:
    """Seals and opens numbers (E.164 without the plus sign), and makes the tags under which they are found again."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def seal(self, msisdn: str, row: bytes, purpose: str = "contact") -> bytes:
        """The number for one row. Shape: key id (1 octet), sealed box. Purpose and row's id stand inside the seal."""
        box = self._keyring.ring("box")
        inside = _label(purpose, row) + msisdn.encode()
        return bytes([box.write]) + SealedBox(PublicKey(box.newest)).encrypt(inside)

    def open(self, sealed: bytes, row: bytes, purpose: str = "contact") -> str:
        """The number sealed for this row and purpose. `CannotOpen` where it was sealed for another, was changed, or
        the private key is not held."""
        key = self._keyring.private.get(sealed[0]) if sealed else None
        if key is None:
            raise CannotOpen(f"{purpose}: this process holds no private key that opens the number")
        try:
            inside = SealedBox(PrivateKey(key)).decrypt(sealed[1:])
        except CryptoError:
            raise CannotOpen(f"{purpose}: a sealed number was changed") from None
        label = _label(purpose, row)
        if not inside.startswith(label):
            raise CannotOpen(f"{purpose}: a sealed number belongs to another row")
        return inside[len(label) :].decode()

    def vault_tag(self, msisdn: str) -> bytes:
        """16 octets under which a caller's contacts are written."""
        return self._keyring.tag("vault_tag", "contact", msisdn.encode())

    def vault_tags(self, msisdn: str) -> list[bytes]:
        """The tags under which a caller's contacts may stand: one for each key that reads, the newest first."""
        return self._keyring.tags("vault_tag", "contact", msisdn.encode())


def _label(purpose: str, row: bytes) -> bytes:
    return purpose.encode() + b"\0" + len(row).to_bytes(2, "big") + row
