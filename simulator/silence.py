"""Why no SMS comes where one was expected: by which rules a gateway started here keeps silent, by its own figures."""

from __future__ import annotations

from collections import Counter
from typing import Final

from simulator.local import Local
from simulator.speech import Note, told
from simulator.stage import GATEWAY
from ussd_engine.ledger.smsinbox import Unsaid
from ussd_engine.ledger.smsqueue import ANONYMOUS, ERASED, STOPPED
from ussd_engine.menu.edition import Edition
from ussd_engine.metrics import Metrics
from ussd_engine.sms.message import Progress

UNSAID: Final[dict[Unsaid, Note]] = {
    Unsaid.REPEAT: told("a copy is not answered"),
    Unsaid.MACHINE: told("what a machine writes is answered once a day"),
    Unsaid.ABROAD: told("what comes from abroad is not answered"),
    Unsaid.OVER: told("more SMS than a day has are not answered"),
    Unsaid.OFTEN: told("that it was not understood is told once an hour"),
    Unsaid.SAME: told("the same reply goes twice an hour at most"),
    Unsaid.STATUS: told("where a case stands is told once in 10 minutes, five times a day"),
}
"""Why an SMS to the service gets no reply."""
WITHHELD: Final[dict[str, Note]] = {
    STOPPED: told("this phone has stopped SMS"),
    ERASED: told("the number was deleted"),
    ANONYMOUS: told("the case is anonymous"),
}
"""Why an SMS of which nobody asked does not leave."""


TAKES_NONE: Final = told("This service takes and sends no SMS.")
TELLS_ONLY: Final = told("This service sends SMS, and takes none.")


def mute(edition: Edition) -> Note | None:
    """Why no SMS can be answered here, whatever is written; `None` where some service takes them."""
    if any(menu.service.keywords is not None for menu in edition.services.values()):
        return None
    return TELLS_ONLY if any(map(edition.speaks, edition.services)) else TAKES_NONE


class Silence:
    """Compares the figures of a gateway with those of the look before; another gateway begins with none."""

    def __init__(self) -> None:
        self._metrics: Metrics | None = None
        self._unsaid: Counter[Unsaid] = Counter()
        self._withheld = 0

    async def since(self, local: Local) -> list[Note]:
        """By which rules nothing came since the last look, each once. Raises `EngineError`."""
        metrics, view = local.engine.metrics, local.engine.ledger.sms_view
        unsaid, withheld = Counter({one: _count(metrics, one) for one in Unsaid}), await view.count([Progress.WITHHELD])
        before, more = (self._unsaid, withheld - self._withheld) if metrics is self._metrics else (Counter(), 0)
        self._metrics, self._unsaid, self._withheld = metrics, unsaid, withheld
        held = await view.messages([Progress.WITHHELD], most=more) if more > 0 else []
        reasons = dict.fromkeys(one.reason for one in held)
        answers = [told("No answer, by rule: {rule}.", rule=UNSAID[one]) for one in unsaid - before]
        return answers + [told("No SMS, by rule: {rule}.", rule=WITHHELD[one]) for one in reasons if one in WITHHELD]


def _count(metrics: Metrics, rule: Unsaid) -> int:
    """How many SMS got no reply by a rule."""
    labels = {"channel": GATEWAY, "rule": rule.value}
    return int(metrics.registry.get_sample_value("ussd_sms_unsaid_total", labels) or 0)
