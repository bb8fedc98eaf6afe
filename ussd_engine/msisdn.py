"""Phone numbers: one parser for every spelling that providers and people use, and the mask for showing them."""

from __future__ import annotations

import re

import msgspec
import phonenumbers

_marks = re.compile(r"[\s\u00a0().\-\u2010-\u2015]+")
_plus = re.compile(r"\s*(?:%2B|\+|00)", re.IGNORECASE)
_digits = re.compile(r"[0-9]{5,17}").fullmatch


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """How a country writes its numbers: `calling_code` `255`, `trunk` `0`, the digits that a number may begin with
    behind them, and how many digits it has."""

    calling_code: str
    trunk: str
    prefixes: tuple[str, ...]
    length: int

    def complete(self, national: str) -> str | None:
        """E.164 without the plus sign of a number without calling code and trunk digit."""
        whole = len(national) == self.length and national.startswith(self.prefixes)
        return self.calling_code + national if whole else None

    def dialled(self, msisdn: str) -> str:
        """A number as it is dialled within the country, from E.164 without the plus sign: 0700000001; one of another
        country with its plus sign."""
        behind = msisdn.removeprefix(self.calling_code)
        return self.trunk + behind if self.complete(behind) == msisdn else f"+{msisdn}"

    def written(self, msisdn: str) -> str:
        """The same in threes, as people write it: 0700 000 001."""
        dialled = self.dialled(msisdn)
        first = len(dialled) - (self.length - 1) // 3 * 3
        return " ".join([dialled[:first], *(dialled[at : at + 3] for at in range(first, len(dialled), 3))])

    def specimen(self, count: int = 1) -> str:
        """A number of the country to try things with, E.164 without the plus sign; each count from 1 has its own."""
        return self.calling_code + self.prefixes[-1] + str(count).zfill(self.length - len(self.prefixes[-1]))


def parse(text: str, numbers: Numbers) -> str | None:
    """E.164 without the plus sign, or `None` where `text` is no phone number.

    Read are `+255…`, ` 255…` (a plus lost in a form), `%2B255…` (encoded twice), `00255…`, `255…` and `0…`, with blanks
    and hyphens anywhere. A foreign number must show its plus or double zero and be valid in its own country.
    """
    digits, international = _bare(text)
    if not _digits(digits):
        return None
    if digits.startswith(numbers.calling_code):
        found = numbers.complete(digits.removeprefix(numbers.calling_code))
        if found or international:
            return found
    if international:
        return _foreign(digits)
    return numbers.complete(digits.removeprefix(numbers.trunk)) if digits.startswith(numbers.trunk) else None


def mask(msisdn: str) -> str:
    """`2557****4321`: enough to tell two phones of a test apart."""
    return f"{msisdn[:4]}****{msisdn[-4:]}" if len(msisdn) > 9 else "****"


def _bare(text: str) -> tuple[str, bool]:
    sign = _plus.match(text)
    lost_plus = text[:1] == " " and text[1:2] in "123456789"
    return _marks.sub("", text[sign.end() :] if sign else text), bool(sign) or lost_plus


def _foreign(digits: str) -> str | None:
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    return digits if phonenumbers.is_valid_number(number) else None
