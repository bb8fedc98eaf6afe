"""A screen that is remembered is what a fresh rendering gives, and what is remembered holds nothing of a citizen."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sessions import About, Outcome, Session
from tests.menu.generated import edition_of, menus
from tests.menu.menu_folder import MenuFolder, shipped
from tests.menu.stroll import CASE, EXTRA, PROFILE, TEXTS, Stroll
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Profile
from ussd_engine.render import possible_lines, render
from ussd_engine.screens.base import Screen

MEMORIES = ("inputs", "texts", "pages", "above")
PHONES = (PROFILE, Profile(septets=120))
KEPT = (EXTRA, {**EXTRA, "minutes": ""}, {**EXTRA, "code": "*152*00# 9 2"})
"""With something kept and nothing, and with another code to dial."""
LAST = 99
"""A page that no screen has: its last one is shown."""
OTHER = {"code": EXTRA["code"], "minutes": "10"}


def forgetful(edition: Edition) -> Edition:
    """The same edition with empty memories of its own."""
    empty: dict[str, Any] = {name: {} for name in MEMORIES}
    return dataclasses.replace(edition, **empty)


class Viewer:
    """Shows each session by an edition that remembers all it was shown, and by one that remembers nothing."""

    def __init__(self, edition: Edition) -> None:
        self.edition = forgetful(edition)
        self.fresh = forgetful(edition)
        self.shown = 0

    def show(self, stroll: Stroll, session: Session, phone: Profile, extra: Mapping[str, str]) -> str:
        for name in MEMORIES:
            getattr(self.fresh, name).clear()
        found = render(self.edition, session, stroll.facts, phone, extra)
        assert found == render(self.fresh, session, stroll.facts, phone, extra), (session.screen, stroll.steps[-5:])
        self.shown += 1
        return found.text

    def show_all(self, stroll: Stroll, session: Session, extras: Sequence[Mapping[str, str]] = KEPT) -> list[str]:
        """In each language, on three pages, below each line that can stand there, on each phone."""
        menu = self.edition.services[session.service]
        lines = ("", *possible_lines(menu, menu.screen(session.screen)))
        pages = {session.page, 0, LAST}
        ways = itertools.product(self.edition.languages[session.service], pages, lines, PHONES, extras)
        return [
            self.show(stroll, replace(session, locale=locale, page=page, line=line), phone, extra)
            for locale, page, line, phone, extra in ways
        ]

    @property
    def held(self) -> str:
        """All that is remembered, keys and values."""
        return "".join(repr(getattr(self.edition, name)) for name in MEMORIES)


def test_a_remembered_screen_of_the_shipped_menus_is_what_a_fresh_rendering_gives() -> None:
    viewer, met = Viewer(shipped()), set()
    for seed in range(16):
        stroll = Stroll(viewer.edition, seed)
        for session in itertools.islice(stroll.walk(120), 0, None, 3):
            viewer.show_all(stroll, session)
            met.add(session.screen)
    # most of what was shown was not rendered for it: it is the memory that was compared
    assert len(viewer.edition.texts) < viewer.shown / 4
    assert {"inst_results", "ministry", "review", "too_many", "in_doubt"} <= met


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(menus(given=True), st.integers(0, 1000))
def test_that_holds_of_any_menu(text: str, seed: int) -> None:
    edition = edition_of(text)
    assume(edition is not None)
    assert edition is not None
    viewer = Viewer(edition)
    for number in range(4):
        stroll = Stroll(viewer.edition, seed + number)
        for session in stroll.walk(25):
            viewer.show_all(stroll, session, KEPT[:1])


# two callers


class Caller(Stroll):
    """Who types words of her own, by the same dice as another one with the same seed."""

    def __init__(self, edition: Edition, seed: int, name: str, receipt: str) -> None:
        super().__init__(edition, seed)
        self.name = name
        self.receipt = receipt
        """The digit of which her reference and her PIN consist."""

    def reply(self, screen: Screen) -> str:
        found = super().reply(screen)
        return f"{self.name} {found}"[:40] if found in TEXTS else found

    def result(self) -> Outcome:
        return Outcome(0, {"ref": self.receipt * 9, "due": "01/01/2027"}, b"case")

    def about(self) -> About:
        """A case of hers, at an institution of hers."""
        held = {"7": "TANESCO", "8": "NIDA"}[self.receipt]
        return About(self.receipt * 9, True, CASE.can, {**CASE.values, "institution": held})

    @property
    def hers(self) -> list[str]:
        return [self.name, self.receipt * 9, self.receipt * 4]

    def extra(self) -> dict[str, str]:
        return {**OTHER, "pin": self.receipt * 4}


def two_callers(edition: Edition, seeds: range, steps: int) -> dict[str, set[str]]:
    """Two at a time on one edition: neither sees what is the other's, nothing of them is remembered. By screen, what a
    caller saw there of what is hers."""
    viewer = Viewer(edition)
    saw: dict[str, set[str]] = {}
    for seed in seeds:
        pair = [Caller(viewer.edition, seed, "Kanari", "7"), Caller(viewer.edition, seed, "Zubeda", "8")]
        for sessions in zip(*(caller.walk(steps) for caller in pair), strict=True):
            for caller, other, session in zip(pair, reversed(pair), sessions, strict=True):
                screens = "\n\n".join(viewer.show_all(caller, session, [caller.extra()]))
                assert [words for words in other.hers if words in screens] == [], session.screen
                saw.setdefault(session.screen, set()).update(words for words in caller.hers if words in screens)
    assert [words for caller in pair for words in caller.hers if words in viewer.held] == []
    assert viewer.edition.texts
    assert viewer.edition.pages
    return saw


def test_a_caller_of_the_shipped_menus_sees_nothing_of_another() -> None:
    saw = two_callers(shipped(), range(16), 100)
    assert saw["inst_none"] >= {"Kanari", "Zubeda"}
    assert saw["review"] >= {"Kanari", "Zubeda"}
    assert saw["done"] >= {"7" * 9, "7" * 4, "8" * 9, "8" * 4}


TYPED = {
    "the heading": ("region", 'list: "Chagua mkoa:"', 'list: "Chagua mkoa, {who}:"'),
    "the words below a line": ("region", 'again: ""\n    from: regions', 'again: "Hapana, {who}:"\n    from: regions'),
    "a line": ("region", "from: regions", 'from: regions\n    go: {"9. Si {who}": change who}'),
    "the skip line": ("when", "skip: 6. Ruka", 'skip: "6. Ruka, {who}"'),
    "the words of a menu below a line": ("nature", "aina gani?", 'aina gani?\n    again: "Hapana, {who}."'),
}
"""The screen that shows what was typed, where it does so, and how that is written."""


@pytest.mark.parametrize(("screen", "old", "new"), TYPED.values(), ids=TYPED)
def test_a_caller_sees_nothing_of_another_wherever_a_screen_shows_what_was_typed(
    folder: MenuFolder, screen: str, old: str, new: str
) -> None:
    report = "menus/demo/report.yaml"
    folder.replace(report, "    - address\n    - nature\n", "    - who\n    - address\n    - nature\n")
    folder.replace(
        report, "screens:\n  how:", "screens:\n  who: {input: Jina?, save: who, check: {letters: 60}}\n  how:"
    )
    folder.replace(report, old, new)
    folder.replace(report, "go: {9. Tafuta tena: change query}", 'go: {"9. Si {query}": change query}')
    folder.translate()
    saw = two_callers(folder.edition(), range(12), 60)
    assert saw[screen] == {"Kanari", "Zubeda"}
    assert saw["results"] == {"Kanari", "Zubeda"}
    assert saw["how"] == saw["council"] == set()
