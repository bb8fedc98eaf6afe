"""What leaves, in words: of a message that was lent to a sender, and of a reply that travels in the answer itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from ussd_engine.editions import Editions
from ussd_engine.errors import ConfigError
from ussd_engine.ledger.smsqueue import Lent
from ussd_engine.ledger.terms import NUMBER_KEPT
from ussd_engine.menu.edition import Edition
from ussd_engine.messages import View
from ussd_engine.sms import words
from ussd_engine.sms.message import Notice, Priority
from ussd_engine.sms.templates import ASKS, NEWS

AskCore = Callable[[str], Awaitable[View | None]]


class Wording:
    """Words by the menus as they are when a message leaves."""

    def __init__(self, editions: Editions, ask_core: AskCore, prefixes: Mapping[str, str] = {}) -> None:
        """`prefixes`: by service, what stands before its keywords on a number that is shared."""
        self._editions = editions
        self._ask_core = ask_core
        self._prefixes = prefixes

    async def of_lent(self, lent: Lent) -> Sequence[str]:
        """The SMS of a message; none where there is nothing to say. Raises as the core does, where its words are
        wanted: no word of an office lies in the queue."""
        values = dict(lent.values)
        if act := ASKS.get(lent.template):
            view = await self._ask_core(values.get("ref", ""))
            values["ask"] = view.spoken(act) if view else ""
        text = self._of(lent, lent.template, values)
        if not text and "ask" in values:
            text = self._of(lent, NEWS, values)
        return [text] if text else []

    def _of(self, lent: Lent, template: str, values: Mapping[str, str]) -> str:
        notice = Notice(
            key=lent.id,
            service=lent.service,
            template=template,
            values=values,
            locale=lent.locale,
            priority=Priority(lent.priority),
            push=False,
            at_ms=lent.queued_ms,
        )
        return self.of_notice(notice, lent.locale)

    def of_notice(self, notice: Notice, locale: str) -> str:
        """The SMS of a notice in a language; empty where it has no words."""
        edition = self._editions.current
        prefix = self._prefixes.get(notice.service, "")
        return words.text(edition, notice, locale, extra(edition, notice.service), prefix)


def extra(edition: Edition, service: str) -> dict[str, str]:
    """What only the engine knows and a text may show."""
    return {"code": edition.code(service, passes_digits=True), "days": str(NUMBER_KEPT.days)}


def check_words(edition: Edition, collecting: Collection[str] = ()) -> None:
    """Raises `ConfigError` where texts lack a setting: a line without a value is left out, and then nothing may stay
    of a text, or not what it is for. `collecting`: the channels that take forms."""
    for service in sorted(edition.services):
        lacking = sorted(words.lacking(edition, service, extra(edition, service)))
        if lacking:
            names = ", ".join(lacking)
            raise ConfigError(
                f'SMS of "{service}" show {names}, which has no value: give it under "settings" in the file that '
                f"USSD_ENGINE_COUNTRY names (sc is the number that takes SMS){_else(collecting)}"
            )


def _else(collecting: Collection[str]) -> str:
    """Why the words are needed, where that is not plain, or how to do without them."""
    if not collecting:
        return ", or configure no channel for SMS"
    return f". Forms that a platform collects ({', '.join(collecting)}) are answered in these words"
