"""A gateway as a package outside would write it, small and whole."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ussd_engine.channels import sms, wire
from ussd_engine.channels.base import ACKNOWLEDGED, Request, Response
from ussd_engine.channels.client import Client
from ussd_engine.secret import Secret
from ussd_engine.sms.message import Incoming, Outgoing, Progress, Report, Sent


class TinyOptions(sms.Options, frozen=True, kw_only=True):
    url: str
    api_key: Secret


class Tiny:
    replies_in_band = False

    def __init__(self, settings: sms.SmsSettings) -> None:
        self.name = settings.name
        self._options = sms.configure(settings, TinyOptions)
        self.limits = self._options.limits
        self._msisdn = settings.msisdn
        self._client = Client(settings, self._options)

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        [one] = batch
        headers = {"content-type": wire.JSON, "x-key": self._options.api_key.reveal()}
        body = json.dumps({"to": one.msisdn, "text": one.text}).encode()
        answer = await self._client.ask("POST", self._options.url, headers=headers, body=body)
        if not answer.taken:
            return sms.refused(batch, str(answer.status))
        return sms.all_as(batch, Progress.ACCEPTED, sms.identity(answer.object().get("id")))

    def incoming(self, request: Request) -> Incoming:
        fields = wire.chosen(request, "number", "text")
        number, text = wire.filled(fields, "number"), wire.present(fields, "text")
        return Incoming(channel=self.name, id="", msisdn=self._msisdn(number) or "", to="", text=text)

    def answer(self, incoming: Incoming | None, reply: str | None) -> Response:
        return ACKNOWLEDGED

    def reports(self, request: Request) -> list[Report]:
        fields = wire.chosen(request, "id", "status")
        status = wire.filled(fields, "status")
        progress = Progress.DELIVERED if status == "done" else None
        id = sms.identified(fields, "id")
        return [sms.report(self.name, id, status, progress)]

    async def close(self) -> None:
        await self._client.close()
