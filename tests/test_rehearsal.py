"""What a changed menu would do to dialogs that are under way, told by the gateway's own way of bringing them there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sessions import Draft, Edit, Outcome, Pending, Session
from tests.poll import POLL
from ussd_engine import config
from ussd_engine.country import Country
from ussd_engine.menu.edition import Edition, load_edition
from ussd_engine.model import Profile
from ussd_engine.rehearsal import LOSES_NOTHING, Fate, fate_of
from ussd_engine.view import View

Made = Callable[..., Edition]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """The poll with some of it replaced."""
    folders = iter(range(100))

    def make(*changes: tuple[str, str]) -> Edition:
        folder = tmp_path / f"menus{next(folders)}"
        folder.mkdir()
        text = POLL
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (folder / "poll.yaml").write_text(text)
        country = Country.load(config.load({}).country)
        return load_edition(folder, tmp_path / "locales", {"*150#": "poll"}, country)

    return make


def view() -> View:
    return View(b"k" * 32)


def session(screen: str, *drafts: Draft, **fields: object) -> Session:
    found = Session(os.urandom(8), b"before", "poll", screen, "sw", drafts=list(drafts))
    for name, value in fields.items():
        setattr(found, name, value)
    return found


def draft(left: str = "", form: str = "poll", **answers: str | None) -> Draft:
    return Draft("poll", form, os.urandom(8), dict(answers), left)


def fate(edition: Edition, one: Session, before: Edition | None = None) -> Fate:
    return fate_of(edition, one, view().facts, Profile(), before)


RENAMED = ("fruit", "dish")
INSERTED = (
    ("[colour, fruit,", "[colour, size, fruit,"),
    ("  fruit: {menu", "  size: {menu: Ukubwa?, save: size, choose: {1. Ndogo: small, 2. Kubwa: big}}\n  fruit: {menu"),
)


def test_what_began_on_this_very_version_is_not_touched(made: Made) -> None:
    edition = made()
    assert fate(edition, session("place", menu=edition.version)) is Fate.UNCHANGED


def test_words_that_changed_leave_every_dialog_where_it_is(made: Made) -> None:
    edition = made(("Tunda gani?", "Unapenda tunda gani?"))
    for one in (
        session("fruit", draft(colour="red")),
        session("finish", draft(colour="red", fruit="mango", place="coast")),
        session("door", draft("fruit", colour="red")),
        session("help"),
        session("door"),
    ):
        assert fate(edition, one) is Fate.STAYS


def test_a_new_question_before_hers_is_asked_and_nothing_is_lost(made: Made) -> None:
    edition = made(*INSERTED)
    assert fate(edition, session("place", draft(colour="red", fruit="mango"))) is Fate.ELSEWHERE
    assert fate(edition, session("door", draft("place", colour="red", fruit="mango"))) is Fate.ELSEWHERE
    assert fate(edition, session("colour", draft())) is Fate.STAYS


def test_a_question_of_another_name_is_asked_again(made: Made) -> None:
    edition = made(RENAMED)
    assert fate(edition, session("place", draft(colour="red", fruit="mango"))) is Fate.ASKED_AGAIN
    assert fate(edition, session("place", draft(colour="red", fruit=None))) is Fate.ASKED_AGAIN
    assert fate(edition, session("door", draft("place", colour="red", fruit="mango"))) is Fate.ASKED_AGAIN
    # her own question has another name, and she has not answered it yet
    assert fate(edition, session("fruit", draft(colour="red"))) is Fate.ELSEWHERE


GONE = (
    ("[colour, fruit, place", "[colour, place"),
    ("  fruit: {menu: Tunda gani?, save: fruit, choose: {1. Embe: mango, 2. Ndizi: banana}}\n", ""),
)
CONDITIONED = (("fruit, place", "fruit: {if: {colour: blue}}, place"),)


@pytest.mark.parametrize("changes", [GONE, CONDITIONED])
def test_an_answer_that_nobody_asks_for_any_more_is_dropped_and_nothing_is_asked(
    made: Made, changes: tuple[tuple[str, str], ...]
) -> None:
    edition = made(*changes)
    assert fate(edition, session("place", draft(colour="red", fruit="mango"))) is Fate.DROPPED
    assert fate(edition, session("finish", draft(colour="red", fruit="mango", place="coast"))) is Fate.DROPPED
    assert fate(edition, session("place", draft(colour="red"))) is Fate.STAYS


def test_several_questions_of_other_names_are_told_apart_from_one(made: Made) -> None:
    edition = made(RENAMED, ("colour", "shade"))
    assert fate(edition, session("place", draft(colour="red", fruit="mango"))) is Fate.ASKED_MORE


def test_an_answer_under_way_in_a_change_counts_as_given(made: Made) -> None:
    changed = draft(colour="red", fruit="mango", place="coast")
    changed.edits = [Edit("fruit", "finish", ["fruit"], {"fruit": "banana"})]
    assert fate(made(("Wapi?", "Ni wapi?")), session("finish", changed)) is Fate.STAYS
    assert fate(made(RENAMED), session("finish", changed)) is Fate.ASKED_AGAIN


def test_a_form_that_is_gone_begins_anew(made: Made) -> None:
    edition = made(("  poll: {ask", "  survey: {ask"), ("1. Anza: poll", "1. Anza: survey"))
    assert fate(edition, session("fruit", draft(colour="red"))) is Fate.ANEW
    assert fate(edition, session("door", draft("fruit", colour="red"))) is Fate.ANEW
    assert fate(edition, session("finish", draft(form="other", animal="lion"))) is Fate.STAYS


def test_outside_a_form_a_screen_that_is_gone_is_the_start(made: Made) -> None:
    edition = made((", 3. Msaada: help", ""), ("  help: {notice: Piga baadaye.}\n", ""))
    assert fate(edition, session("help")) is Fate.STARTS
    assert fate(edition, session("door")) is Fate.STAYS


def test_a_last_screen_is_over_also_where_the_new_menu_has_none_of_its_name(made: Made) -> None:
    before, edition = made(), made(("over", "bye"))
    assert fate(edition, session("over"), before) is Fate.OVER
    assert fate(before, session("over")) is Fate.OVER
    assert fate(before, session("over", draft("fruit", colour="red")), before) is Fate.STAYS


def test_an_act_under_way_is_carried_through_or_its_draft_goes_on(made: Made) -> None:
    pending = Pending("leave", "cancel", b"r", 1, 0)
    one = session("finish", draft(colour="red", fruit="mango", place="coast"), pending=pending)
    assert fate(made(("Wapi?", "Ni wapi?")), one) is Fate.ACTS
    one.pending = Pending("post", "carrier_pigeon", b"r", 1, 0)
    assert fate(made(("Wapi?", "Ni wapi?")), one) is Fate.STAYS


def test_two_drafts_are_as_badly_off_as_the_worse_of_them(made: Made) -> None:
    here, there = draft(colour="red", fruit="mango"), Draft("gone", "form", b"r", {"a": "b"})
    assert fate(made(("Wapi?", "Ni wapi?")), session("place", there, here)) is Fate.ANEW


def test_nothing_of_the_dialog_itself_is_changed(made: Made) -> None:
    one = session("place", draft(colour="red", fruit="mango"), outcome=Outcome(0, {"a": "b"}))
    shown = repr(one), [dict(each.answers) for each in one.drafts]
    fate(made(RENAMED), one)
    assert (repr(one), [dict(each.answers) for each in one.drafts]) == shown


def test_what_loses_nothing_is_all_but_what_is_asked_again_or_begins_anew() -> None:
    assert set(Fate) - LOSES_NOTHING == {Fate.DROPPED, Fate.ASKED_AGAIN, Fate.ASKED_MORE, Fate.ANEW}
