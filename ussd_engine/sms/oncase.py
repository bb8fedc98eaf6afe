"""What an SMS does to a case of the phone that wrote, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import Connection

from ussd_engine import found, lifecycle
from ussd_engine.acts import APPEAL
from ussd_engine.ledger.talks import LASTS_MS, Talks
from ussd_engine.lifecycle import MayAppeal, may_appeal
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Case, Committed, Mode, Told
from ussd_engine.sms import filling, parts
from ussd_engine.sms.keywords import Heard
from ussd_engine.sms.matrix import USSD_ALONE, Anyway, Happening, say
from ussd_engine.sms.templates import SMS, truthful
from ussd_engine.sms.written import Reply, Written, anyway, lacks
from ussd_engine.tracking import Append, AskHigher, Effect, OnCase, Rate, Withdraw

NEEDS: Final = {
    "read": "read",
    "add": "append",
    "rate": "rate",
    "withdraw": "withdraw",
    "appeal": "appeal",
    "leak": "appeal",
}
"""What a core must be able to do."""
MOST_SPOKEN: Final = 8_000
"""Letters of what an institution said that are sent."""
FULL: Final = ("limit", "hour")
"""What is committed where the caller's day or hour is full."""


class CaseDeeds:
    """Does it. `do` writes an act in the transaction of the SMS."""

    def __init__(self, conn: Connection, talks: Talks, written: Written, do: Callable[[Effect], Committed]) -> None:
        self._conn = conn
        self._talks = talks
        self._written = written
        self._sender = written.sender
        self._do = do

    def done(self, case: Case, name: str, heard: Heard) -> list[Reply]:
        """What is replied; where it cannot be done, where the case stands."""
        if name in NEEDS and NEEDS[name] not in self._written.core_can:
            return self._told(case, Happening.STATUS)
        match name:
            case "read":
                return self._read(case)
            case "add":
                return self._added(case, heard.text)
            case "rate":
                return self._rated(case, heard.value)
            case "appeal" | "leak":
                return self._appealed(case, heard, leak=name == "leak")
            case "withdraw":
                return self._withdrawn(case)
        return self._told(case, Happening.STATUS)

    def _read(self, case: Case) -> list[Reply]:
        if case.mode is not Mode.NAMED:
            return self._told(case, Happening.READ)
        if case.spoken and self._written.view is None:
            return [anyway(Anyway.FAULT)]
        said = parts.parts(self._written.view.words[:MOST_SPOKEN]) if self._written.view else []
        if not said:
            # What is over waits for no answer; it may have had one, whose words are kept no longer.
            return self._told(case, Happening.READ_TOO_EARLY if case.state in lifecycle.OPEN else Happening.STATUS)
        counted = [{"n": f"{number}\n{len(said)}", "part": part} for number, part in enumerate(said, 1)]
        return [reply for values in counted for reply in self._told(case, Happening.READ, values)]

    def _added(self, case: Case, text: str) -> list[Reply]:
        lacking = filling.checked(self._menu, "extra", text)
        if lacking is not None and lacking.most:
            return [lacks(lacking)]
        if lacking is not None or not text:
            return self._what_to_add(case)
        sender = self._sender
        act = Append(key=sender.key, reference=case.reference, msisdn=sender.msisdn, text=text, at_ms=sender.at_ms)
        return self._after(case, act, Happening.ADDED)

    def _what_to_add(self, case: Case) -> list[Reply]:
        """She is asked for it, as an officer asks: her next plain text is added. Nothing shortens what is open."""
        sender = self._sender
        if not lifecycle.may_add(case):
            return [anyway(Anyway.NO_TEXT)]
        talks = self._talks.of(self._conn, sender.msisdn, sender.at_ms)
        if not any(one.kind == "need_info" and one.reference == case.reference for one in talks):
            self._talks.open(
                self._conn,
                sender.msisdn,
                "need_info",
                case.service,
                sender.at_ms,
                reference=case.reference,
                lasts_ms=LASTS_MS["which"],
            )
        return self._told(case, Happening.NOTHING_TO_ADD)

    def _rated(self, case: Case, rating: str) -> list[Reply]:
        assert rating in ("yes", "partly", "no")
        sender = self._sender
        act = Rate(
            key=sender.key,
            reference=case.reference,
            msisdn=sender.msisdn,
            rating=rating,  # type: ignore[arg-type]  # one of the three
            at_ms=sender.at_ms,
        )
        happened = Happening.RATED_NO if rating == "no" else Happening.RATED
        return self._after(case, act, happened, then=lifecycle.rated(case, rating, self._written.today))

    def _withdrawn(self, case: Case) -> list[Reply]:
        if case.mode is not Mode.NAMED and Happening.WITHDRAWN in USSD_ALONE:
            return self._told(case, Happening.WITHDRAWN)
        sender = self._sender
        act = Withdraw(key=sender.key, reference=case.reference, msisdn=sender.msisdn, at_ms=sender.at_ms)
        return self._after(case, act, Happening.WITHDRAWN, Happening.WITHDRAWN_TOO_LATE)

    def _appealed(self, case: Case, heard: Heard, *, leak: bool) -> list[Reply]:
        sender, edition, today = self._sender, self._written.edition, self._written.today
        higher, text = found.higher(edition, case), heard.text
        lacking = filling.checked(self._menu, "appeal_text", text)
        if lacking is not None and lacking.most:
            return [lacks(lacking)]
        may = may_appeal(case, today, higher, leak=leak)
        if may is not MayAppeal.OK:
            return self._told(case, Happening.APPEAL_REFUSED, {"ask": str(may)})
        late = case.state in lifecycle.WAITING
        due = edition.due(case.service, higher, APPEAL, today)
        act = AskHigher(
            key=sender.key,
            reference=case.reference,
            msisdn=sender.msisdn,
            reason="leak" if leak else "late" if late else "unhappy",
            text=text,
            higher=higher,
            due=due,
            at_ms=sender.at_ms,
        )
        happened = Happening.LEAK_REPORTED if leak else Happening.APPEALED
        values = {"higher": higher, "due": due.isoformat() if due else ""}
        return self._after(case, act, happened, Happening.APPEAL_REFUSED, values)

    def _after(
        self,
        case: Case,
        act: OnCase,
        happened: Happening,
        refused: Happening = Happening.STATUS,
        values: Mapping[str, str] | None = None,
        then: Case | None = None,
    ) -> list[Reply]:
        """Do it, and say what came of it; `then` is the case afterwards, where that is told of."""
        committed = self._do(act)
        if committed.kind in FULL:
            return [anyway(Anyway.LIMIT)]
        if committed.kind == "refused":
            return self._told(case, refused, {"ask": str(MayAppeal.NEVER)})
        until = {"appeal_until": committed.until.isoformat()} if committed.until else {}
        return self._told(then or case, happened, {**(values or {}), **until})

    def _told(self, case: Case, what: Told | Happening, more: Mapping[str, str] | None = None) -> list[Reply]:
        said = say(what, case.mode)
        if said is None:
            return []
        said = said._replace(template=truthful(said.template, self._lacks(case)))
        values = {**_values(self._written.edition, case), **(more or {})}
        template = SMS[said.template]
        if any(not values.get(name) for name in template.values if name not in template.may_lack):
            # Opinions and the like have no due date: what is said of an appeal then says less.
            said = said._replace(template="act_quiet")
        shown = {name: values[name] for name in SMS[said.template].values if values.get(name)}
        return [Reply(said, shown)]

    def _lacks(self, case: Case) -> frozenset[str]:
        """What she cannot do about a case: the core lacks it, or its time or the levels above are over."""
        may = may_appeal(case, self._written.today, found.higher(self._written.edition, case))
        return self._written.core_lacks | (frozenset() if may is MayAppeal.OK else {"appeal"})

    @property
    def _menu(self) -> Menu:
        return self._written.edition.services[self._written.service]


def _values(edition: Edition, case: Case) -> dict[str, str]:
    """What a reply may show of a case, as it is stored."""
    due, until = case.due if case.state in lifecycle.WAITING else None, lifecycle.appeal_until(case)
    return {
        "ref": case.reference,
        "institution": case.institution,
        "status": found.status(case),
        "date": case.changed.isoformat(),
        "due": due.isoformat() if due else "",
        "appeal_until": until.isoformat() if until else "",
        "higher": found.higher(edition, case),
        "level": case.leader,
    }
