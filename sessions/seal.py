"""The seal: AES-256-GCM, bound to the place where the value stands.

A sealed value is `version (1) | key id (1) | day modulo 256 (1) | nonce (12) | ciphertext | tag (16)`. The associated
data is the key of the store under which it stands, so that a value moved elsewhere does not open. The key proper is
derived for one day (HKDF-SHA256), which keeps random nonces far from their bound of 2^32 a key.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sessions import chance

FORMAT = 1
SECRET_LENGTH = 32
NONCE_START = 3
NONCE_END = 15
TAG_LENGTH = 16
DAY_S = 86_400
DAYS_CACHED = 16


class NotOurs(Exception):
    """A value that this seal cannot open: another key, another place, cut, changed, or of another format."""


class Opened(NamedTuple):
    """What was sealed, and the day (since 1970, UTC) on which it was."""

    plain: bytes
    day: int


def version_of(blob: bytes) -> bytes:
    """The nonce of a sealed value, which is its version; empty where nothing stands."""
    return blob[NONCE_START:NONCE_END]


class Seal:
    """One key writes, several read: a new key is first given to every reader, then made the one that writes.

    `keys` are 32 octets each by an id of 0 to 255; `clock` gives Unix seconds. Raises `ValueError` for a key list that
    cannot be used; the message names the id, never the key.
    """

    def __init__(self, keys: Mapping[int, bytes], write: int, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._cipher = lru_cache(maxsize=DAYS_CACHED)(self._derive)
        self.renew(keys, write)

    def renew(self, keys: Mapping[int, bytes], write: int) -> None:
        """Go on with other keys, under which what stands is opened or is not. Raises `ValueError`, as at first."""
        if write not in keys:
            raise ValueError(f"the session key {write} is to write, but is not in the list")
        for key_id, secret in keys.items():
            _check_key(key_id, secret)
        self._keys = dict(keys)
        self._write = write
        self._cipher.cache_clear()

    def today(self) -> int:
        """The day since 1970, UTC."""
        return int(self._clock() // DAY_S)

    def seal(self, plain: bytes, place: bytes, day: int | None = None) -> bytes:
        """Seal `plain` for `place` under a new random nonce."""
        day = self.today() if day is None else day
        nonce = chance.draw(NONCE_END - NONCE_START)
        head = bytes((FORMAT, self._write, day % 256))
        return head + nonce + self._cipher(self._write, day).encrypt(nonce, plain, place)

    def open(self, blob: bytes, place: bytes) -> Opened:
        """What was sealed for `place`. Raises `NotOurs`."""
        if len(blob) < NONCE_END + TAG_LENGTH or blob[0] != FORMAT or blob[1] not in self._keys:
            raise NotOurs("unknown format or key id")
        day = self._full_day(blob[2])
        try:
            plain = self._cipher(blob[1], day).decrypt(version_of(blob), blob[NONCE_END:], place)
        except InvalidTag:
            raise NotOurs("changed, moved, or sealed with another key") from None
        return Opened(plain, day)

    def _full_day(self, short: int) -> int:
        # Tomorrow counts: the clock of the process that sealed it may be ahead at midnight.
        latest = self.today() + 1
        return latest - (latest - short) % 256

    def _derive(self, key_id: int, day: int) -> AESGCM:
        info = b"session %d %d" % (FORMAT, day)
        return AESGCM(HKDF(SHA256(), SECRET_LENGTH, salt=None, info=info).derive(self._keys[key_id]))


def _check_key(key_id: int, secret: bytes) -> None:
    if not 0 <= key_id <= 255:
        raise ValueError(f"the id of session key {key_id} is not between 0 and 255")
    if len(secret) != SECRET_LENGTH:
        raise ValueError(f"session key {key_id} is not {SECRET_LENGTH} octets long")
