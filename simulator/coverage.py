"""Counts what transcripts take of the menus against what the menus offer."""

from __future__ import annotations

from collections import Counter

from sessions import About, Session
from simulator.offer import Offer, Taken, offer
from simulator.stage import Stage
from ussd_engine.facts import FACTS
from ussd_engine.model import Turn
from ussd_engine.unfinished import FINISH
from ussd_engine.view import Seen
from ussd_engine.walk import SMS

BY_SMS = (FINISH, "new_pin", "use_sms", "set_sms")
"""What is offered only where SMS leave."""


class Coverage:
    """What was taken, noted by the gateway's `tap`, and what could have been."""

    def __init__(self) -> None:
        self.taken: set[Taken] = set()
        self.offer = Offer()
        self._language: dict[str, str] = {}

    def tap(self, turn: Turn, seen: Seen) -> None:
        """Note a turn. A line or a row counts in the language in which it was printed."""
        printed = self._language.get(turn.dialogue, seen.locale)
        for what in seen.taken:
            before = what.startswith(("line ", "row "))
            self.taken.add((what, printed if before else seen.locale))
        if seen.locale:
            self._language[turn.dialogue] = seen.locale

    def count(self, stage: Stage) -> None:
        """Set what was taken beside what the gateways of `stage` offer, all of them together."""
        gateways = [local.engine.gateway for local in stage.gateways.values()]
        caller = Session(b"", b"", "", "", "", msisdn=int(stage.number()))
        sends = any(gateway.view.sends for gateway in gateways)
        can = [name for name in FACTS["can"] if sends or name not in BY_SMS]
        caller.about, caller.values = About("", True, can), {SMS: "on"}
        facts = [gateway.view.facts(gateway.editions.current, caller) for gateway in gateways]
        names = {name for each in facts for name in each}
        best = {name: frozenset().union(*(each[name] for each in facts if name in each)) for name in names}
        if gateways:
            self.offer = offer(gateways[0].editions.current, best)

    @property
    def missing(self) -> list[Taken]:
        """What is offered and was not taken."""
        return sorted(self.offer.counted - self.taken)

    def report(self) -> str:
        """Figures by kind and language, then what is missing, then what cannot be taken and why."""
        offered, missing = _figures(self.offer.counted), _figures(self.missing)
        rows = [
            f"{kind:8} {language}  {count - missing[kind, language]:4} of {count:4}"
            for (kind, language), count in sorted(offered.items())
        ]
        whole, lacking = len(self.offer.counted), len(self.missing)
        rows.append(f"in all       {whole - lacking:4} of {whole:4}, {100 * (whole - lacking) // max(whole, 1)} %")
        rows += [f"missing: {what} ({language})" for what, language in self.missing]
        rows += [f"not counted: {what}: {reason}" for what, reason in sorted(self.offer.listed.items())]
        return "\n".join(rows)


def _figures(things: set[Taken] | list[Taken]) -> Counter[tuple[str, str]]:
    return Counter((what.partition(" ")[0], language) for what, language in things)
