"""References and PINs: the name of a case, and the secret that opens it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import NoReturn

# The quasigroup of H. Michael Damm's thesis (2004): its check digit finds every single wrong digit and every pair of
# neighbours that changed places.
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
_LENGTH = 9
_SPELLING = str.maketrans("Oo", "00", " -\u00a0\u2010\u2011\u2013")


def check_digit(digits: str) -> str:
    """The Damm check digit of `digits`; `0` where its last digit is one already."""
    interim = 0
    for digit in digits:
        interim = int(_DAMM[interim][int(digit)])
    return str(interim)


def draw(below: Callable[[int], int] = secrets.randbelow) -> str:
    """A new reference: 9 digits, random, the first 1 to 9, the last one Damm's. `below(n)` draws from 0 to n-1."""
    first = 10 ** (_LENGTH - 2)
    digits = str(first + below(9 * first))
    return digits + check_digit(digits)


def parse(text: str) -> str | None:
    """The reference that was typed, with blanks, hyphens and the letter O for 0; `None` where it cannot be one."""
    digits = text.translate(_SPELLING)
    formed = len(digits) == _LENGTH and digits.isascii() and digits.isdecimal() and digits[0] != "0"
    return digits if formed and check_digit(digits) == "0" else None


class Secret:
    """A value that no log, message or store may show by accident: only `reveal` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the citizen's own screen."""
        return self._value

    def matches(self, typed: str) -> bool:
        """Whether `typed` is the value, in a time that does not tell how much of it was right."""
        return hmac.compare_digest(self._value.encode(), typed.encode("utf-8", "surrogatepass"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other._value)

    __hash__ = None  # type: ignore[assignment]  # a hash table would tell equal secrets apart by their time

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not stored")


class Pin(Secret):
    """Four digits that open one case."""

    __slots__ = ()


def derive_pin(key: bytes, case: bytes, generation: int) -> Pin:
    """The PIN of a case: HMAC-SHA256 cut to 4 digits, never stored. 0000, 1234 and four equal digits are skipped."""
    for counter in range(1 << 16):
        message = generation.to_bytes(4, "big") + counter.to_bytes(2, "big") + case
        # 256 bits to 4 digits: what the remainder favours is below 1 in 2**240.
        digits = f"{int.from_bytes(hmac.digest(key, message, 'sha256'), 'big') % 10_000:04d}"
        if digits != "1234" and len(set(digits)) > 1:
            return Pin(digits)
    raise AssertionError("65,536 hashes in a row were weak PINs")
