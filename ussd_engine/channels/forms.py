"""What a provider's file must offer that collects whole forms in a menu of its own, and what its settings say.

    [channel_settings.mgov.forms]
    service = "emrejesho"
    set = {nature = "other"}                # answers for which the platform has no field

    [channel_settings.mgov.forms.fields]
    em_taasisi = "institution"              # its field, and the answer of our form
    em_maelezo = "message"
    em_aina = {answer = "form", values = {1 = "complaint", 2 = "opinion"}}

A collector reads callbacks like a channel: pure, without a clock, and everything on the wire ends as its type or as
`NotACallback`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final, Protocol

import msgspec

from ussd_engine.channels.base import Request, Response
from ussd_engine.errors import ConfigError, did_you_mean, misfit
from ussd_engine.fieldtable import MOST_FIELDS, Field, Fields, field_of, plain
from ussd_engine.model import Quiet

FORM: Final = "form"
"""Stands for an answer: the value of this field says which form it is."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table `forms` of a channel."""

    service: str
    fields: Fields
    form: str = ""
    """The form, where no field says which."""
    set: Mapping[str, str] = {}
    window_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 600
    """So long the same answers of the same number are the same form."""

    def field(self, name: str) -> Field | None:
        """What a field is; `None` for one that is not named here."""
        return field_of(self.fields, name)


class FormSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a collector is made from."""

    name: str
    """As in its address, `/forms/NAME`."""
    msisdn: Callable[[str], str | None]
    """The country's reading of a phone number: E.164 without the plus sign, or `None`."""
    options: Mapping[str, object] = {}
    """The channel's table `forms`."""


class Asked(Quiet, frozen=True):
    """A platform asks whether what was typed may stand in a field."""

    field: str
    """Empty where the address does not say it."""
    text: str


class Collected(Quiet, frozen=True):
    """A form that a platform has collected, by its own names."""

    msisdn: str
    """E.164 without plus; empty where there is no number, or none of the country."""
    fields: Mapping[str, str]
    """Those of the field map, in its order; what is empty is left out."""
    number: str = ""
    """As it came: it tells two apart whose numbers are none of the country."""


class Collector(Protocol):
    """A configured connection to a platform that collects forms."""

    @property
    def name(self) -> str: ...

    @property
    def options(self) -> Options: ...

    def asked(self, request: Request) -> Asked:
        """What a field check asks. Raises `NotACallback`."""

    def collected(self, request: Request) -> Collected:
        """The form that a callback brings. Raises `NotACallback`."""

    def right(self, shown: Mapping[str, str]) -> Response:
        """The field may stand so; `shown` is what the platform's menu may show of it."""

    def wrong(self, words: str) -> Response:
        """It may not, and why."""

    def taken(self, words: str, *, by_sms: bool) -> Response:
        """The form is taken. `by_sms`: the platform is to send her the words."""

    def refused(self, words: str, field: str = "", *, by_sms: bool) -> Response:
        """It is not, and why, in words for the citizen. `by_sms`: as in `taken`. `field`: the platform's name of what
        is wrong, where that is one of its fields, else ours; empty where the fault is none of the form's."""


def configure(settings: FormSettings) -> Options:
    """The options of a collector. Raises `ConfigError`."""
    place, known = f'channel "{settings.name}": forms', frozenset(Options.__struct_fields__)
    for key in settings.options:
        if key not in known:
            raise ConfigError(f'{place}: setting "{key}" does not exist{did_you_mean(key, known)}')
    try:
        read = msgspec.convert(plain(settings.options), Options, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{place}: {misfit(error, Options)}") from None
    if not 1 <= len(read.fields) <= MOST_FIELDS:
        raise ConfigError(f"{place}: fields: expected from 1 to {MOST_FIELDS} of them")
    return read
