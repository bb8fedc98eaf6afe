"""Beem.

USSD callback, `POST /ussd/beem`, JSON:

    {"command":"initiate","msisdn":"255700000001","session_id":"4574","operator":"vodacom",
     "payload":{"request_id":0,"response":0}}

    command     initiate, continue; terminate where the dialogue is over
    operator    vodacom, tigo, airtel, halotel, ttcl
    request_id  the number of the screen that is answered, 0 on the first leg
    response    the newest input, a text; the number 0 on the first leg

answered with JSON that says who was asked, with the number of the screen, and `terminate` where it is the last one:

    {"msisdn":"255700000001","operator":"vodacom","session_id":"4574","command":"continue",
     "payload":{"request_id":1,"request":"Chagua:"}}

The dialled code is not on the wire: it is the setting `code`, else the first code that is served. The leg is
`request_id`; where a hub is found not to count, the setting `legs` is to be `window`. Their hub can set no header, so
the token in the address is all that tells it from others.

SMS out, `POST https://apisms.beem.africa/v1/send`, HTTP Basic, JSON:

    {"source_addr":"MREJESHO","encoding":0,"schedule_time":"","message":"…",
     "recipients":[{"recipient_id":1,"dest_addr":"255700000001"}]}

`encoding` is 8 where the text leaves GSM-7. Answered with

    {"successful":true,"request_id":35918915,"code":100,"message":"…","valid":1,"invalid":0,"duplicates":0}

in which `code` decides (tables below), and which says nothing of one number among several. A message is known by
`request_id` and `recipient_id`; 1 is kept for the only one of a call, for a report may leave `recipient_id` out.

Reports, `POST /sms/beem/reports`, JSON or form: `request_id`, `dest_addr`, `status` in any case, `timestamp`, perhaps
`recipient_id`. The same is given to who asks, `GET https://dlrapi.beem.africa/public/v1/delivery-reports` with
`dest_addr` and `request_id`.

Incoming SMS, `POST /sms/beem`, JSON or form: `from`, `to`, `message`, `timestamp`; it has no id.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

import msgspec

from ussd_engine.channels import sms, wire
from ussd_engine.channels.base import (
    ACKNOWLEDGED,
    Closing,
    Dial,
    Request,
    Response,
    Settings,
    UnreadableReply,
    configure,
    numbered,
)
from ussd_engine.channels.client import Answer, Client
from ussd_engine.errors import NotACallback
from ussd_engine.gsm import culprit
from ussd_engine.model import LegKind, Phase, Profile, Reply, Turn
from ussd_engine.secret import Secret
from ussd_engine.sms.message import Incoming, Outgoing, Progress, Report, RouteFault, Sent

PROFILE: Final = Profile(passes_digits=False)
PHASES: Final = {"initiate": Phase.START, "continue": Phase.INPUT, "terminate": Phase.CLOSED}
OPERATORS: Final = frozenset({"vodacom", "tigo", "airtel", "halotel", "ttcl"})
ECHOED: Final = ("msisdn", "operator", "session_id")
LAST_NUMBER: Final = 1_000_000
"""No dialogue has so many screens."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the hub's numbers are worth."""

    legs: Literal["numbered", "window"] = "numbered"


class Beem:
    """USSD through Beem's hub."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        profile, options = configure(settings, PROFILE, Options)
        self.profile, self._leg_kind = numbered(settings, profile, options.legs)
        self._settings = settings

    def parse(self, request: Request) -> Turn:
        document = wire.json_object(request)
        fields = wire.texts(document, "command", *ECHOED)
        phase = wire.one_of(fields, "command", PHASES)
        operator = wire.present(fields, "operator")
        payload = wire.inner(document, "payload") if phase is not Phase.CLOSED else {}
        answered = wire.texts(payload, "request_id", "response")
        return Turn(
            channel=self.name,
            dialogue=wire.filled(fields, "session_id"),
            phase=phase,
            text=_said(phase, answered),
            service_code=self.profile.code,
            msisdn=self._settings.msisdn(wire.present(fields, "msisdn")),
            leg_kind=self._leg_kind,
            sequence=_number(answered) if phase is not Phase.CLOSED else 0,
            operator=operator if operator in OPERATORS else None,
            echo=tuple(_json(document[name]) for name in ECHOED),
        )

    def parse_event(self, request: Request) -> Turn:
        raise NotACallback("this provider tells the end on the address of its callbacks")

    def reply(self, reply: Reply, turn: Turn | None) -> Response:
        closed = turn is not None and turn.phase is Phase.CLOSED
        echo = turn.echo if turn else ('""',) * len(ECHOED)
        who = ",".join(f'"{name}":{value}' for name, value in zip(ECHOED, echo, strict=True))
        command = "terminate" if reply.ends or closed else "continue"
        payload = {"request_id": turn.sequence + 1 if turn else 1, "request": "" if closed else reply.text}
        body = f'{{{who},"command":"{command}","payload":{_json(payload)}}}'
        return Response(body=body.encode(), content_type=wire.JSON)

    def build(self, dial: Dial) -> Request:
        if not dial.inputs:
            return self._post(dial, "initiate", {"request_id": 0, "response": 0})
        number = len(dial.inputs) if self._leg_kind is LegKind.SEQUENCE else 0
        payload: dict[str, object] = {"request_id": number, "response": dial.inputs[-1]}
        return self._post(dial, "continue", payload)

    def build_close(self, dial: Dial) -> Request:
        return self._post(dial, "terminate", {"request_id": len(dial.inputs) + 1, "response": ""})

    def _post(self, dial: Dial, command: str, payload: dict[str, object]) -> Request:
        who = {"msisdn": dial.msisdn or "", "session_id": dial.dialogue, "operator": dial.operator or "vodacom"}
        body = _json({"command": command, **who, "payload": payload}).encode()
        return Request(method="POST", headers={"content-type": wire.JSON}, body=body)

    def read(self, response: Response) -> Reply:
        try:
            document = json.loads(response.body)
            command, text = document["command"], document["payload"]["request"]
        except (ValueError, RecursionError, LookupError, TypeError):
            command, text = "", None
        if response.status != 200 or command not in ("continue", "terminate") or not isinstance(text, str):
            raise UnreadableReply(f"{self.name}: status {response.status}, a body that shows no screen")
        return Reply(text, command == "terminate")


def _said(phase: Phase, answered: dict[str, str]) -> str:
    """What was typed; at the start the dialled digits are not told, and at the end it is not told why."""
    if phase is Phase.CLOSED:
        return Closing.UNKNOWN
    said = wire.present(answered, "response")
    return said if phase is Phase.INPUT else ""


def _number(answered: dict[str, str]) -> int:
    text = wire.filled(answered, "request_id")
    if len(text) > len(str(LAST_NUMBER)) or not (text.isascii() and text.isdecimal()):
        raise NotACallback("field request_id is no number of a screen")
    return int(text)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# SMS

ONLY: Final = 1
TAKEN: Final = 100
MENDED_FIRST: Final = {102: "insufficient balance", 105: "account not found", 107: "no authorisation", 108: "bad token"}
AGAIN: Final = {103: "network timeout", 106: "no route"}
REPORTS: Final = {
    "pending": Progress.SENT,
    "retry": Progress.SENT,
    "delivered": Progress.DELIVERED,
    "failed": Progress.FAILED,
}


class SmsOptions(sms.Options, frozen=True, kw_only=True):
    """`url` for sending, `reports_url` for asking."""

    url: str = "https://apisms.beem.africa"
    reports_url: str = "https://dlrapi.beem.africa"
    sender: Annotated[str, msgspec.Meta(min_length=1, max_length=11)]
    api_key: Secret
    secret_key: Secret
    per_call: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1


class BeemSms:
    """SMS through Beem."""

    replies_in_band = False

    def __init__(self, settings: sms.SmsSettings) -> None:
        self.name = settings.name
        self._options = sms.configure(settings, SmsOptions)
        self.limits = self._options.limits
        self._msisdn = settings.msisdn
        self._client = Client(settings, self._options)
        self._basic = sms.basic(self._options.api_key.reveal(), self._options.secret_key)

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        text = sms.one_text(batch)
        ids = range(ONLY, 2) if len(batch) == 1 else range(ONLY + 1, len(batch) + 2)
        document = {
            "source_addr": self.limits.sender,
            "encoding": 8 if culprit(text) else 0,
            "schedule_time": "",
            "message": text,
            "recipients": [{"recipient_id": id, "dest_addr": one.msisdn} for id, one in zip(ids, batch, strict=True)],
        }
        body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {**self._basic, "content-type": wire.JSON}
        answer = await self._client.ask("POST", f"{self._options.url}/v1/send", headers=headers, body=body)
        return self._said(batch, ids, answer)

    def _said(self, batch: Sequence[Outgoing], ids: range, answer: Answer) -> list[Sent]:
        said = answer.object()
        code = given if isinstance(given := said.get("code"), int) else None
        request = sms.identity(said.get("request_id"))
        if code in MENDED_FIRST:
            self._client.stopped(f"{code}, {MENDED_FIRST[code]}")
        if code in AGAIN:
            return [Sent(id=one.id, progress=Progress.FAILED, reason=str(code), again=True) for one in batch]
        if code == TAKEN and answer.taken:
            if len(batch) == 1 and said.get("valid") == 0:
                return sms.refused(batch, "invalid")
            return [
                Sent(id=one.id, progress=Progress.ACCEPTED, provider_id=_known_as(request, id))
                for id, one in zip(ids, batch, strict=True)
            ]
        if answer.taken and code is None:
            self._client.unreadable()
        return sms.refused(batch, sms.word(code) or str(answer.status))

    def incoming(self, request: Request) -> Incoming:
        fields = wire.chosen(request, "from", "to", "message", "timestamp")
        return Incoming(
            channel=self.name,
            id="",
            msisdn=self._msisdn(wire.filled(fields, "from")) or "",
            to=fields.get("to", ""),
            text=wire.present(fields, "message"),
            at_ms=sms.moment(fields.get("timestamp", "")),
        )

    def answer(self, incoming: Incoming | None, reply: str | None) -> Response:
        return ACKNOWLEDGED

    def reports(self, request: Request) -> list[Report]:
        fields = wire.chosen(request, "request_id", "recipient_id", "status")
        id = _known_as(sms.identified(fields, "request_id"), fields.get("recipient_id") or ONLY)
        return [self._report(id, wire.filled(fields, "status"))]

    async def pull(self, pending: Sequence[tuple[str, str]]) -> list[Report]:
        found: list[Report] = []
        for id, msisdn in pending:
            try:
                status = await self._asked(id.partition(".")[0], msisdn)
            except RouteFault:
                if not found:
                    raise
                break
            if status:
                found.append(self._report(id, status))
        return found

    async def _asked(self, request: str, msisdn: str) -> str:
        query = urlencode({"dest_addr": msisdn, "request_id": request})
        url = f"{self._options.reports_url}/public/v1/delivery-reports?{query}"
        answer = await self._client.ask("GET", url, headers=self._basic)
        status = answer.object().get("status")
        return status if answer.taken and isinstance(status, str) else ""

    def _report(self, id: str, status: str) -> Report:
        return sms.report(self.name, id, status, REPORTS.get(status.lower()))

    async def close(self) -> None:
        await self._client.close()


def _known_as(request: str, recipient: int | str) -> str:
    return f"{request}.{recipient}" if request else ""
