"""Acts whose menu changed under them, and what an edition remembers."""

from __future__ import annotations

from sessions import Draft, Pending, Session
from tests.gateway.house import HOME, Caller, House
from ussd_engine import acts


def test_an_act_that_no_menu_knows_any_more_is_let_go_and_the_draft_stays(house: House) -> None:
    edition = house.gateway.editions.current
    draft = Draft("emrejesho", "complaint", b"r", {"find": "name"}, left="review")
    session = Session(b"d", b"old", "emrejesho", "review", "sw", drafts=[draft])
    session.pending = Pending("post", "carrier_pigeon", b"r", 1, 0)
    after = acts.moved(edition, session)
    assert after.pending is None
    assert after.drafts == [draft]
    session.service = "gone"
    assert acts.moved(edition, session).pending is None


def test_an_act_whose_name_changed_is_found_by_what_it_does(house: House) -> None:
    session = Session(b"d", b"old", "emrejesho", "review", "sw")
    session.pending = Pending("post", "submit", b"r", 1, 0)
    after = acts.moved(house.gateway.editions.current, session)
    assert after.pending is not None
    assert (after.pending.action, after.screen) == ("send", "review")


async def test_the_pages_that_are_remembered_hold_nothing_that_was_typed(house: House, caller: Caller) -> None:
    await caller.at(*HOME, "1", "1", "mwizi Juma Hamisi polisi")
    assert "mwizi" not in repr(house.gateway.editions.current.pages)
