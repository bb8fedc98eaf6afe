"""What a session knows, seen through its menu: its answers with the changes under way, and how a value is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from sessions import About, Draft, Edit, Session
from ussd_engine import gsm
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.plan import Look, Plan
from ussd_engine.menu.template import Slot
from ussd_engine.model import Answers
from ussd_engine.registry import CASE, KINDS, OFFERS, ROW, SOURCES, Place, Row, key_of
from ussd_engine.screens.base import Fact, Offered, Screen

Facts = Mapping[str, Fact]
JOINT = " "
"""Stands between a text and what is added to it."""


class Scope:
    """One session on one edition. Pure; reads only."""

    __slots__ = ("_answers", "_known", "draft", "edition", "extra", "facts", "locale", "menu", "plan", "session")

    def __init__(
        self, edition: Edition, session: Session, facts: Facts, extra: Mapping[str, str] | None = None
    ) -> None:
        self.edition = edition
        self.session = session
        self.facts = facts
        self.extra = extra or {}
        """What the engine itself knows and a screen may show: `code`, `minutes`, `pin`, `answer`."""
        self.renew()

    def renew(self) -> None:
        """See the session as it now is."""
        session = self.session
        self.menu: Menu = self.edition.services[session.service]
        self.locale: str = session.locale or self.menu.service.language
        self.draft: Draft | None = draft_of(session)
        self.plan: Plan | None = self.menu.plans.get(self.draft.form) if self.draft else None
        self._answers: Answers | None = None
        self._known: dict[str, Fact] | None = None

    @property
    def answers(self) -> Answers:
        """What she answered, with what the form sets and the changes under way; worked out when first asked for."""
        if self._answers is None:
            self._answers = dict(self.session.values)
            if self.draft is not None and self.plan is not None:
                self._answers.update(self.plan.sets)
                self._answers.update(effective(self.draft.answers, self.draft.edits))
        return self._answers

    @property
    def inside(self) -> bool:
        """Whether she is inside a form."""
        return self.draft is not None and not self.draft.left

    @property
    def screen(self) -> Screen:
        return self.menu.screen(self.session.screen)

    @property
    def adding(self) -> bool:
        """Whether what is typed here joins a text that is there."""
        edits = self.draft.edits if self.draft and self.inside else []
        return bool(edits) and edits[-1].add and edits[-1].item == self.session.screen

    @property
    def bounds(self) -> Mapping[str, int]:
        """Those of the screen's checks; where she adds to a text, `max` is what is left of it."""
        bounds = self.screen.bounds
        if "max" not in bounds or not self.adding:
            return bounds
        there = len(self.answers.get(self.screen.answers[0]) or "")
        return {**bounds, "max": max(0, bounds["max"] - there - len(JOINT))} if there else bounds

    @property
    def look(self) -> Look:
        """Gives what the last act resulted in, else an answer's value, else a fact's. Holds until `renew`."""
        if self._known is None:
            known = dict(self.facts)
            outcome = self.session.outcome
            for values in (self.answers, outcome.values) if outcome else (self.answers,):
                for name, value in values.items():
                    if value is not None:
                        known[name] = value
            self._known = known
        return self._known.get

    @property
    def about(self) -> About | None:
        """The case that she asks about."""
        return about_of(self.session)

    # rows

    def _place(self) -> Place:
        return Place(self.edition.data.get(self.menu.name), self.locale)

    def rows(self, screen: Screen) -> Sequence[Row]:
        """The rows of a list, as many as it shows at most; those from elsewhere as they were shown."""
        assert screen.source is not None
        source = SOURCES[screen.source.source]
        if not source.local:
            return [tuple(row) for row in self.session.rows]
        args = {
            name: value if source.args[name] == "literal" else self.answers.get(value) or ""
            for name, value in screen.source.args.items()
        }
        rows = source.rows(self._place(), args)
        return rows[: screen.most] if screen.most else rows

    def offered(self, offer: Offered) -> Row | None:
        """What an offer works out."""
        args = [self.answers.get(name) or "" for name in offer.args]
        return OFFERS[offer.function].work_out(self._place(), args)

    def column(self, kind: str, row: Row, column: str) -> str:
        """One column of a row, as it is shown."""
        found = KINDS[kind].columns[column]
        text = found.read(row, self.locale)
        return self.worded(found.words, text, ROW) if found.words else gsm.shorten(text, found.longest)

    def worded(self, table: str, value: str, by: str) -> str:
        """The words of a value in a table of the menu, where they differ by type those of `by`; empty without any."""
        words = self.menu.shown[table].words if table in self.menu.shown else {}
        context, msgid = words.get(value) or words.get(f"{value}.{by}") or ("", "")
        return self.edition.catalog.gettext(self.locale, self.menu.name, context, msgid) if msgid else ""

    # values

    def fill(self, slot: Slot) -> str:
        """The words for a placeholder; empty where it has no value."""
        text = self._value(slot)
        return gsm.shorten(text, slot.width) if slot.width else text

    def _value(self, slot: Slot) -> str:
        name = slot.name
        if name in self.extra:
            return self.extra[name]
        if self.session.outcome and name in self.session.outcome.values:
            value = self.session.outcome.values[name] or ""
            return self.worded(name, value, "") or value
        screen = self.screen
        if screen.offer and screen.offer.answer == name:
            row = self.offered(screen.offer)
            return "" if row is None else self.column(OFFERS[screen.offer.function].kind, row, slot.column)
        if self.answers.get(name) is not None:
            return self.shown(name, self.answers[name] or "", slot.column)
        if name == "n" and screen.name in self._replies():
            return str(len(self.answers.get(self._replies()[screen.name]) or ""))
        if name in screen.bounds:
            return str(self.bounds[name])
        if self.about is not None and name in CASE:
            return self._of_case(self.about, slot)
        fact = self.facts.get(name)
        return fact if isinstance(fact, str) else self.edition.settings.get(name, "")

    def _of_case(self, about: About, slot: Slot) -> str:
        """A value of the case that she asks about."""
        value = about.ref if slot.name == "ref" else about.values.get(slot.name) or ""
        if CASE[slot.name].words:
            return self.worded(CASE[slot.name].words, value, about.values.get("type") or "")
        if kind := CASE[slot.name].kind:
            row = KINDS[kind].find(self._place(), value)
            return "" if row is None else self.column(kind, row, slot.column)
        return value

    def _replies(self) -> Mapping[str, str]:
        """The screens shown after a full reply, each with the answer that it tells the length of."""
        screens = self.menu.service.screens
        items = self.plan.items if self.plan else ()
        asked = [screens[item.name] for item in items if not item.asks]
        return {screen.full: screen.answers[0] for screen in asked if screen.full and screen.answers[0] in self.answers}

    def shown(self, name: str, value: str, column: str = "") -> str:
        """How an answer is shown: by its words, by a column of the row that it names, or as typed in GSM-7."""
        shown = self.menu.shown.get(name)
        if shown is None:
            return plain(value)
        if value in shown.words:
            context, msgid = shown.words[value]
            return self.edition.catalog.gettext(self.locale, self.menu.name, context, msgid)
        if shown.kind:
            row = KINDS[shown.kind].find(self._place(), value)
            return "" if row is None else self.column(shown.kind, row, column)
        return gsm.shorten(plain(value), shown.longest) if shown.longest else plain(value)

    def keep(self, screen: Screen, row: Row) -> Answers:
        """What choosing a row saves."""
        return {
            answer: key_of(row) if column in ("", "code") else KINDS[self._kind(screen)].columns[column].read(row, "")
            for answer, column in screen.save.items()
        }

    @staticmethod
    def _kind(screen: Screen) -> str:
        assert screen.source is not None
        return SOURCES[screen.source.source].kind


def draft_of(session: Session) -> Draft | None:
    """The draft of the session's service."""
    for draft in session.drafts:
        if draft.service == session.service:
            return draft
    return None


def about_of(session: Session) -> About | None:
    """The case that a dialog is about: inside a form the one from which that was entered."""
    draft = draft_of(session)
    return draft.about if draft and not draft.left and draft.about else session.about


def own(session: Session) -> Session:
    """A copy that a turn may change, down to each answer."""
    drafts = list(map(_own_draft, session.drafts))
    return msgspec.structs.replace(session, drafts=drafts, values=dict(session.values), trail=list(session.trail))


def _own_draft(draft: Draft) -> Draft:
    edits = [msgspec.structs.replace(edit, masked=list(edit.masked), fresh=dict(edit.fresh)) for edit in draft.edits]
    return msgspec.structs.replace(draft, answers=dict(draft.answers), given=list(draft.given), edits=edits)


def effective(answers: Answers, edits: Sequence[Edit]) -> Answers:
    """The answers with the changes under way laid over them."""
    if not edits:
        return answers
    found = dict(answers)
    for edit in edits:
        for name in edit.masked:
            found.pop(name, None)
        found.update(edit.fresh)
    return found


def plain(text: str) -> str:
    """A citizen's words for a screen: one line, folded to GSM-7, a question mark for what has no place there."""
    folded = gsm.fold(" ".join(text.split()))
    return folded if gsm.culprit(folded) is None else "".join(map(_plain, folded))


def _plain(character: str) -> str:
    return character if gsm.culprit(character) is None else "?"
