"""What gateways bring, however it came: an SMS is answered and a report applied, and both are counted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec

from ussd_engine.background import Told
from ussd_engine.channels.base import Kind, delivered
from ussd_engine.channels.sms import BoundGateway, Gateway
from ussd_engine.counts import Count
from ussd_engine.errors import NotACallback
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Clock, Ledger
from ussd_engine.ledger.smsinbox import Arrival
from ussd_engine.metrics import Metrics
from ussd_engine.smpp import pdu
from ussd_engine.smpp.bind import Take
from ussd_engine.sms.answering import Answered, Answering
from ussd_engine.sms.copies import Copies
from ussd_engine.sms.joining import Joining
from ussd_engine.sms.message import Incoming, Report

UNKEPT: Final = "unkept"
"""What is counted of what could not be stored while its gateway waited."""


class Taking:
    """Takes what any gateway brings."""

    def __init__(
        self, answering: Answering, ledger: Ledger, keyring: Keyring, clock: Clock, metrics: Metrics, told: Told
    ) -> None:
        self.joining = Joining(ledger, keyring, clock, partial(answering.take, in_band=False), told)
        self._answering = answering
        self._metrics = metrics

    async def incoming(self, gateway: Gateway, incoming: Incoming) -> Answered:
        """An SMS of a citizen, or a part of one."""
        if incoming.piece is not None:
            taken = await self.joining.put(incoming, incoming.piece)
        else:
            taken = await self._answering.take(incoming, in_band=gateway.replies_in_band)
        self._metrics.sms_arrived(gateway.name, str(taken.arrival or UNKEPT))
        if taken.unsaid:
            self._metrics.sms_unsaid(gateway.name, taken.unsaid)
        return taken

    async def fetched(self, gateway: Gateway, incoming: Incoming) -> Answered:
        """An SMS out of a gateway's inbox, where what is known stands again each time."""
        taken = await self._answering.take(incoming, in_band=False)
        if taken.unsaid and taken.arrival is not Arrival.REPEAT:
            self._metrics.sms_unsaid(gateway.name, taken.unsaid)
        return taken

    async def reports(self, gateway: Gateway, reports: Sequence[Report]) -> bool:
        """What became of SMS; whether it is kept."""
        joined = await self._answering.reported(reports)
        for outcome in [UNKEPT] * len(reports) if joined is None else joined:
            self._metrics.sms_reported(gateway.name, outcome)
        return joined is not None

    def over_a_bind(self, gateway: Gateway) -> Take:
        """Takes what is delivered to a gateway over its bind, and acknowledges it once it is kept."""
        copies = Copies(time.monotonic)

        async def take(octets: bytes) -> int:
            try:
                kept = await self._delivered(gateway, octets, copies)
            except NotACallback:
                self._metrics.count(Count.NOT_A_CALLBACK, gateway.name)
                return pdu.NEVER
            return pdu.OK if kept else pdu.NOT_NOW

        return take

    async def _delivered(self, gateway: Gateway, octets: bytes, copies: Copies) -> bool:
        assert isinstance(gateway, BoundGateway)
        kind = gateway.kind(octets)
        if kind is Kind.REPORTS:
            return await self.reports(gateway, gateway.reports(delivered(octets, kind)))
        incoming = gateway.incoming(delivered(octets, kind))
        if incoming.id or incoming.piece is not None:
            return (await self.incoming(gateway, incoming)).kept
        known = msgspec.structs.replace(incoming, id=copies.id(incoming, gateway.bind.line))
        kept = (await self.incoming(gateway, known)).kept
        copies.answered(incoming, gateway.bind.line, kept=kept)
        return kept
