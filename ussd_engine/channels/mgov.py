"""The government's mobile platform (mGov): SMS out in both generations of its interface, SMS in with the reply inside.

Generation 2, `POST …/v2/send-sms`, JSON; headers `sysId`, and `hash`: base64 of HMAC-SHA256 over the body:

    {"recipients":"255700000001","message":"…","datetime":"2026-01-15 09:30:00","mobileServiceId":"999",
     "senderId":"15200","messageId":"0d5f…"}

answered with `{"success": true}`, or `false` with `statusCode` and `statusMessage`, and 200 all the same.

Generation 1, `POST …/quick_sms`, form: `data`, a JSON document of `recipients`, `message`, `datetime`, `sender_id` and
`mobile_service_id`, and `datetime` again; headers `X-Auth-Request-Id`, `X-Auth-Request-Type: api`, and
`X-Auth-Request-Hash`, the same hash over the document. Failure is `"error": true`, on 200 too.

What is hashed is what is sent, octet for octet: each document is written once. Times are those of Dar es Salaam.
Nothing is told of a message later, nor of one number among several, so numbers go one by one unless `per_call` says
otherwise.

Incoming SMS, `POST /sms/mgov`, JSON:

    {"transaction_id":"TX-000045","msisdn":"255700000001","message":"HALI 482915037","sent_time":"2026-01-15 09:41:07"}

answered with `{"transaction_id":"TX-000045","message":"…","reply":1}`: `reply` 1 lets the platform send `message` back.
Nobody has proven that it does; with `in_band` false the reply leaves like any other SMS.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

import msgspec

from ussd_engine.channels import sms, wire
from ussd_engine.channels.base import Request, Response
from ussd_engine.channels.client import Answer, Client
from ussd_engine.secret import Secret
from ussd_engine.sms.message import Incoming, Outgoing, Progress, Report, Sent

HOST: Final = "https://mgov.gov.go.tz/gateway/sms"
ZONE: Final = timezone(timedelta(hours=3))
REFUSES: Final = frozenset({"401", "403"})
"""A `statusCode` that is said of our account."""


class SmsOptions(sms.Options, frozen=True, kw_only=True):
    """All but the last two come from the platform's portal."""

    url: str = HOST
    sender: Annotated[str, msgspec.Meta(min_length=1)]
    account: str
    """Generation 2: the system's id. Generation 1: the user of the interface, an address of e-mail."""
    api_key: Secret
    service_id: str
    """`mobileServiceId`."""
    generation: Literal[1, 2] = 2
    per_call: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    in_band: bool = True


class MgovSms:
    """SMS through the government's platform."""

    def __init__(self, settings: sms.SmsSettings) -> None:
        self.name = settings.name
        self._options = sms.configure(settings, SmsOptions)
        self.limits = self._options.limits
        self.replies_in_band = self._options.in_band
        self._msisdn, self._clock = settings.msisdn, settings.clock
        self._client = Client(settings, self._options)

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        text, to = sms.one_text(batch), ",".join(one.msisdn for one in batch)
        at = f"{datetime.fromtimestamp(self._clock() / 1000, ZONE):%Y-%m-%d %H:%M:%S}"
        write = self._first if self._options.generation == 1 else self._second
        path, headers, body = write(to, text, at, _id(batch))
        answer = await self._client.ask("POST", f"{self._options.url}/{path}", headers=headers, body=body)
        return self._said(batch, answer)

    def _first(self, to: str, text: str, at: str, id: str) -> tuple[str, dict[str, str], bytes]:
        options = self._options
        document = _document(
            {
                "recipients": to,
                "message": text,
                "datetime": at,
                "sender_id": options.sender,
                "mobile_service_id": options.service_id,
            }
        )
        headers = {
            "X-Auth-Request-Id": options.account,
            "X-Auth-Request-Type": "api",
            "X-Auth-Request-Hash": signature(options.api_key, document),
            "content-type": wire.FORM,
        }
        return "quick_sms", headers, urlencode({"data": document, "datetime": at}).encode()

    def _second(self, to: str, text: str, at: str, id: str) -> tuple[str, dict[str, str], bytes]:
        options = self._options
        document = _document(
            {
                "recipients": to,
                "message": text,
                "datetime": at,
                "mobileServiceId": options.service_id,
                "senderId": options.sender,
                "messageId": id,
            }
        )
        headers = {
            "sysId": options.account,
            "hash": signature(options.api_key, document),
            "content-type": wire.JSON,
        }
        return "v2/send-sms", headers, document

    def _said(self, batch: Sequence[Outgoing], answer: Answer) -> list[Sent]:
        said = answer.object()
        code = sms.word(said.get("statusCode"))
        if code in REFUSES:
            self._client.stopped(code)
        if not answer.taken:
            return sms.refused(batch, code or str(answer.status))
        taken = said.get("success") if self._options.generation == 2 else _first_taken(said)
        if not isinstance(taken, bool):
            self._client.unreadable()
        if taken:
            return sms.all_as(batch, Progress.SENT)
        return [Sent(id=one.id, progress=Progress.FAILED, reason=code, again=True) for one in batch]

    def incoming(self, request: Request) -> Incoming:
        fields = wire.chosen(request, "transaction_id", "msisdn", "message", "sent_time")
        return Incoming(
            channel=self.name,
            id=sms.identified(fields, "transaction_id"),
            msisdn=self._msisdn(wire.present(fields, "msisdn")) or "",
            to="",
            text=wire.present(fields, "message"),
            at_ms=sms.moment(fields.get("sent_time", ""), ZONE),
        )

    def answer(self, incoming: Incoming | None, reply: str | None) -> Response:
        said: dict[str, object] = {"success": False}
        if incoming is not None:
            text = reply if reply and self.replies_in_band else ""
            said = {"transaction_id": incoming.id, "message": text, "reply": int(bool(text))}
        return Response(body=_document(said), content_type=wire.JSON)

    def reports(self, request: Request) -> list[Report]:
        sms.no_callback()

    async def close(self) -> None:
        await self._client.close()


def signature(key: Secret, document: bytes) -> str:
    """What proves a document ours, in both generations."""
    return base64.b64encode(hmac.digest(key.reveal().encode(), document, hashlib.sha256)).decode()


def _document(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


def _id(batch: Sequence[Outgoing]) -> str:
    """The platform's key to what it has had already: of one SMS its id, of several what they make together."""
    ids = [one.id for one in batch]
    return ids[0].hex() if len(ids) == 1 else hashlib.blake2b(b"".join(ids), digest_size=16).hexdigest()


def _first_taken(said: Mapping[str, object]) -> bool | None:
    """`error` may be missing where all went well; then a code must be there, or it is no answer of theirs."""
    error = said.get("error")
    if isinstance(error, bool):
        return not error
    return True if error is None and said.get("statusCode") is not None else None
