"""Collected forms as a process takes them: the collectors of its settings, and who takes what they bring."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator

from ussd_engine.config import Config, open_collectors
from ussd_engine.feedback import FeedbackStore
from ussd_engine.feedback.base import CAPABILITIES
from ussd_engine.forms.collecting import Collecting, Surroundings
from ussd_engine.gateway import Gateway
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Clock, Ledger
from ussd_engine.sms.answering import Answering


@contextlib.asynccontextmanager
async def open_collecting(
    config: Config,
    gateway: Gateway,
    ledger: Ledger,
    keyring: Keyring,
    clock: Clock,
    store: FeedbackStore,
    answering: Answering,
) -> AsyncIterator[Collecting]:
    """Who takes forms; closed when what is under way is kept. Raises `ConfigError`."""
    around = Surroundings(
        editions=gateway.editions,
        ledger=ledger,
        keyring=keyring,
        clock=clock,
        random=os.urandom,
        doors=gateway.doors,
        view=gateway.view,
        wording=answering.wording,
        wants=store.wants | config.core_wants,
        core_lacks=CAPABILITIES - store.capabilities,
    )
    collecting = Collecting(around, open_collectors(config, gateway.editions.current.country.msisdn))
    try:
        yield collecting
    finally:
        await collecting.attempts.drain()
