"""The page holds the graph on which the machine runs and the screens that the gateway shows, and asks nothing of
anybody."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from sessions import Session
from tests.menu.generated import edition_of, menus
from tests.menu.menu_folder import MenuFolder, shipped
from ussd_engine import gsm
from ussd_engine.facts import FACTS
from ussd_engine.menu import page as page_module
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.page import Stop, Trace, own_words, page
from ussd_engine.menu.page.examples import Examples
from ussd_engine.menu.page.leads import ELSE, Leads
from ussd_engine.model import Profile
from ussd_engine.render import render

PROFILE = Profile()
LINE = re.compile(r"\d+\. ")
CASES = ("track_list", "handlers")


def data_of(text: str) -> dict[str, Any]:
    """What a page knows, as its own script reads it."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


@cache
def written() -> str:
    return page(shipped(), PROFILE)


def screens() -> list[tuple[str, str, dict[str, Any]]]:
    services = data_of(written())["services"]
    return [(name, screen, about) for name in services for screen, about in services[name]["screens"].items()]


def transitions_of(menu: Menu) -> set[tuple[str, str, str | None]]:
    return {
        (event.name, transition.source, transition.dest)
        for event in menu.machine.events.values()
        for transitions in event.transitions.values()
        for transition in transitions
    }


def ways_of(menu: Menu) -> set[tuple[str, str, str | None]]:
    """What the answers of all screens take, as transitions."""
    leads = Leads(menu)
    return {
        (f"{way.verb} {way.to}", name, way.to)
        for name in menu.service.screens
        for answer in leads.answers(name)
        for way in answer.ways
        if way.verb != "service"
    }


@pytest.mark.parametrize("name", ["gmp", "emrejesho"])
def test_the_graph_of_the_page_is_that_of_the_machine(name: str) -> None:
    menu = shipped().services[name]
    service = data_of(written())["services"][name]
    assert {tuple(edge) for edge in service["edges"]} == menu.edges
    ways = {
        (f"{way['verb']} {way['to']}", screen, way["to"])
        for screen, about in service["screens"].items()
        for answer in about["answers"]
        for way in answer["ways"]
        if way["verb"] != "service"
    }
    assert ways == transitions_of(menu)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(menus())
def test_that_holds_of_any_menu(text: str) -> None:
    edition = edition_of(text)
    assume(edition is not None)
    assert edition is not None
    menu = edition.services["demo"]
    assert ways_of(menu) == transitions_of(menu)


def test_every_way_of_the_shipped_menus_belongs_to_an_answer() -> None:
    loose = [
        (name, way)
        for menu in shipped().services.values()
        for name in menu.service.screens
        for answer in Leads(menu).answers(name)
        if answer.key == ELSE
        for way in answer.ways
    ]
    assert loose == []


def test_an_answer_leads_only_where_its_own_value_leads() -> None:
    answers = {answer.key: answer for answer in Leads(shipped().services["emrejesho"]).answers("inst_how")}
    assert {way.to for way in answers["1"].ways if not way.later} == {"inst_query"}
    assert answers["1"].saves == {"find": "name"}
    assert {way.to for way in answers["2"].ways if not way.later} == {"ministry"}


def test_the_outcomes_of_an_action_are_told_with_their_conditions() -> None:
    answers = {answer.key: answer for answer in Leads(shipped().services["emrejesho"]).answers("review")}
    sent = [way for way in answers["1"].ways if way.action == "send" and way.outcome == "ok"]
    assert [(way.to, way.tests) for way in sent] == [("done_anon", (("identity", ("anonymous",), True),)), ("done", ())]
    change = next(way for way in answers["3"].ways if way.form == "complaint")
    assert (change.verb, change.to) == ("change", "inst_how")
    assert {"find", "institution"} <= set(change.clears)


def test_every_screen_is_shown_in_every_language_with_its_size() -> None:
    for service, name, about in screens():
        assert set(about["shown"]) == set(shipped().languages[service])
        for locale, shown in about["shown"].items():
            assert shown["pages"], f"{service}/{name} in {locale}"
            for one in shown["pages"]:
                text = "\n".join(row[0] for row in one["rows"])
                assert gsm.measure(text) == (one["encoding"], one["units"])
                assert gsm.fits(text, PROFILE.septets, PROFILE.units), f"{service}/{name} in {locale}: {text}"
                assert "{" not in text


@pytest.mark.parametrize("locale", ["sw", "en"])
@pytest.mark.parametrize("name", ["home", "resume", "inst_how", "nature", "message", "topic", "region", "help", "lang"])
def test_a_screen_is_that_of_the_gateway(name: str, locale: str) -> None:
    session = Session(b"", shipped().version, "emrejesho", name, locale)
    can = {"can": frozenset({"finish_by_sms"})}
    about = data_of(written())["services"]["emrejesho"]["screens"][name]
    for number, one in enumerate(about["shown"][locale]["pages"]):
        session.page = number
        extra = {"code": "*152*00*9*2#"}
        assert "\n".join(row[0] for row in one["rows"]) == render(shipped(), session, can, PROFILE, extra).text


def test_every_line_of_a_screen_can_be_clicked_and_leads_on() -> None:
    for service, name, about in screens():
        answers = {answer["key"]: answer for answer in about["answers"]}
        for shown in about["shown"].values():
            for text, key in (row for one in shown["pages"] for row in one["rows"]):
                if about["kind"] == "menu" and LINE.match(text):
                    assert key, f"{service}/{name}: {text}"
                if key not in ("", "more", "back"):
                    assert answers[key]["ways"], f"{service}/{name}: {text}"
        lines = [line.number for line in shipped().services[service].service.screens[name].lines]
        printed = {row[1] for shown in about["shown"].values() for one in shown["pages"] for row in one["rows"]}
        assert set(lines) <= printed


def test_what_citizens_typed_in_transcripts_stands_as_an_example() -> None:
    menu = shipped().services["emrejesho"]
    examples = Examples(shipped(), menu, "sw", PROFILE, {"message": "umeme umekatika siku tatu", "query": "tanesco"})
    review = "\n".join(row[0] for row in examples.pages(menu.screen("review"))[0].rows)
    assert '"umeme umekatika siku tatu"' in review
    results = examples.pages(menu.screen("inst_results"))[0].rows
    assert ("1. TANESCO", "row") in results


def test_rows_that_come_from_elsewhere_have_examples_too() -> None:
    screens = data_of(written())["services"]["emrejesho"]["screens"]
    rows = {name: [row[0] for row in screens[name]["shown"]["en"]["pages"][0]["rows"]] for name in CASES}
    assert rows["track_list"][1:3] == ["1. 482173659 Received", "2. 117936204 Opened"]
    assert re.fullmatch(r"15/01/2026 Officer .+: received", rows["handlers"][1])


def test_the_page_fetches_nothing_and_runs_only_its_own_script() -> None:
    text = written()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    parts = dict(part.strip().split(" ", 1) for part in policy[1].split(";"))
    assert parts["default-src"] == parts["base-uri"] == parts["form-action"] == "'none'"
    for tag, kind in (("style", "style-src"), ("script", "script-src")):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert parts[kind] == f"'sha256-{digest}'"
    shell = re.sub(r'id="data">.*?</script>', "", text, flags=re.DOTALL)
    assert re.findall(r"https?:|\bsrc=|\bhref=|url\(|@import|\bstyle=|\bon\w+=\"|fetch\(|innerHTML", shell) == []


def test_no_word_of_a_menu_or_a_transcript_breaks_the_page(folder: MenuFolder) -> None:
    bad = "</script><!-- <script> \u2028 @STYLE@"
    folder.replace("menus/demo/service.yaml", "menu: Karibu", f"menu: '{bad.replace(chr(0x2028), ' ')}'")
    stop = Stop(does="dial *150*00#", screen="demo/home", text=bad)
    text = page(folder.edition(), PROFILE, [Trace("a.yaml", bad, [stop])])
    assert data_of(text)["traces"] == [
        {"file": "a.yaml", "title": bad, "steps": [{"does": "dial *150*00#", "screen": "demo/home", "text": bad}]}
    ]
    assert text.count("</script>") == 2
    assert "\u2028" not in text


def test_every_word_that_the_script_says_is_known_to_who_translates() -> None:
    known = {text for _, text in own_words()}
    folder = Path(page_module.__file__).parent
    scripts = "".join((folder / name).read_text() for name in ("walk.js", "draw.js"))
    said = set(re.findall(r'\bsay\(\s*"([^"]*)"', scripts))
    assert len(said) > 30
    assert said <= known
    assert {text for values in FACTS.values() for text in values.values()} <= known
    shell = re.sub(r"<(script|style|noscript).*?</\1>", "", (folder / "page.html").read_text(), flags=re.DOTALL)
    assert re.findall(r">\s*([A-Za-z][^<]*)<", shell) == ["Menus"], "a word that no language can change"


def test_a_page_has_the_words_of_other_languages_that_it_is_given() -> None:
    text = page(shipped(), PROFILE, words={"sw": {"Send": "Tuma"}})
    assert data_of(text)["words"] == {"sw": {"Send": "Tuma"}}
