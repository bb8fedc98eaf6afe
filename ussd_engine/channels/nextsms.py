"""NextSMS: SMS out.

`POST https://messaging-service.co.tz/api/sms/v1/text/single`, HTTP Basic, JSON:

    {"from":"MREJESHO","to":"255700000001","text":"…","reference":"0d5f…"}

`to` is a list where there are several numbers. With `test` it is `…/v1/test/text/single`, which takes the same and
sends nothing. Answered with

    {"messages":[{"to":"255700000001","status":{"groupId":105,"groupName":"PENDING","id":7,"name":"PENDING_ENROUTE",
     "description":"…"},"messageId":8250000001,"smsCount":1}]}

The ids differ between deployments, so the name of the group decides: `PENDING` is the yes. No reports and no incoming
SMS are known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec

from ussd_engine.channels import sms, wire
from ussd_engine.channels.base import ACKNOWLEDGED, Request, Response
from ussd_engine.channels.client import Answer, Client
from ussd_engine.secret import Secret
from ussd_engine.sms.message import Incoming, Outgoing, Progress, Report, Sent

GROUPS: Final = {
    "PENDING": Progress.SENT,
    "ACCEPTED": Progress.SENT,
    "DELIVERED": Progress.SENT,
    "UNDELIVERABLE": Progress.FAILED,
    "EXPIRED": Progress.FAILED,
    "REJECTED": Progress.REJECTED,
}
MENDED_FIRST: Final = frozenset({"REJECTED_NOT_ENOUGH_CREDITS", "REJECTED_SENDER"})


class SmsOptions(sms.Options, frozen=True, kw_only=True):
    """`test`: everything is accepted, and nothing is sent."""

    url: str = "https://messaging-service.co.tz"
    sender: Annotated[str, msgspec.Meta(min_length=1)]
    username: str
    password: Secret
    per_call: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 50
    test: bool = False


class NextSms:
    """SMS through NextSMS."""

    replies_in_band = False

    def __init__(self, settings: sms.SmsSettings) -> None:
        self.name = settings.name
        options = sms.configure(settings, SmsOptions)
        self.limits = options.limits
        self.sandbox = options.test
        self._url = f"{options.url}/api/sms/v1/{'test/' if options.test else ''}text/single"
        self._headers = {**sms.basic(options.username, options.password), "content-type": wire.JSON}
        self._client = Client(settings, options)

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        numbers = [one.msisdn for one in batch]
        document = {
            "from": self.limits.sender,
            "to": numbers[0] if len(numbers) == 1 else numbers,
            "text": sms.one_text(batch),
            "reference": batch[0].id.hex(),
        }
        body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        answer = await self._client.ask("POST", self._url, headers=self._headers, body=body)
        return self._said(batch, answer) if answer.taken else sms.refused(batch, str(answer.status))

    def _said(self, batch: Sequence[Outgoing], answer: Answer) -> list[Sent]:
        rows = answer.object().get("messages")
        if not isinstance(rows, list):
            self._client.unreadable()
        found = sms.by_number(rows, "to")
        said = [_sent(one, found.get(one.msisdn, [])) for one in batch]
        return self._client.unless_stopped(said, MENDED_FIRST)

    def incoming(self, request: Request) -> Incoming:
        sms.no_callback()

    def answer(self, incoming: Incoming | None, reply: str | None) -> Response:
        return ACKNOWLEDGED

    def reports(self, request: Request) -> list[Report]:
        sms.no_callback()

    async def close(self) -> None:
        await self._client.close()


def _sent(one: Outgoing, rows: list[Mapping[str, object]]) -> Sent:
    """What is said of one number; a row serves once, for a number may stand twice in a batch."""
    status = rows.pop(0).get("status") if rows else None
    if not isinstance(status, dict):
        return Sent(id=one.id, progress=Progress.FAILED, reason=sms.UNNAMED, again=True)
    progress = GROUPS.get(str(status.get("groupName")), Progress.FAILED)
    if progress is Progress.SENT:
        return Sent(id=one.id, progress=progress)
    reason = sms.word(status.get("name"))
    again = progress is Progress.FAILED or reason in MENDED_FIRST
    return Sent(id=one.id, progress=Progress.FAILED if again else progress, reason=reason, again=again)
