"""An act under way when the menus change: the action is found by what it does, whatever its name means now."""

from __future__ import annotations

from sessions import Pending, Session
from tests.menu.menu_folder import MenuFolder, shipped
from ussd_engine import acts
from ussd_engine.actions import ACTIONS


def test_the_screens_that_act_are_those_whose_answers_lead_to_an_action() -> None:
    menu = shipped().services["emrejesho"]
    by_line = {str(dest): screens for dest, screens in menu.acting.items()}
    assert by_line["send"] == ("review",)
    assert set(by_line["leave"]) == {"review", "appeal_confirm"}
    assert by_line["forget"] == ("resume",)
    assert by_line["add_send"] == ("add", "reply")
    does = {menu.service.actions[name].do for name in by_line.keys() - {"forget"}}
    assert does == {name for name, action in ACTIONS.items() if action.acts}


def test_what_an_action_that_looks_leads_on_to_belongs_to_the_screen_of_the_first() -> None:
    menu = shipped().services["emrejesho"]
    by_line = {str(dest): set(screens) for dest, screens in menu.acting.items()}
    assert by_line["show_pin"] == {"track_list", "track_ref", "track_pin"}
    assert by_line["erase_send"] == {"erase_pin"}


def test_an_action_that_took_the_name_of_another_is_not_run_for_it(folder: MenuFolder) -> None:
    folder.replace("menus/demo/report.yaml", "1. Tuma: send", "1. Tuma: post")
    folder.replace("menus/demo/report.yaml", "9. Acha: leave", "9. Acha: send")
    folder.replace("menus/demo/report.yaml", "  send:\n    do: submit", "  post:\n    do: submit")
    folder.replace("menus/demo/report.yaml", "  leave: {do: cancel", "  send: {do: cancel")
    session = Session(b"d", b"old", "demo", "review", "sw")
    session.pending = Pending("send", "submit", b"r", 1, 0)
    after = acts.moved(folder.edition(), session)
    assert after.pending is not None
    assert (after.pending.action, after.pending.do, after.screen) == ("post", "submit", "review")


def test_an_act_finds_its_screen_where_that_has_another_name(folder: MenuFolder) -> None:
    session = Session(b"d", b"old", "demo", "resumed", "sw")
    session.pending = Pending("forget", "cancel", b"r", 1, 0)
    after = acts.moved(folder.edition(), session)
    assert after.pending is not None
    assert (after.pending.action, after.screen) == ("forget", "resume")
