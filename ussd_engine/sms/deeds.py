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
from ussd_engine.ledger.talks import LASTS_MS
from ussd_engine.ledger.terms import HOUR_MS
from ussd_engine.menu.keywords import MESSAGE
from ussd_engine.model import Case, Committed, Mode, SetLanguage, Submit
from ussd_engine.sms import filling, talk
from ussd_engine.sms.filling import Lacking
from ussd_engine.sms.keywords import PLAIN, Heard
from ussd_engine.sms.matrix import Anyway, Happening, Say, say, say_anyway
from ussd_engine.sms.message import Priority
from ussd_engine.sms.oncase import FULL, CaseDeeds
from ussd_engine.sms.ontext import TextDeeds
from ussd_engine.sms.talk import Act, AskBack, Decision, Kind, Open, State, Wants
from ussd_engine.sms.templates import BELOW_A_WARNING, SMS, WARNING, truthful
from ussd_engine.sms.waiting import Held, act_of, decode, encode, is_words, open_of
from ussd_engine.sms.written import Reply, Written, anyway, lacks
from ussd_engine.tracking import Effect, SetSms

WHICH_HOURS: Final = LASTS_MS["which"] // HOUR_MS


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
        self._which_ended = self._which_opened = self._did = False
        cores = [case.core_reference for case in self._cases if case.core_reference]
        whole, spoken = written.heard.whole, written.sender.locale
        self._heard = written.ear.hear(whole, spoken, cores) if cores else written.heard
        self._text = TextDeeds(conn, ledger.notices.talks, written, self._submitted)

    # what is to be done

    def decided(self) -> Decision:
        """What is to be done; what waited for a choice stands in it as what was chosen."""
        heard, state = self._heard, self._state()
        decision = talk.decide(heard, state)
        guessed = heard.guessed and bool(heard.core_reference) and not heard.reference
        if guessed and isinstance(decision, Act) and self._own(decision) is None:
            # It may have been the core's reference, and is none of hers: the text is one like others.
            plain = msgspec.structs.replace(heard, action=PLAIN, core_reference="", guessed=False, text=heard.whole)
            decision = talk.decide(plain, state)
        if isinstance(decision, Act) and decision.name == "choose":
            return self._chosen(decision)
        if isinstance(decision, Act) and decision.name == "fill":
            return self._filled(decision)
        if isinstance(decision, AskBack) and decision.open is not None and decision.open.institutions:
            return self._nearer(decision, decision.open)
        return decision

    def _nearer(self, ask: AskBack, which: Open) -> Decision:
        """Which institution is asked again, if it must be: its name is a choice too, and words are the message, where
        there is none yet."""
        held, again = self._held(which)
        if ask.heard.action != PLAIN or ask.heard.polite or again.action != "form":
            return ask
        named = [code for code in ask.heard.institutions if code in held.offered] or ask.heard.institutions
        kept = held.text or again.text
        if len(named) == 1:
            return self._formed(again, tuple(named), named=True, text=kept, open=which)
        if named or which.stale or filling.checked(self._written.menu, MESSAGE, kept) is None:
            return ask
        heard = msgspec.structs.replace(again, text=f"{kept} {ask.heard.whole}".strip())
        return AskBack(template=ask.template, heard=heard, institutions=held.offered, holds=True, ends=which)

    def _formed(self, again: Heard, codes: tuple[str, ...], *, named: bool, text: str, open: Open) -> Decision:
        """A new message as it is by now; what is missing of it still is asked for."""
        heard = msgspec.structs.replace(again, institutions=codes, named=named, sure=True, text=text.strip())
        decision = talk.decide(heard, State())
        done = isinstance(decision, Act)
        return msgspec.structs.replace(decision, **{"open" if done else "ends": open})

    def wanted(self, decision: Decision) -> str:
        """The reference of the case whose words the core must be asked for; empty for none."""
        case = self._own(decision) if isinstance(decision, Act) and decision.name == "read" else None
        named = case is not None and case.mode is Mode.NAMED and case.spoken and "read" in self._written.core_can
        return case.reference if case is not None and named else ""

    def _state(self) -> State:
        today, cases = self._written.today, self._cases
        waits = [case for case in cases if _takes(case, today)]
        return State(
            open=tuple(open_of(one, self._sender.at_ms) for one in self._talks.values()),
            cases=tuple(case.reference for case in waits),
            answered=tuple(case.reference for case in waits if case.spoken),
        )

    def _chosen(self, act: Act) -> Decision:
        """What waited, with what was chosen for it."""
        assert act.open is not None
        held, again = self._held(act.open)
        pick = held.offered[act.choice - 1]
        if held.institutions:
            if again.action != "form":
                return talk.Help(heard=act.heard)
            return self._formed(again, (pick,), named=True, text=held.text or again.text, open=act.open)
        # A yes or no that an officer asked for is words to her.
        added = is_words(again) or (again.action == "rate" and self._asked(pick))
        text = held.whole if added else again.text
        heard = msgspec.structs.replace(again, reference=pick, core_reference="", text=text, guessed=False, sure=True)
        return Act(name="add" if added else again.action, heard=heard, reference=pick, open=act.open)

    def _filled(self, act: Act) -> Decision:
        """What was missing is this text: the message, or the institution, behind which there may be more of it."""
        assert act.open is not None
        held, again = self._held(act.open)
        if again.action != "form":
            return talk.Help(heard=act.heard)
        codes, named, words = held.offered or again.institutions, bool(held.offered) or again.named, act.heard.whole
        text = f"{held.text} {words}"
        if held.wants is Wants.INSTITUTION:
            codes, named, words = self._written.ear.addressee(words, self._sender.locale, again.entry)
            text = f"{words} {held.text}"
        if not codes:
            if filling.checked(self._written.menu, MESSAGE, held.text) is None:
                return talk.which_again(act.heard, act.open)
            heard = msgspec.structs.replace(again, text=text.strip())
            return msgspec.structs.replace(talk.missing(heard, Wants.INSTITUTION), ends=act.open)
        return self._formed(again, codes, named=named, text=text, open=act.open)

    def _held(self, one: Open) -> tuple[Held, Heard]:
        """What waits, and what it says."""
        held = decode(self._talks[one.id].content)
        return held, self._written.ear.hear(held.whole, self._sender.locale)

    def _asked(self, reference: str) -> bool:
        """Whether an officer's question about a case is open."""
        return any(one.kind == "need_info" and one.reference == reference for one in self._talks.values())

    # what is done

    def done(self, decision: Decision) -> list[Reply]:
        """Do it; what is replied, in the language of the keyword. Raises what the ledger raises."""
        answered = decision.ends if isinstance(decision, AskBack) else None
        if isinstance(decision, Act) and decision.open is not None and decision.open.kind is Kind.WHICH:
            answered = decision.open
        if answered is not None and not self._end(answered.id):
            return []
        if decision.heard.action == "form":
            self._end_what_it_replaces(decision.heard)
        if isinstance(decision, AskBack):
            replies = self._asked_back(decision)
        else:
            replies = self._act(decision) if isinstance(decision, Act) else [anyway(Anyway.UNKNOWN)]
        replies = [*self._warned(decision, replies), *self._next(decision.heard)]
        spoken = decision.heard.locale or self._language_of(decision)
        return [reply if reply.locale else reply._replace(locale=spoken) for reply in replies]

    def _language_of(self, decision: Decision) -> str:
        """That of what is open, for an answer without a keyword of any language."""
        one = None if isinstance(decision, talk.Help) or self._written.chosen else decision.open
        waits = one is not None and one.kind is Kind.WHICH and one.id in self._talks
        return self._held(one)[1].locale if one is not None and waits else ""

    def _warned(self, decision: Decision, replies: list[Reply]) -> list[Reply]:
        """Above the reply to a text that was kept, what she should not have written into it."""
        if not isinstance(decision, Act) or not replies:
            return replies
        first, heard, written = replies[0], decision.heard, self._written
        template = BELOW_A_WARNING.get(first.say.template, first.say.template)
        text = heard.whole if decision.name == "continue" else heard.text or heard.whole
        warning = filling.warning(written.edition, written.service, decision.name, text, self._sender.msisdn)
        if not (SMS[template].warns and warning):
            return replies
        values = {name: first.values[name] for name in SMS[template].values if name in first.values}
        said = first._replace(say=first.say._replace(template=template), values={**values, WARNING: warning})
        return [said, *replies[1:]]

    def stopped(self) -> Reply:
        """She wants no SMS any more."""
        return self._set_sms(on=False)

    def _end(self, id: bytes) -> bool:
        """End a "which one?"; false where another SMS did."""
        newest = next((one.id for one in self._talks.values() if one.kind == "which"), None)
        self._which_ended = self._which_ended or id == newest
        return self._ledger.notices.talks.end(self._conn, self._talks.pop(id))

    def _end_what_it_replaces(self, new: Heard) -> None:
        """A new message takes the place of one of which something is missing, and of one with the same words that waits
        for its institution."""
        asked = [open_of(one, self._sender.at_ms) for one in self._talks.values() if one.kind == "which"]
        for which in asked:
            held, before = self._held(which)
            if which.wants or (which.institutions and talk.repeats(new, before.entry, held.text)):
                self._end(which.id)

    def _next(self, heard: Heard) -> list[Reply]:
        """An older "which one?", once the newest is over: it is asked again before anything is taken for it."""
        older = next((one for one in self._talks.values() if one.kind == "which"), None)
        if older is None or not self._which_ended or self._which_opened:
            return []
        return self._asked_back(talk.which_again(heard, open_of(older, self._sender.at_ms)))

    def _asked_back(self, ask: AskBack) -> list[Reply]:
        if ask.open is not None and ask.open.kind is Kind.TEXT:
            return [self._text.asked(self._talks[ask.open.id])]
        rows = ask.institutions or ask.references
        if ask.open is not None and ask.open.kind is Kind.WHICH:
            self._ledger.notices.talks.again(self._conn, self._talks[ask.open.id], self._sender.at_ms)
        if ask.holds:
            self._which_opened = True
            form = ask.heard.action == "form"
            clear = ask.heard.institutions if ask.wants is Wants.MESSAGE and ask.heard.named else ()
            text = ask.heard.text if form else ""
            held = Held(ask.heard.whole, rows or clear, bool(ask.institutions), ask.wants, text)
            self._ledger.notices.talks.open(
                self._conn,
                self._sender.msisdn,
                "which",
                self._written.service,
                self._sender.at_ms,
                content=encode(held),
            )
        values = {"hours": str(WHICH_HOURS), ("institution" if ask.institutions else "ref"): "\n".join(rows)}
        template = truthful(ask.template, self._written.core_lacks)
        return [Reply(Say(template, False, Priority.REPLY), values)] if template else [anyway(Anyway.UNKNOWN)]

    def _act(self, act: Act) -> list[Reply]:
        heard = act.heard
        match act.name:
            case "form":
                return [self._sent(heard)]
            case "status_list":
                waits = [one for one in self._talks.values() if one.kind == "finish"]
                return [self._listed(), *map(self._text.waits, waits)]
            case "help" | "erase":
                return [anyway(Anyway.HELP if act.name == "help" else Anyway.ERASE)]
            case "stop" | "start":
                return [self._set_sms(on=act.name == "start")]
            case "language":
                of = self._sender
                self._done(SetLanguage(key=of.key, msisdn=of.msisdn, locale=heard.value, at_ms=of.at_ms))
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
        if not isinstance(filled, Lacking):
            return self._submitted(filled)[0]
        if filled.say is Anyway.NO_TEXT:
            return self._asked_back(talk.missing(heard, Wants.MESSAGE))[0]
        return lacks(filled)

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
        deeds = CaseDeeds(self._conn, self._ledger.notices.talks, self._written, self._done)
        replies = deeds.done(case, act.name, act.heard)
        if act.open is None and (self._did or act.name == "read"):
            self._end_the_same(act.name)
        return replies

    def _end_the_same(self, name: str) -> None:
        """What was done by keyword and number is not done again by a choice: what waits with the same act is over."""
        for which in [open_of(one, self._sender.at_ms) for one in self._talks.values() if one.kind == "which"]:
            held, again = self._held(which)
            if held.of_cases and act_of(again) == name:
                self._end(which.id)

    def _done(self, act: Effect) -> Committed:
        committed = self._ledger.within(self._conn, act)
        self._did = committed.kind not in (*FULL, "refused")
        return committed


def _takes(case: Case, today: date) -> bool:
    """Whether a case still takes something from her."""
    until = lifecycle.appeal_until(case)
    return case.state in lifecycle.WAITING or (until is not None and today <= until)
