"""The simulator's own SMS, in a form of ours, small and plain.

SMS out, `POST` to `url`, JSON:

    {"from":"15200","text":"…","to":[{"id":"00…0f","msisdn":"255700000001"}]}

answered with 2xx, and perhaps what is to be said of some of them; the others are accepted:

    {"to":[{"id":"00…0f","progress":"rejected","reason":"blocked","again":false}]}

Reports, `POST /sms/loopback/reports`, JSON: `{"id":"00…0f","status":"delivered","reason":""}`, where `status` is one of
`accepted`, `sent`, `delivered`, `failed`, `expired`, `rejected`.

Incoming SMS, `POST /sms/loopback`, JSON: `{"id":"m1","from":"255700000001","to":"15200","text":"HALI"}`, perhaps
without `id`, which is how a provider without ids is played.

Without `url` everything is delivered at once, and kept nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec

from ussd_engine.channels import sms, wire
from ussd_engine.channels.base import ACKNOWLEDGED, Request, Response
from ussd_engine.channels.client import Client
from ussd_engine.sms.message import Incoming, Outgoing, Progress, Report, Sent

SAID: Final = {one.value: one for one in (Progress.ACCEPTED, Progress.SENT, Progress.REJECTED, Progress.FAILED)}
REPORTS: Final = {
    **SAID,
    **{one.value: one for one in (Progress.DELIVERED, Progress.EXPIRED)},
}


class SmsOptions(sms.Options, frozen=True, kw_only=True):
    """`url`: the whole address to which SMS are sent."""

    sender: str = "15200"
    per_second: Annotated[float, msgspec.Meta(gt=0, le=10_000)] = 100.0
    per_call: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1


class LoopbackSms:
    """SMS to the simulator, or to nobody."""

    replies_in_band = False
    sandbox = True

    def __init__(self, settings: sms.SmsSettings) -> None:
        self.name = settings.name
        options = sms.configure(settings, SmsOptions)
        self.limits = options.limits
        self._url = options.url
        self._msisdn = settings.msisdn
        self._client = Client(settings, options)

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        text = sms.one_text(batch)
        if not self._url:
            return [_accepted(one) for one in batch]
        to = [{"id": one.id.hex(), "msisdn": one.msisdn} for one in batch]
        body = json.dumps({"from": self.limits.sender, "text": text, "to": to}, ensure_ascii=False).encode()
        answer = await self._client.ask("POST", self._url, headers={"content-type": wire.JSON}, body=body)
        if not answer.taken:
            return sms.refused(batch, str(answer.status))
        rows = answer.object().get("to")
        said = {str(row.get("id")): row for row in rows if isinstance(row, dict)} if isinstance(rows, list) else {}
        return [_sent(one, said.get(one.id.hex(), {})) for one in batch]

    async def pull(self, pending: Sequence[tuple[str, str]]) -> list[Report]:
        delivered = Progress.DELIVERED
        return [
            Report(channel=self.name, provider_id=id, status=delivered.value, progress=delivered)
            for id, _ in pending
            if not self._url
        ]

    def incoming(self, request: Request) -> Incoming:
        fields = wire.chosen(request, "id", "from", "to", "text")
        return Incoming(
            channel=self.name,
            id=sms.identity(fields.get("id")),
            msisdn=self._msisdn(wire.filled(fields, "from")) or "",
            to=fields.get("to", ""),
            text=wire.present(fields, "text"),
        )

    def answer(self, incoming: Incoming | None, reply: str | None) -> Response:
        return ACKNOWLEDGED

    def reports(self, request: Request) -> list[Report]:
        fields = wire.chosen(request, "id", "status", "reason")
        id, status = sms.identified(fields, "id"), wire.filled(fields, "status")
        return [sms.report(self.name, id, status, REPORTS.get(status), fields.get("reason"))]

    async def close(self) -> None:
        await self._client.close()


def _accepted(one: Outgoing) -> Sent:
    return Sent(id=one.id, progress=Progress.ACCEPTED, provider_id=one.id.hex())


def _sent(one: Outgoing, row: Mapping[str, object]) -> Sent:
    progress = SAID.get(str(row.get("progress")), Progress.ACCEPTED)
    if progress in (Progress.ACCEPTED, Progress.SENT):
        return msgspec.structs.replace(_accepted(one), progress=progress)
    return Sent(id=one.id, progress=progress, reason=sms.word(row.get("reason")), again=row.get("again") is True)
