"""What is done about an SMS, inside the transaction of its arrival, and what is replied.

`Deeds` stands for one SMS: `decided` says what is to be done, by what is open with the phone and what it sent; `done`
does it. Nothing is opened here that the phone did not send: all other references get one answer.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec
from sqlalchemy import Connection

from ussd_engine import found, lifecycle
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.talks import LASTS_MS, Talk
from ussd_engine.model import Case, Committed, Mode, SetLanguage, Submit
from ussd_engine.sms import filling, talk
from ussd_engine.sms.filling import Lacking
from ussd_engine.sms.keywords import CHOICE, PLAIN, Heard
from ussd_engine.sms.matrix import Anyway, Happening, Say, say, say_anyway
from ussd_engine.sms.message import Priority
from ussd_engine.sms.oncase import FULL, CaseDeeds
from ussd_engine.sms.ontext import TextDeeds
from ussd_engine.sms.talk import Act, AskBack, Decision, Kind, Open, State
from ussd_engine.sms.written import Reply, Written, anyway, lacks
from ussd_engine.tracking import Effect, SetSms

KINDS: Final = {"rate": Kind.RATE, "need_info": Kind.ASKED, "which": Kind.WHICH, "finish": Kind.TEXT}
"""What can be open, as the ledger calls it."""
WHICH_HOURS: Final = LASTS_MS["which"] // 3_600_000


class Held(msgspec.Struct, frozen=True, array_like=True):
    """What waits for "which one?"."""

    whole: str
    offered: tuple[str, ...]
    institutions: bool


class Deeds:
    """One SMS in its transaction."""

    def __init__(self, conn: Connection, ledger: Ledger, written: Written) -> None:
        self._conn = conn
        self._ledger = ledger
        self._written = written
        self._sender = written.sender
        self._cases = ledger.own_within(conn, written.sender.msisdn, written.sender.at_ms)
        open_now = ledger.notices.talks.of(conn, written.sender.msisdn, written.sender.at_ms)
        self._talks = {one.id: one for one in open_now if one.service == written.service}
        self._text = TextDeeds(conn, ledger.notices.talks, written, self._submitted)

    # what is to be done

    def decided(self) -> Decision:
        """What is to be done; what waited for a choice stands in it as what was chosen."""
        written, state = self._written, self._state()
        decision = talk.decide(written.heard, state)
        heard = written.heard
        guessed = heard.guessed and bool(heard.core_reference) and not heard.reference
        if guessed and isinstance(decision, Act) and self._own(decision) is None:
            # It may have been the core's reference, and is none of hers: the text is one like others.
            plain = msgspec.structs.replace(heard, action=PLAIN, core_reference="", guessed=False, text=heard.whole)
            decision = talk.decide(plain, state)
        if isinstance(decision, Act) and decision.name == "choose":
            return self._chosen(decision)
        return decision

    def wanted(self, decision: Decision) -> str:
        """The reference of the case whose words the core must be asked for; empty for none."""
        case = self._own(decision) if isinstance(decision, Act) and decision.name == "read" else None
        named = case is not None and case.mode is Mode.NAMED and case.spoken and "read" in self._written.core_can
        return case.reference if case is not None and named else ""

    def _state(self) -> State:
        today, cases = self._written.today, self._cases
        waits = [case for case in cases if _takes(case, today)]
        return State(
            open=tuple(map(_open, self._talks.values())),
            cases=tuple(case.reference for case in waits),
            answered=tuple(case.reference for case in waits if case.spoken),
        )

    def _chosen(self, act: Act) -> Decision:
        """What waited, with what was chosen for it."""
        assert act.open is not None
        held = msgspec.msgpack.decode(self._talks[act.open.id].content, type=Held)
        again = self._written.ear.hear(held.whole, self._sender.locale)
        pick = held.offered[act.choice - 1]
        if held.institutions:
            heard = msgspec.structs.replace(again, institutions=(pick,), named=True, sure=True)
            known = again.action == "form"
            return Act(name="form", heard=heard, open=act.open) if known else talk.Help(heard=act.heard)
        added = again.guessed or again.action in (PLAIN, CHOICE)
        text = held.whole if added else again.text
        heard = msgspec.structs.replace(again, reference=pick, core_reference="", text=text, guessed=False, sure=True)
        return Act(name="add" if added else again.action, heard=heard, reference=pick, open=act.open)

    # what is done

    def done(self, decision: Decision) -> list[Reply]:
        """Do it; what is replied, in the language of the keyword. Raises what the ledger raises."""
        if isinstance(decision, AskBack):
            replies = self._asked_back(decision)
        elif not isinstance(decision, Act):
            replies = [anyway(Anyway.UNKNOWN)]
        else:
            ended = decision.open is None or decision.open.kind is not Kind.WHICH or self._end(decision.open)
            replies = self._act(decision) if ended else []
        return [reply if reply.locale else reply._replace(locale=decision.heard.locale) for reply in replies]

    def stopped(self) -> Reply:
        """She wants no SMS any more."""
        return self._set_sms(on=False)

    def _end(self, one: Open) -> bool:
        return self._ledger.notices.talks.end(self._conn, self._talks[one.id])

    def _asked_back(self, ask: AskBack) -> list[Reply]:
        if ask.open is not None and ask.open.kind is Kind.TEXT:
            return [self._text.asked(self._talks[ask.open.id])]
        rows = ask.institutions or ask.references
        if ask.holds:
            held = Held(ask.heard.whole, rows, bool(ask.institutions))
            self._ledger.notices.talks.open(
                self._conn,
                self._sender.msisdn,
                "which",
                self._written.service,
                self._sender.at_ms,
                content=msgspec.msgpack.encode(held),
            )
        values = {"hours": str(WHICH_HOURS), ("institution" if ask.institutions else "ref"): "\n".join(rows)}
        return [Reply(Say(ask.template, False, Priority.REPLY), values)]

    def _act(self, act: Act) -> list[Reply]:
        heard = act.heard
        match act.name:
            case "form":
                return [self._sent(heard)]
            case "status_list":
                return [self._listed()]
            case "help":
                return [anyway(Anyway.HELP)]
            case "erase":
                return [anyway(Anyway.ERASE)]
            case "stop" | "start":
                return [self._set_sms(on=act.name == "start")]
            case "language":
                self._done(
                    SetLanguage(
                        key=self._sender.key,
                        msisdn=self._sender.msisdn,
                        locale=heard.value,
                        at_ms=self._sender.at_ms,
                    )
                )
                return [anyway(Anyway.LANGUAGE)._replace(locale=heard.value)]
        if act.open is not None and act.open.kind is Kind.TEXT:
            one = self._talks[act.open.id]
            return [self._text.sent(one) if act.name == "send" else self._text.more(one)]
        return self._on_case(act)

    def _sent(self, heard: Heard) -> Reply:
        data = self._written.edition.data.get(self._written.service)
        row = data.get(heard.institutions[0]) if data else None
        if row is None:
            return anyway(Anyway.NO_INSTITUTION)
        # Of an SMS that was kept until she chose, the language is its own, not that of a 1.
        spoken = self._written.chosen or heard.locale or self._sender.locale
        sender = self._sender._replace(locale=spoken)
        filled = filling.fill(self._written.edition, self._written.service, heard, row, sender)
        return lacks(filled) if isinstance(filled, Lacking) else self._submitted(filled)[0]

    def _submitted(self, act: Submit) -> tuple[Reply, bool]:
        """What is said, and whether it was taken."""
        committed = self._done(act)
        if committed.kind in FULL:
            return anyway(Anyway.LIMIT), False
        said = say(Happening.SENT_BY_SMS, act.mode)
        assert said is not None, "what comes by SMS is confidential"
        return Reply(said, {"ref": committed.reference}), True

    def _listed(self) -> Reply:
        cases = [case for case in self._cases if _takes(case, self._written.today)][: talk.MOST]
        if not cases:
            return anyway(Anyway.STATUS_NONE)
        values = {
            "ref": "\n".join(case.reference for case in cases),
            "status": "\n".join(map(found.status, cases)),
        }
        return Reply(say_anyway(Anyway.STATUS_LIST), values)

    def _set_sms(self, *, on: bool) -> Reply:
        sender = self._sender
        self._done(SetSms(key=sender.key, msisdn=sender.msisdn, on=on, locale=sender.locale, at_ms=sender.at_ms))
        return anyway(Anyway.STARTED if on else Anyway.STOPPED)

    # on a case

    def _own(self, act: Act) -> Case | None:
        ours, cores = act.reference or act.heard.reference, act.heard.core_reference
        return next(
            (
                case
                for case in self._cases
                if (case.reference == ours if ours else bool(cores) and (case.core_reference or "").upper() == cores)
            ),
            None,
        )

    def _on_case(self, act: Act) -> list[Reply]:
        case = self._own(act)
        if case is None:
            ref = act.reference or act.heard.reference or act.heard.core_reference
            return [Reply(say_anyway(Anyway.NOT_HERS), {"ref": ref})]
        return CaseDeeds(self._written, self._done).done(case, act.name, act.heard)

    def _done(self, act: Effect) -> Committed:
        return self._ledger.within(self._conn, act)


def _open(one: Talk) -> Open:
    if one.kind != "which":
        return Open(id=one.id, kind=KINDS[one.kind], reference=one.reference)
    held = msgspec.msgpack.decode(one.content, type=Held)
    return Open(id=one.id, kind=Kind.WHICH, offered=held.offered, institutions=held.institutions)


def _takes(case: Case, today: date) -> bool:
    """Whether a case still takes something from her."""
    until = lifecycle.appeal_until(case)
    return case.state in lifecycle.WAITING or (until is not None and today <= until)
