"""Africa's Talking: SMS.

Incoming SMS, `POST /sms/africastalking`, form: `date` (UTC), `from` (+2557…), `to`, `text`, `id`, `linkId` where the
number answers on demand, and more. It comes again for some minutes where it is not answered 200.

What never came is read from the inbox, `GET /version1/messaging?username=…&lastReceivedId=…`, the same fields in JSON:

    {"SMSMessageData": {"Messages": [{"id": 15071, "from": "+255700000001", "to": "15200", "text": "…", "date": "…"}]}}

That its ids are those of the callbacks is said nowhere.

Who wants no more SMS from a sender, `POST /sms/africastalking/stops`, form: `senderId`, `phoneNumber`.

Delivery reports, `POST /sms/africastalking/reports`, form: `id` as the answer to the sending gave it, `status` (table
`REPORTS`), `failureReason` where it failed: one of `IN_VAIN` is final. They may overtake each other.

SMS out, `POST /version1/messaging`, form: `username`, `to` (+2557…,+2557…), `message`, `from`, `bulkSMSMode`; header
`apiKey`. The official SDK writes this request and our client sends it: the SDK's own sending blocks, follows redirects
with the key in hand, and tells neither a status nor a Retry-After. Answered with 201 and JSON, whatever the content
type says:

    {"SMSMessageData": {"Message": "Sent to 1/1 …", "Recipients": [
        {"statusCode": 101, "number": "+255700000001", "status": "Success", "messageId": "ATXid_…"}]}}

201 too is `"Message": "InvalidSenderId"` without recipients. Each recipient has a code of its own (tables below).

A reply on demand is the same form to `content.africastalking.com`, with `bulkSMSMode` 0, `linkId` as it came, and the
number that she wrote to as `from`.

Nothing is signed; the token in the address is all that tells the provider from others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec

from ussd_engine.channels import sms, wire
from ussd_engine.channels.base import ACKNOWLEDGED, Request, Response
from ussd_engine.channels.client import Answer, Client
from ussd_engine.errors import Why
from ussd_engine.model import Quiet
from ussd_engine.secret import Secret
from ussd_engine.sms.message import Incoming, Outgoing, Progress, Report, RouteFault, Sent, Way

ACCEPTED: Final = frozenset({100, 101, 102})
AGAIN: Final = frozenset({407, 500, 501})
"""Could not be routed; a fault of theirs, of the operator's."""
MENDED_FIRST: Final = {402: "InvalidSenderId", 405: "InsufficientBalance"}
"""Said of our account, also where it is said of one number."""
ON_DEMAND: Final = "on-demand"
"""What begins a link of ours: then the number that she wrote to, and the id that came."""
_LINK: Final = re.compile(ON_DEMAND + r" ([0-9]{2,9}) ([A-Za-z0-9_.-]{1,128})")
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
IN_VAIN: Final = frozenset(
    {
        "UserInBlackList",
        "UserInBlacklist",
        "UserDoesNotExist",
        "UserAccountSuspended",
        "NotNetworkSubcriber",
        "NotNetworkSubscriber",
    }
)
"""Why an SMS failed that would fail again, whenever and by whatever route; two are spelled in two ways."""


class SmsOptions(sms.Options, frozen=True, kw_only=True):
    """`url` replaces `https://api.africastalking.com/version1`, or that of the sandbox, for all that is asked;
    `content_url` that for replies on demand alone."""

    username: str
    """`sandbox` for the sandbox."""
    api_key: Secret
    per_call: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    content_url: str = ""
    on_demand: bool = True
    """What came with a `linkId` is replied to with it."""
    inbox: bool = False
    """The inbox is read."""


class Call(Quiet, frozen=True, kw_only=True):
    """A request as the SDK writes it."""

    method: str
    url: str
    headers: Mapping[str, str]
    fields: Mapping[str, object]
    """Of the form, or of the query of a GET."""


class AfricasTalkingSms:
    """SMS through Africa's Talking."""

    replies_in_band = False

    def __init__(self, settings: sms.SmsSettings) -> None:
        self.name = settings.name
        options = sms.configure(settings, SmsOptions)
        self.limits = options.limits
        self.sandbox = options.username == SANDBOX
        self.reads_inbox = options.inbox
        self._on_demand = options.on_demand
        self._msisdn = settings.msisdn
        self._client = Client(settings, options)
        self._sdk = _sdk(options)

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        text, numbers = sms.one_text(batch), [f"+{one.msisdn}" for one in batch]
        link = _read_link(batch[0].link) if self._on_demand and len(batch) == 1 else None
        try:
            call: Call = (
                self._sdk.send_premium(text, link[0], numbers, link_id=link[1])
                if link
                else self._sdk.send(text, numbers, self.limits.sender or None)
            )
        except ValueError:  # it names the number
            return sms.refused(batch, "InvalidPhoneNumber")
        return await (self._on_demand_sent if link else self._posted)(batch, call)

    async def _on_demand_sent(self, batch: Sequence[Outgoing], call: Call) -> list[Sent]:
        """What is refused, in whatever way, may be taken as an ordinary SMS: the link may be used up, or the number may
        answer nobody on demand. So nothing that is said of it stops the route."""
        try:
            said = await self._posted(batch, call)
        except RouteFault as fault:
            if fault.perhaps_taken or fault.after_s is not None:
                raise
            return [Sent(id=one.id, progress=Progress.FAILED, reason=ON_DEMAND, again=True) for one in batch]
        return list(map(_again, said))

    async def _posted(self, batch: Sequence[Outgoing], call: Call) -> list[Sent]:
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
            link=_link(fields),
            came=Way.CALLED if self.reads_inbox else None,
        )

    async def fetch(self, after: str) -> list[sms.Fetched]:
        call: Call = self._sdk.fetch_messages(after or "0")
        answer = await self._client.ask(call.method, f"{call.url}?{urlencode(call.fields)}", headers=call.headers)
        data = answer.object().get("SMSMessageData") if answer.taken else None
        rows = data.get("Messages") if isinstance(data, dict) else None
        if not isinstance(rows, list):
            raise RouteFault(f"{self.name} gave an inbox that cannot be read", why=Why.PROVIDER_UNREADABLE)
        named = [(sms.identity(row.get("id")), row) for row in rows if isinstance(row, dict)]
        there = [(id, row) for id, row in named if id]
        if all(id.isascii() and id.isdecimal() for id, _ in there):
            there.sort(key=lambda one: int(one[0]))
        return [sms.Fetched(id, self._fetched(id, row)) for id, row in there]

    def _fetched(self, id: str, row: Mapping[str, object]) -> Incoming | None:
        fields = {name: value for name, value in row.items() if isinstance(value, str)}
        if "from" not in fields or "text" not in fields:
            return None
        return Incoming(
            channel=self.name,
            id=id,
            msisdn=self._msisdn(fields["from"]) or "",
            to=fields.get("to", ""),
            text=fields["text"],
            at_ms=sms.moment(fields.get("date", "")),
            link=_link(fields),
            came=Way.FETCHED,
        )

    def stopped(self, request: Request) -> str:
        fields = wire.form(request)
        wire.present(fields, "senderId")
        return self._msisdn(wire.filled(fields, "phoneNumber")) or ""

    def answer(self, incoming: Incoming | None, reply: str | None) -> Response:
        return ACKNOWLEDGED

    def reports(self, request: Request) -> list[Report]:
        fields = wire.form(request)
        id, status = sms.identified(fields, "id"), wire.filled(fields, "status")
        progress, reason = REPORTS.get(status), fields.get("failureReason")
        if progress is Progress.FAILED and reason in IN_VAIN:
            progress = Progress.REJECTED
        return [sms.report(self.name, id, status, progress, reason)]

    async def close(self) -> None:
        await self._client.close()


def _sdk(options: SmsOptions) -> Any:
    """The SDK's service for SMS, which gives back its request instead of sending it."""
    from africastalking.SMS import SMSService  # it takes longer to import than all of ours, and USSD needs none of it

    service = SMSService(options.username, options.api_key.reveal())
    service._make_request = _kept
    if options.url:
        service._baseUrl = service._contentUrl = options.url
    if options.content_url:
        service._contentUrl = options.content_url
    return service


def _kept(
    url: str,
    method: str,
    headers: Mapping[str, str],
    data: Mapping[str, object] | None,
    params: Mapping[str, object] | None,
    **_: object,
) -> Call:
    return Call(method=method, url=url, headers=headers, fields=data or params or {})


def _link(fields: Mapping[str, str]) -> str:
    """What must come back with a reply on demand; empty where nothing asks for one."""
    link = f"{ON_DEMAND} {fields.get('to', '')} {fields.get('linkId', '')}"
    return link if _LINK.fullmatch(link) else ""


def _read_link(link: str) -> tuple[str, str] | None:
    """The number that she wrote to, and the id that came; `None` where it is no link of ours."""
    found = _LINK.fullmatch(link)
    return (found[1], found[2]) if found else None


def _again(sent: Sent) -> Sent:
    refused = sent.progress is Progress.REJECTED and not sent.again
    return msgspec.structs.replace(sent, progress=Progress.FAILED, again=True) if refused else sent


def _sent(one: Outgoing, rows: list[Mapping[str, object]]) -> Sent:
    """What is said of one number; a row serves once, for a number may stand twice in a batch."""
    row = rows.pop(0) if rows else {}
    code = int(text) if len(text := str(row.get("statusCode", ""))) == 3 and text.isdecimal() else 0
    if code in ACCEPTED:
        return Sent(id=one.id, progress=Progress.ACCEPTED, provider_id=sms.identity(row.get("messageId")))
    again = not row or code in AGAIN or code in MENDED_FIRST
    final = Progress.FAILED if again else Progress.REJECTED
    reason = (MENDED_FIRST.get(code) or sms.word(row.get("status"))) if row else sms.UNNAMED
    return Sent(id=one.id, progress=final, reason=reason, again=again)
