"""Africa's Talking.

USSD callback, `POST /ussd/africastalking`, `application/x-www-form-urlencoded`:

    sessionId    ATUid_ and 32 hex digits, one a dialogue
    phoneNumber  +2557…; empty where the network withholds it
    networkCode  the operator's number, 64004; optional
    serviceCode  *384*10025#
    text         empty on the first leg, afterwards all inputs joined with *

answered with `text/plain`: `CON ` and a screen that waits for an answer, or `END ` and the last one. Anything else
ends the dialogue with an error on the phone.

    POST text=9*2*Barabara+mbovu&sessionId=ATUid_…&serviceCode=%2A384%2A10025%23&phoneNumber=%2B255700000001
    CON Chagua:

Digits dialled behind the code arrive as `text` of the first leg, so a text in an unknown dialogue may be a start: the
gateway decides. The leg is the hash of the whole text; later legs may leave the dialled digits out.

End-of-session notice, `POST /ussd/africastalking/events`, form: `sessionId`, `serviceCode`, `phoneNumber`, `status`
(Success, Incomplete, Failed) and more. `input` and `lastAppResponse` hold the citizen's words: they are never read.

Incoming SMS, `POST /sms/africastalking`, form: `date` (UTC), `from` (+2557…), `to`, `text`, `id`, and more. It comes
again for some minutes where it is not answered 200.

Delivery reports, `POST /sms/africastalking/reports`, form: `id` as the answer to the sending gave it, `status` (table
`REPORTS`), `failureReason` where it failed. They may overtake each other.

SMS out, `POST /version1/messaging`, form: `username`, `to` (+2557…,+2557…), `message`, `from`, `bulkSMSMode`; header
`apiKey`. The official SDK writes this request and our client sends it: the SDK's own sending blocks, follows redirects
with the key in hand, and tells neither a status nor a Retry-After. Answered with 201 and JSON, whatever the content
type says:

    {"SMSMessageData": {"Message": "Sent to 1/1 …", "Recipients": [
        {"statusCode": 101, "number": "+255700000001", "status": "Success", "messageId": "ATXid_…"}]}}

201 too is `"Message": "InvalidSenderId"` without recipients. Each recipient has a code of its own (tables below).

Nothing is signed; the token in the address is all that tells the provider from others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec

from ussd_engine.channels import sms, wire
from ussd_engine.channels.base import (
    ACKNOWLEDGED,
    Closing,
    Dial,
    Kind,
    NoOptions,
    Request,
    Response,
    Settings,
    UnreadableReply,
    configure,
)
from ussd_engine.channels.client import Answer, Client
from ussd_engine.channels.codes import NotACode
from ussd_engine.errors import NotACallback
from ussd_engine.model import LegKind, Phase, Profile, Quiet, Reply, Turn
from ussd_engine.secret import Secret
from ussd_engine.sms.message import Incoming, Outgoing, Progress, Report, Sent

PROFILE = Profile(hold_s=0.0)
CONTINUE, LAST = "CON ", "END "
SANDBOX_NETWORK = "99999"

STATUS = {"Success": Closing.COMPLETED, "Incomplete": Closing.INCOMPLETE, "Failed": Closing.NETWORK_ERROR}


class AfricasTalking:
    """USSD through Africa's Talking."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        self.profile, _ = configure(settings, PROFILE, NoOptions)
        self._settings = settings

    def parse(self, request: Request) -> Turn:
        fields = wire.form(request)
        text = wire.present(fields, "text")
        code, dialled = self._code(fields)
        return Turn(
            channel=self.name,
            dialogue=wire.filled(fields, "sessionId"),
            phase=Phase.INPUT if text else Phase.START,
            text=text or dialled,
            service_code=code,
            msisdn=self._settings.msisdn(wire.present(fields, "phoneNumber")),
            leg_kind=LegKind.CUMULATIVE,
            operator=self._settings.networks.get(fields.get("networkCode", "")),
        )

    def parse_event(self, request: Request) -> Turn:
        fields = wire.form(request)
        return Turn(
            channel=self.name,
            dialogue=wire.filled(fields, "sessionId"),
            phase=Phase.CLOSED,
            text=STATUS.get(wire.filled(fields, "status"), Closing.UNKNOWN),
            service_code=self._code(fields)[0],
            msisdn=self._settings.msisdn(wire.present(fields, "phoneNumber")),
            leg_kind=LegKind.CUMULATIVE,
        )

    def _code(self, fields: dict[str, str]) -> tuple[str, str]:
        try:
            return self._settings.codes.split(wire.filled(fields, "serviceCode"))
        except NotACode as error:
            raise NotACallback(f"field serviceCode: {error}") from None

    def reply(self, reply: Reply, turn: Turn | None) -> Response:
        if turn is not None and turn.phase is Phase.CLOSED:
            return ACKNOWLEDGED
        return Response(body=((LAST if reply.ends else CONTINUE) + reply.text).encode())

    def build(self, dial: Dial) -> Request:
        code, dialled = self._settings.codes.split(dial.dialled)
        text = "*".join((dialled, *dial.inputs) if dialled else dial.inputs)
        return _post(Kind.USSD, {**_caller(dial, code), "text": text})

    def build_close(self, dial: Dial) -> Request:
        code, _ = self._settings.codes.split(dial.dialled)
        closing = {"date": "2026-01-15 09:31:02", "status": "Incomplete", "cost": "0.0", "durationInMillis": "41210"}
        words = {"hopsCount": str(len(dial.inputs)), "input": "*".join(dial.inputs), "errorMessage": ""}
        return _post(Kind.EVENTS, {**_caller(dial, code), **closing, **words})

    def read(self, response: Response) -> Reply:
        text = response.body.decode(errors="replace")
        if response.status != 200 or not text.startswith((CONTINUE, LAST)):
            raise UnreadableReply(f"{self.name}: status {response.status}, a body without CON or END")
        return Reply(text[len(CONTINUE) :], text.startswith(LAST))


def _caller(dial: Dial, code: str) -> dict[str, str]:
    return {
        "sessionId": dial.dialogue,
        "phoneNumber": f"+{dial.msisdn}" if dial.msisdn else "",
        "networkCode": dial.operator or SANDBOX_NETWORK,
        "serviceCode": code,
    }


def _post(kind: Kind, fields: dict[str, str]) -> Request:
    headers = {"content-type": f"{wire.FORM}; charset=UTF-8"}
    return Request(method="POST", kind=kind, headers=headers, body=urlencode(fields).encode())


# SMS

ACCEPTED: Final = frozenset({100, 101, 102})
AGAIN: Final = frozenset({407, 500, 501})
"""Could not be routed; a fault of theirs, of the operator's."""
MENDED_FIRST: Final = {402: "InvalidSenderId", 405: "InsufficientBalance"}
"""Said of our account, also where it is said of one number."""
SANDBOX: Final = "sandbox"
"""The name of everybody's account there."""
REPORTS: Final = {
    "Sent": Progress.SENT,
    "Submitted": Progress.SENT,
    "Buffered": Progress.SENT,
    "Success": Progress.DELIVERED,
    "Rejected": Progress.REJECTED,
    "Failed": Progress.FAILED,
    "AbsentSubscriber": Progress.FAILED,
    "Expired": Progress.EXPIRED,
}


class SmsOptions(sms.Options, frozen=True, kw_only=True):
    """`url` replaces `https://api.africastalking.com/version1`, or that of the sandbox."""

    username: str
    """`sandbox` for the sandbox."""
    api_key: Secret
    per_call: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class Call(Quiet, frozen=True, kw_only=True):
    """A request as the SDK writes it."""

    method: str
    url: str
    headers: Mapping[str, str]
    fields: Mapping[str, object]


class AfricasTalkingSms:
    """SMS through Africa's Talking."""

    replies_in_band = False

    def __init__(self, settings: sms.SmsSettings) -> None:
        self.name = settings.name
        options = sms.configure(settings, SmsOptions)
        self.limits = options.limits
        self.sandbox = options.username == SANDBOX
        self._msisdn = settings.msisdn
        self._client = Client(settings, options)
        self._sdk = _sdk(options)

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        text, numbers = sms.one_text(batch), [f"+{one.msisdn}" for one in batch]
        try:
            call: Call = self._sdk.send(text, numbers, self.limits.sender or None)
        except ValueError:  # it names the number
            return sms.refused(batch, "InvalidPhoneNumber")
        headers = {**call.headers, "content-type": wire.FORM}
        answer = await self._client.ask(call.method, call.url, headers=headers, body=urlencode(call.fields).encode())
        return self._said(batch, answer) if answer.taken else sms.refused(batch, str(answer.status))

    def _said(self, batch: Sequence[Outgoing], answer: Answer) -> list[Sent]:
        data = answer.object().get("SMSMessageData")
        rows = data.get("Recipients") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(rows, list):
            self._client.unreadable()
        if not rows:
            message = sms.word(data.get("Message"))
            if message in MENDED_FIRST.values():
                self._client.stopped(message)
            return [Sent(id=one.id, progress=Progress.FAILED, reason=message, again=True) for one in batch]
        found = sms.by_number(rows, "number")
        said = [_sent(one, found.get(one.msisdn, [])) for one in batch]
        return self._client.unless_stopped(said, MENDED_FIRST.values())

    def incoming(self, request: Request) -> Incoming:
        fields = wire.form(request)
        return Incoming(
            channel=self.name,
            id=sms.identified(fields, "id"),
            msisdn=self._msisdn(wire.present(fields, "from")) or "",
            to=fields.get("to", ""),
            text=wire.present(fields, "text"),
            at_ms=sms.moment(fields.get("date", "")),
        )

    def answer(self, incoming: Incoming | None, reply: str | None) -> Response:
        return ACKNOWLEDGED

    def reports(self, request: Request) -> list[Report]:
        fields = wire.form(request)
        id, status = sms.identified(fields, "id"), wire.filled(fields, "status")
        return [sms.report(self.name, id, status, REPORTS.get(status), fields.get("failureReason"))]

    async def close(self) -> None:
        await self._client.close()


def _sdk(options: SmsOptions) -> Any:
    """The SDK's service for SMS, which gives back its request instead of sending it."""
    from africastalking.SMS import SMSService  # it takes longer to import than all of ours, and USSD needs none of it

    service = SMSService(options.username, options.api_key.reveal())
    service._make_request = _kept
    if options.url:
        service._baseUrl = options.url
    return service


def _kept(url: str, method: str, headers: Mapping[str, str], data: Mapping[str, object], **_: object) -> Call:
    return Call(method=method, url=url, headers=headers, fields=data)


def _sent(one: Outgoing, rows: list[Mapping[str, object]]) -> Sent:
    """What is said of one number; a row serves once, for a number may stand twice in a batch."""
    row = rows.pop(0) if rows else {}
    code = int(text) if len(text := str(row.get("statusCode", ""))) == 3 and text.isdecimal() else 0
    if code in ACCEPTED:
        return Sent(id=one.id, progress=Progress.ACCEPTED, provider_id=sms.identity(row.get("messageId")))
    again = not row or code in AGAIN or code in MENDED_FIRST
    final = Progress.FAILED if again else Progress.REJECTED
    return Sent(id=one.id, progress=final, reason=MENDED_FIRST.get(code) or sms.word(row.get("status")), again=again)
