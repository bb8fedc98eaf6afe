"""Where a session stands: short keys that nobody can turn back into a number without the secret.

A key is one octet that says what stands there and 12 octets of keyed BLAKE2b.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

SESSION = b"s"
"""A caller's session on one service code."""
DIALOGUE = b"d"
"""The session of a dialogue whose number did not reach us."""
LINK = b"l"
"""The small key: leads from a provider's dialogue to a session's key."""

KEY_LENGTH = 13
DIGEST_LENGTH = 8


def session_key(secret: bytes, caller: str, service_code: str) -> bytes:
    """The key of `caller` (E.164) on `service_code`; 13 octets."""
    return SESSION + _hash(secret, SESSION, KEY_LENGTH - 1, caller, service_code)


def dialogue_key(secret: bytes, channel: str, dialogue: str) -> bytes:
    """The key of a session without number, by the provider's dialogue; 13 octets."""
    return DIALOGUE + _hash(secret, DIALOGUE, KEY_LENGTH - 1, channel, dialogue)


def link_key(secret: bytes, channel: str, dialogue: str) -> bytes:
    """The small key of a dialogue whose later legs lack number or code; 13 octets."""
    return LINK + _hash(secret, LINK, KEY_LENGTH - 1, channel, dialogue)


def digest(secret: bytes, *parts: str) -> bytes:
    """8 octets that stand for a leg or a dialogue inside a session; of several parts none runs into the next."""
    return _hash(secret, b"digest", DIGEST_LENGTH, *parts)


def _hash(secret: bytes, purpose: bytes, size: int, *parts: str) -> bytes:
    # Surrogates: a provider's form may carry what is no Unicode text, and it must still hash.
    begun = _begun(secret, purpose, size).copy()
    for part in parts:
        octets = part.encode("utf-8", "surrogatepass")
        begun.update(len(octets).to_bytes(4, "big") + octets)
    return begun.digest()


@lru_cache(maxsize=64)
def _begun(secret: bytes, purpose: bytes, size: int) -> blake2b:
    """The hash with its key taken in, which is most of its work."""
    return blake2b(digest_size=size, key=secret, person=purpose)
