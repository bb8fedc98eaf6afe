"""The work beside the turns of a process that carries: to the core, from it, by SMS, and what is done once a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from ussd_engine.background import Told, Uniform, Work
from ussd_engine.binds import Binds
from ussd_engine.carrier import Notify, works
from ussd_engine.channels.sms import Gateway
from ussd_engine.config import Config
from ussd_engine.delivery import Deliveries
from ussd_engine.editions import Editions
from ussd_engine.feedback import FeedbackStore
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Clock, Ledger, PurgeLog
from ussd_engine.logs import Notice
from ussd_engine.metrics import Metrics
from ussd_engine.news import News
from ussd_engine.sms.answering import Answering
from ussd_engine.upkeep import Upkeep


class Beside(NamedTuple):
    """What the errands need of the engine."""

    config: Config
    editions: Editions
    ledger: Ledger
    store: FeedbackStore
    keyring: Keyring
    delivery: Deliveries
    metrics: Metrics
    clock: Clock
    told: Told
    notice: Notify
    answering: Answering
    uniform: Uniform
    binds: Binds


def errands(beside: Beside, gateways: Mapping[str, Gateway]) -> Iterator[Work]:
    """Each runs until it is cancelled."""
    config, editions, ledger, store, keyring, delivery, metrics, clock, told, notice, answering, uniform, binds = beside

    def today() -> date:
        return editions.current.country.today(clock())

    tick, log = getattr(store, "tick", None), PurgeLog(config.purge_log)
    gone = _purged(metrics, notice)
    yield delivery.run
    yield News(ledger, store, config.feedback.scheme, today, metrics.heard).run
    yield Upkeep(ledger, keyring, config.keys, log, today, tick=tick, told=told, purged=gone).run
    yield from works(
        gateways, editions, ledger, keyring, store, clock, metrics, told, notice, answering, uniform, binds
    )


def _purged(metrics: Metrics, notice: Notify) -> Callable[[int, int], None]:
    """Tells of a purge: how many rows went, and how many go soon that no core has."""

    def tell(gone: int, going: int) -> None:
        notice(Notice.PURGED, number=gone)
        metrics.unsent_going(going)
        if going:
            notice(Notice.UNSENT_GOES, number=going)

    return tell
