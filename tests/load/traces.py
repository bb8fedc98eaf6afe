"""What of a citizen can be read in octets: her number, however it is spelt or packed, and her words.

Hex and base64 are undone first, wherever they begin and twice over, so that a number inside a text inside base64 is
found like one that stands there by itself.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator

NATIONAL = 9
"""Digits of a number behind the country's prefix."""
PACKED = 6
"""Octets of a packed number."""
DEPTH = 2
"""How often an encoding is undone."""

_DIGITS = re.compile(rb"[0-9](?:[ \-./()]{0,2}[0-9]){8,}")
_BETWEEN = re.compile(rb"[^0-9]")
_HEX = re.compile(rb"[0-9A-Fa-f]{12,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_\-]{8,}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def spellings(msisdn: str) -> list[str]:
    """The six ways in which people and providers write a number (E.164 without the plus sign)."""
    national = msisdn[-NATIONAL:]
    parts = (national[:3], national[3:6], national[6:])
    return [f"+{msisdn}", msisdn, f"0{national}", " ".join(("+255", *parts)), "-".join(("255", *parts)), national]


def packed(msisdn: str) -> list[bytes]:
    """The number as an integer, its beginning and its end first; 6 octets, which a wider one holds as well."""
    return [int(msisdn).to_bytes(PACKED, order) for order in ("big", "little")]


def _upper_halves(msisdn: str) -> list[tuple[bytes, int]]:
    """Of each packed form, the half that holds the upper digits, and how many octets stand before it."""
    big, little = packed(msisdn)
    half = PACKED // 2
    return [(big[:half], 0), (little[half:], half)]


class Traces:
    """Searches for these numbers, and for words that begin like `canary`."""

    def __init__(self, numbers: Iterable[str], canary: str) -> None:
        self._national = {form: number for number in numbers for form in _both_ways(number[-NATIONAL:].encode())}
        self._packed = {form: number for number in self._national.values() for form in packed(number)}
        # Numbers of one network agree in their upper half: two searches find as much as one a number.
        self._halves = {half for number in self._national.values() for half in _upper_halves(number)}
        self._canary = re.compile(rb"(?i)" + canary.encode() + rb"[a-z]+")

    def find(self, octets: bytes) -> set[str]:
        """Each trace: how it was written, and of whom."""
        return set(self._found(octets, "as it is", DEPTH))

    def _found(self, octets: bytes, how: str, depth: int) -> Iterator[str]:
        yield from (f"number {number}, {how}" for number in self._numbers(octets))
        yield from (f"word {match[0].decode()}, {how}" for match in self._canary.finditer(octets))
        if depth:
            yield from self._found(b"\n".join(unhexed(octets)), f"in hex, {how}", depth - 1)
            yield from self._found(b"\n".join(unbased(octets)), f"in base64, {how}", depth - 1)

    def _numbers(self, octets: bytes) -> Iterator[str]:
        for match in _DIGITS.finditer(octets):
            digits = _BETWEEN.sub(b"", match[0])
            windows = (digits[at : at + NATIONAL] for at in range(len(digits) - NATIONAL + 1))
            yield from (self._national[window] for window in windows if window in self._national)
        for half, before in self._halves:
            for match in re.finditer(re.escape(half), octets):
                at = match.start() - before
                form = octets[at : at + PACKED]
                if form in self._packed:
                    yield self._packed[form]


def _both_ways(digits: bytes) -> tuple[bytes, bytes]:
    return digits, digits[::-1]


def unhexed(octets: bytes) -> Iterator[bytes]:
    for match in _HEX.finditer(octets):
        for start in (0, 1):
            digits = match[0][start:]
            yield bytes.fromhex(digits[: len(digits) & ~1].decode())


def unbased(octets: bytes) -> Iterator[bytes]:
    for match in _BASE64.finditer(octets):
        letters = match[0].translate(_URL_SAFE)
        for start in range(4):
            shifted = letters[start:]
            # An end of one letter is none of base64; two or three are the last octets without their padding.
            whole = shifted[: len(shifted) - 1] if len(shifted) % 4 == 1 else shifted
            yield base64.b64decode(whole + b"=" * (-len(whole) % 4))
