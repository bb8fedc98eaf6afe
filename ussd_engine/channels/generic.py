"""Any gateway that sends one flat request a leg and reads back a text with a prefix.

As shipped:

    GET /ussd/generic?id=S1&msisdn=255700000001&new=1&code=*152*00%23&text=
    CON Karibu

`new` is 1 on the first leg, else 0; `text` is the newest input; the answer is `CON ` or `END ` and the screen.
All of it is a setting:

    method        GET or POST
    body          form or json, of a POST; a JSON object must be flat
    fields        names of dialogue, text, msisdn, new, code, closed, operator; "" for what the gateway does not send
    input         last, or cumulative: all inputs joined with *
    first         flag: the field `new` says it; empty: the text is empty; code: the text is a code that is served
    starts, continues, closes
                  values of the field `new`, for a first leg, a later one, the end
    con, end      the answer, with {text} where the screen goes
    content_type  of the answer; in a JSON answer the screen is escaped

A field `closed` that is not empty ends the dialogue, on this address or on `/ussd/generic/events`. Number and code may
be missing after the first leg. A leg of `last` has no identity on the wire, so the repeat window decides; a leg of
`cumulative` is the hash of its text.
"""

from __future__ import annotations

import json
from typing import Literal, NamedTuple
from urllib.parse import urlencode

import msgspec

from ussd_engine.channels import wire
from ussd_engine.channels.base import (
    ACKNOWLEDGED,
    Closing,
    Dial,
    Kind,
    Request,
    Response,
    Settings,
    UnreadableReply,
    configure,
)
from ussd_engine.errors import ConfigError, NotACallback
from ussd_engine.model import LegKind, Phase, Profile, Reply, Turn

PROFILE = Profile()


class Names(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the gateway calls its fields; empty where it has none."""

    dialogue: str = "id"
    text: str = "text"
    msisdn: str = "msisdn"
    new: str = "new"
    code: str = "code"
    closed: str = ""
    operator: str = ""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The gateway's wire, as described above."""

    method: Literal["GET", "POST"] = "GET"
    body: Literal["form", "json"] = "form"
    fields: Names = Names()
    input: Literal["last", "cumulative"] = "last"
    first: Literal["flag", "empty", "code"] = "flag"
    starts: tuple[str, ...] = ("1", "true")
    continues: tuple[str, ...] = ("0", "false")
    closes: tuple[str, ...] = ()
    con: str = "CON {text}"
    end: str = "END {text}"
    content_type: str = "text/plain; charset=utf-8"


class Template(NamedTuple):
    """An answer, cut where the screen goes."""

    before: str
    after: str
    escaped: bool

    def fill(self, text: str) -> bytes:
        inner = json.dumps(text, ensure_ascii=False)[1:-1] if self.escaped else text
        return f"{self.before}{inner}{self.after}".encode()

    def find(self, answer: str) -> str | None:
        """The screen inside `answer`; `None` where this is not the template that made it."""
        inner = answer.removeprefix(self.before).removesuffix(self.after)
        if len(inner) + len(self.before) + len(self.after) != len(answer):
            return None
        return _unescaped(inner) if self.escaped else inner


class Generic:
    """USSD by a field map."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        self._settings = settings
        profile, self._wire = configure(settings, PROFILE, Options)
        self._names = self._wire.fields
        self._cumulative = self._wire.input == "cumulative"
        holds = "hold_s" in settings.options or not self._cumulative
        self.profile = profile if holds else msgspec.structs.replace(profile, hold_s=0.0)
        self._con, self._end = self._template("con"), self._template("end")
        self._check_names()

    def _check_names(self) -> None:
        needed = {"dialogue", "text"} | ({"new"} if self._wire.first == "flag" else set())
        for name in sorted(needed):
            if not getattr(self._names, name):
                raise ConfigError(f'channel "{self.name}": fields: "{name}" needs a name')

    def _template(self, name: Literal["con", "end"]) -> Template:
        text: str = getattr(self._wire, name)
        before, found, after = text.partition("{text}")
        if not found:
            raise ConfigError(f'channel "{self.name}": {name}: write {{text}} where the screen goes')
        return Template(before, after, self._wire.content_type.startswith(wire.JSON))

    def parse(self, request: Request) -> Turn:
        fields = self._fields(request)
        dialogue, phase = wire.filled(fields, self._names.dialogue), self._phase(fields)
        if phase is Phase.CLOSED:
            return self._turn(fields, dialogue, phase, Closing.UNKNOWN, None)
        text = wire.present(fields, self._names.text)
        code, dialled = self._code(fields, phase, text)
        if phase is Phase.START and self._names.msisdn:
            wire.present(fields, self._names.msisdn)
        return self._turn(fields, dialogue, phase, dialled if phase is Phase.START else text, code)

    def parse_event(self, request: Request) -> Turn:
        fields = self._fields(request)
        dialogue = wire.filled(fields, self._names.dialogue)
        return self._turn(fields, dialogue, Phase.CLOSED, Closing.UNKNOWN, None)

    def _turn(self, fields: dict[str, str], dialogue: str, phase: Phase, text: str, code: str | None) -> Turn:
        return Turn(
            channel=self.name,
            dialogue=dialogue,
            phase=phase,
            text=text,
            service_code=code,
            msisdn=self._settings.msisdn(fields.get(self._names.msisdn, "")),
            leg_kind=LegKind.CUMULATIVE if self._cumulative else LegKind.WINDOW,
            operator=self._settings.networks.get(fields.get(self._names.operator, "")),
        )

    def _fields(self, request: Request) -> dict[str, str]:
        if self._wire.method == "GET":
            return wire.query(request)
        if self._wire.body == "form":
            return wire.form(request)
        return wire.scalars(request)

    def _phase(self, fields: dict[str, str]) -> Phase:
        if self._names.closed and fields.get(self._names.closed):
            return Phase.CLOSED
        if self._wire.first == "flag":
            return self._flagged(wire.present(fields, self._names.new))
        text = wire.present(fields, self._names.text)
        starts = not text if self._wire.first == "empty" else self._settings.codes.find(text) is not None
        return Phase.START if starts else Phase.INPUT

    def _flagged(self, value: str) -> Phase:
        phases = (
            (self._wire.starts, Phase.START),
            (self._wire.continues, Phase.INPUT),
            (self._wire.closes, Phase.CLOSED),
        )
        for values, phase in phases:
            if value in values:
                return phase
        raise NotACallback(f"field {self._names.new} has a value that the settings do not name")

    def _code(self, fields: dict[str, str], phase: Phase, text: str) -> tuple[str | None, str]:
        """The service code, and at a start the digits behind it: from the code's field, else from the text."""
        code, dialled = self._code_field(fields, phase)
        if phase is not Phase.START or dialled:
            return code, dialled
        in_text = self._settings.codes.find(text)
        if in_text and in_text[0] == (code or in_text[0]):
            return in_text
        return code, text if text.replace("*", "").isdecimal() and text.isascii() else ""

    def _code_field(self, fields: dict[str, str], phase: Phase) -> tuple[str | None, str]:
        name = self._names.code
        value = wire.present(fields, name) if name and phase is Phase.START else fields.get(name, "")
        if not value:
            return self.profile.code, ""
        return self._settings.dialled(value, f"field {name}")

    def reply(self, reply: Reply, turn: Turn | None) -> Response:
        if turn is not None and turn.phase is Phase.CLOSED:
            return ACKNOWLEDGED
        template = self._end if reply.ends else self._con
        return Response(body=template.fill(reply.text), content_type=self._wire.content_type)

    def build(self, dial: Dial) -> Request:
        fields = self._caller(dial)
        if self._wire.first == "flag":
            fields[self._names.new] = (self._wire.continues if dial.inputs else self._wire.starts)[0]
        fields[self._names.text] = self._typed(dial)
        return self._request(Kind.USSD, fields)

    def build_close(self, dial: Dial) -> Request | None:
        fields = self._caller(dial)
        if self._names.closed:
            return self._request(Kind.EVENTS, {**fields, self._names.closed: "1"})
        if self._wire.closes:
            return self._request(Kind.USSD, {**fields, self._names.new: self._wire.closes[0]})
        return None

    def _caller(self, dial: Dial) -> dict[str, str]:
        code = dial.dialled if not dial.inputs else self._settings.codes.split(dial.dialled)[0]
        named = {
            self._names.dialogue: dial.dialogue,
            self._names.msisdn: dial.msisdn or "",
            self._names.code: code,
            self._names.operator: dial.operator,
        }
        return {name: value for name, value in named.items() if name}

    def _typed(self, dial: Dial) -> str:
        if not dial.inputs:
            return dial.dialled if self._wire.first == "code" or not self._names.code else ""
        return "*".join(dial.inputs) if self._cumulative else dial.inputs[-1]

    def _request(self, kind: Kind, fields: dict[str, str]) -> Request:
        if self._wire.method == "GET":
            return Request(method="GET", kind=kind, query=urlencode(fields))
        body, media_type = (
            (json.dumps(fields), wire.JSON) if self._wire.body == "json" else (urlencode(fields), wire.FORM)
        )
        return Request(method="POST", kind=kind, headers={"content-type": media_type}, body=body.encode())

    def read(self, response: Response) -> Reply:
        answer = response.body.decode(errors="replace")
        for template, ends in ((self._con, False), (self._end, True)):
            text = template.find(answer)
            if response.status == 200 and text is not None:
                return Reply(text, ends)
        raise UnreadableReply(f"{self.name}: status {response.status}, a body that is neither of its answers")


def _unescaped(inner: str) -> str | None:
    try:
        return str(json.loads(f'"{inner}"'))
    except ValueError:
        return None
