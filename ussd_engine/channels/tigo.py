"""Tigo, now Yas.

USSD callback, `GET /ussd/tigo`, in one of two sets of names, whichever the partner was given; upper and lower case are
the same:

    A  MSISDN  Session_id  NEW_REQUEST  Ussd_string  Service_cod
    B  msisdn  sessionid   newrequest   input        SHORT_CODE   IMSI

    GET ?MSISDN=255700000001&Session_id=S1&NEW_REQUEST=1&Ussd_string=*152*00%23
    GET ?input=00&sessionid=S1&msisdn=255700000001&IMSI=…&newrequest=1&SHORT_CODE=*152*00%23

The flag is 1 on the first leg, else 0. In A the text of the first leg is the dialled code; `Service_cod` comes later,
is the partner's number and no code, and is not read. In B `SHORT_CODE` is the code on every leg, and the input of the
first one echoes its end. `IMSI` names the citizen's card: it is dropped unread. Answered with `text/plain`: `CON ` and
a screen that waits for an answer, or `END ` and the last one. No end is told. Nothing tells a repeat: the repeat
window.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple
from urllib.parse import urlencode

import msgspec

from ussd_engine.channels import wire
from ussd_engine.channels.base import Dial, Request, Response, Settings, configure
from ussd_engine.channels.codes import behind
from ussd_engine.errors import NotACallback
from ussd_engine.model import Phase, Profile, Reply, Turn

PROFILE: Final = Profile(session_s=60.0)


class Names(NamedTuple):
    """What one of the sets calls its fields, in lower case."""

    msisdn: str
    dialogue: str
    new: str
    text: str
    code: str


NAMES: Final = {
    "a": Names("MSISDN", "Session_id", "NEW_REQUEST", "Ussd_string", "Service_cod"),
    "b": Names("msisdn", "sessionid", "newrequest", "input", "SHORT_CODE"),
}
A, B = (Names(*(name.lower() for name in names)) for names in NAMES.values())
PHASES: Final = {"1": Phase.START, "0": Phase.INPUT}
PARTNER: Final = "191"
"""As a partner's number looks, that a phone's side sends."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Both sets are read; `names` is the one in which the simulator's phone speaks."""

    names: Literal["a", "b"] = "a"


class Tigo:
    """USSD through Tigo."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        self.profile, self._options = configure(settings, PROFILE, Options)
        self._settings = settings

    def parse(self, request: Request) -> Turn:
        fields = wire.folded(wire.query(request))
        names = A if A.text in fields else B
        if names is A and B.text in fields:
            raise NotACallback("fields of both sets of names")
        dialogue, text = wire.filled(fields, names.dialogue), wire.present(fields, names.text)
        phase = wire.one_of(fields, names.new, PHASES)
        code = self._settings.dialled(wire.filled(fields, B.code), f"field {B.code}") if names is B else None
        if phase is Phase.START:
            code, text = self._dialled(code, text)
        return Turn(
            channel=self.name,
            dialogue=dialogue,
            phase=phase,
            text=text,
            service_code=code[0] if code else None,
            msisdn=self._settings.msisdn(wire.present(fields, names.msisdn)),
        )

    def parse_event(self, request: Request) -> Turn:
        raise NotACallback("this provider tells of no end")

    def _dialled(self, code: tuple[str, str] | None, text: str) -> tuple[tuple[str, str], str]:
        """The code of a first leg, and the digits behind it."""
        found = code or self._settings.dialled(text, f"field {A.text}")
        return found, found[1] or (behind(found[0], text) if code else "")

    def reply(self, reply: Reply, turn: Turn | None) -> Response:
        return wire.prefixed(reply)

    def build(self, dial: Dial) -> Request:
        names = NAMES[self._options.names]
        fields = {
            names.msisdn: dial.msisdn or "",
            names.dialogue: dial.dialogue,
            names.new: "0" if dial.inputs else "1",
            names.text: dial.inputs[-1] if dial.inputs else dial.dialled,
        }
        if names is NAMES["b"]:
            code, _ = self._settings.codes.split(dial.dialled)
            fields |= {names.code: code, "IMSI": "640020000000001"}
            if not dial.inputs:
                fields[names.text] = dial.dialled.strip("*#").partition("*")[2]
        elif dial.inputs:
            fields[names.code] = PARTNER
        return Request(method="GET", query=urlencode(fields))

    def build_close(self, dial: Dial) -> None:
        return None

    def read(self, response: Response) -> Reply:
        return wire.unprefixed(self.name, response)
