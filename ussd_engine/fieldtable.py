"""How the fields of somebody else's form are called by us: read from settings, and the same in both directions.

fields = {em_maelezo = "message", em_aina = {answer = "type", values = {1 = "complaint", 2 = "opinion"}}}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from ussd_engine.secret import Secret

MOST_FIELDS: Final = 64

_fraction = re.compile(r"[0-9]+\.[0-9]+(?:[eE]\+?[0-9]{1,2})?").fullmatch


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a field of theirs is to us."""

    answer: str
    values: Mapping[str, str] = {}
    """Their values and what we call them; none: they are the same."""

    def ours(self, value: str) -> str | None:
        """What we call a value of theirs; `None` for one that they do not have."""
        return self.values.get(value, self.values.get(whole(value)))

    def theirs(self, value: str) -> str:
        """What they call a value of ours; one for which they have no word stays as it is."""
        return next((name for name, ours in self.values.items() if ours == value), value)


def whole(text: str) -> str:
    """A whole number as it is written without a fraction; some write all numbers with one, `2.0` or `2.55700000001E11`.
    Every other text as it is."""
    if not _fraction(text):
        return text
    number = Decimal(text)
    return f"{number:.0f}" if number == number.to_integral_value() else text


Fields = Mapping[str, str | Field]
"""By their names: a field, or the answer that it is."""


def field_of(fields: Fields, name: str) -> Field | None:
    """What a field is; `None` for one that is not named."""
    found = fields.get(name)
    return Field(found) if isinstance(found, str) else found


def plain(value: object) -> object:
    """A table as it was given: a field whose name sounds like a secret's holds none."""
    if isinstance(value, Secret):
        return value.reveal()
    return {str(name): plain(one) for name, one in value.items()} if isinstance(value, Mapping) else value
