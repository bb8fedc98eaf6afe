"""Beem.

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
from typing import Annotated, Final
from urllib.parse import urlencode

import msgspec

from ussd_engine.channels import sms, wire
from ussd_engine.channels.base import ACKNOWLEDGED, Request, Response
from ussd_engine.channels.client import Answer, Client
from ussd_engine.gsm import culprit
from ussd_engine.secret import Secret
from ussd_engine.sms.message import Incoming, Outgoing, Progress, Report, RouteFault, Sent

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
