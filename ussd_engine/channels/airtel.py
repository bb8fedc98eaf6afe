"""Airtel Tanzania, and the HTTP pull of Comviva Flares that others of the Airtel group speak.

USSD callback, `GET /ussd/airtel`; upper and lower case of names are the same:

    sessionid  one a dialogue
    msisdn     2557…
    input      152*00, the code without * and # around it, on the first leg; afterwards the newest input
    MSC        the exchange, by Flares; not read
    userid, password
               by Flares where it is set up so; wrong ones are no callback

    GET ?input=152*00&sessionid=S1&msisdn=255700000001

Nothing flags the first leg: the dialled code, and only it, is one. The setting `envelope` says how the answer looks.
`body`: `text/plain`, `CON ` and a screen that waits for an answer, or `END ` and the last one. `headers`, by Flares:
the bare screen, which loses line breaks at its beginning, and

    Freeflow: FC or FB
    charge: N
    amount: 0

An end is told by a request with `clean`, which is answered by an empty body:

    GET ?SessionID=S1&msisdn=255700000001&clean=clean-session&error=522

Nothing tells a repeat: the repeat window.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import urlencode

import msgspec

from ussd_engine.channels import wire
from ussd_engine.channels.base import (
    ACKNOWLEDGED,
    Closing,
    Dial,
    Request,
    Response,
    Settings,
    UnreadableReply,
    configure,
)
from ussd_engine.errors import ConfigError, NotACallback
from ussd_engine.model import Phase, Profile, Reply, Turn
from ussd_engine.secret import Secret

PROFILE: Final = Profile(session_s=60.0)
WAITS, BREAKS = "FC", "FB"
FREE: Final = {"charge": "N", "amount": "0"}
CLEANED: Final = "clean-session"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How answers look, and what Flares shows of itself where it was told to."""

    envelope: Literal["body", "headers"] = "body"
    userid: str = ""
    password: Secret = Secret("")


class Airtel:
    """USSD through Airtel."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        self.profile, self._options = configure(settings, PROFILE, Options)
        self._settings = settings
        if bool(self._options.userid) != bool(self._options.password):
            raise ConfigError(f'channel "{self.name}": userid and password go together')

    def parse(self, request: Request) -> Turn:
        fields = wire.folded(wire.query(request))
        self._expect_theirs(fields)
        dialogue, msisdn = wire.filled(fields, "sessionid"), self._settings.msisdn(wire.present(fields, "msisdn"))
        if "clean" in fields:
            closed = Closing.UNKNOWN
            return Turn(channel=self.name, dialogue=dialogue, phase=Phase.CLOSED, text=closed, msisdn=msisdn)
        text = wire.present(fields, "input")
        code, dialled = self._settings.codes.find(text) or (None, text)
        return Turn(
            channel=self.name,
            dialogue=dialogue,
            phase=Phase.START if code else Phase.INPUT,
            text=dialled,
            service_code=code,
            msisdn=msisdn,
        )

    def parse_event(self, request: Request) -> Turn:
        raise NotACallback("this provider tells the end on the address of its callbacks")

    def _expect_theirs(self, fields: Mapping[str, str]) -> None:
        """Compares both, so that the time tells nothing of which one was right."""
        given = (fields.get("userid", ""), fields.get("password", ""))
        known = (self._options.userid, self._options.password.reveal())
        fits = [hmac.compare_digest(one.encode(), other.encode()) for one, other in zip(given, known, strict=True)]
        if self._options.userid and not all(fits):
            raise NotACallback("userid and password are not those of the settings")

    def reply(self, reply: Reply, turn: Turn | None) -> Response:
        if turn is not None and turn.phase is Phase.CLOSED:
            return ACKNOWLEDGED
        if self._options.envelope == "body":
            return wire.prefixed(reply)
        headers = {"Freeflow": BREAKS if reply.ends else WAITS, **FREE}
        return Response(body=reply.text.lstrip("\n").encode(), headers=headers)

    def build(self, dial: Dial) -> Request:
        text = dial.inputs[-1] if dial.inputs else dial.dialled.strip("*#")
        return self._get({**self._caller(dial), "input": text})

    def build_close(self, dial: Dial) -> Request | None:
        if self._options.envelope == "body":
            return None
        return self._get({**self._caller(dial), "clean": CLEANED, "error": "522"})

    def _caller(self, dial: Dial) -> dict[str, str]:
        if self._options.envelope == "body":
            return {"sessionid": dial.dialogue, "msisdn": dial.msisdn or ""}
        return {"SessionID": dial.dialogue, "MSISDN": dial.msisdn or "", "MSC": "1"}

    def _get(self, fields: dict[str, str]) -> Request:
        if self._options.userid:
            fields = {**fields, "userid": self._options.userid, "password": self._options.password.reveal()}
        return Request(method="GET", query=urlencode(fields))

    def read(self, response: Response) -> Reply:
        if self._options.envelope == "body":
            return wire.unprefixed(self.name, response)
        flow = {name.lower(): value for name, value in response.headers.items()}.get("freeflow")
        if response.status != 200 or flow not in (WAITS, BREAKS):
            raise UnreadableReply(f"{self.name}: status {response.status}, without the header Freeflow")
        return Reply(response.body.decode(errors="replace"), flow == BREAKS)
