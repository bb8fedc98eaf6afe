"""A service in pilot: listed phones see it under the root and dial into it; for all others it is not open yet."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from simulator.local import local_gateway, wire
from simulator.phone import Phone
from tests.gateway.house import CODE, NUMBER, Caller, House
from tests.gateway.test_maintenance import stop
from tests.gateway.test_services import SURVEY, written
from ussd_engine import config
from ussd_engine.engine import read_menus
from ussd_engine.menu.edition import Edition
from ussd_engine.model import LegKind

PILOT = SURVEY.replace("resume: again\n", "resume: again\npilot: soon\n").replace(
    "  over: {", "  soon: {end: Huduma hii bado haijafunguliwa.}\n  over: {"
)
SOON = "Huduma hii bado haijafunguliwa."
ROOT = "Huduma za Serikali\n9. Maoni na mrejesho"
SEEN = "Maoni na mrejesho\n2. e-Mrejesho\n3. Utafiti\n0. Rudi"
UNSEEN = "Maoni na mrejesho\n2. e-Mrejesho\n0. Rudi"
OTHER = "255700000002"


async def listed(house: House, *numbers: str, service: str = "survey") -> None:
    """As the command does, and as every process learns of it."""
    await house.ledger.real.switches.list_phones(service, numbers, int(house.now[0] * 1000))
    await house.gateway.doors.look()


@pytest.fixture
def open_to_some(house: House, tmp_path: Path) -> House:
    """A house with a survey that is in pilot."""
    house.gateway.editions.swap(written(tmp_path, PILOT))
    return house


async def test_the_line_is_there_for_listed_phones_alone(open_to_some: House, caller: Caller) -> None:
    assert (await caller.at("9")).text == UNSEEN
    assert (await caller.type("3")).text == f"Chaguo si sahihi.\n{UNSEEN}"
    await listed(open_to_some, NUMBER)
    assert (await caller.at("9")).text == SEEN
    await caller.type("3")
    assert caller.screen == "door"
    other = open_to_some.caller(msisdn=OTHER)
    assert (await other.at("9")).text == UNSEEN


async def test_who_dials_outright_and_is_not_listed_is_told(open_to_some: House, caller: Caller) -> None:
    reply = await caller.dial("9*3")
    assert (reply.text, reply.ends) == (SOON, True)
    assert "not_open" in caller.counts
    assert (await caller.repeat()).text == SOON
    await listed(open_to_some, NUMBER)
    await caller.dial("9*3")
    assert (caller.screen, "not_open" in caller.counts) == ("door", False)


async def test_a_phone_without_a_number_is_in_no_pilot(open_to_some: House) -> None:
    await listed(open_to_some, NUMBER)
    caller = open_to_some.caller(LegKind.SEQUENCE, msisdn=None)
    assert (await caller.dial("9*3")).text == SOON
    assert (await caller.dial()).text == ROOT


async def test_a_dialog_goes_on_when_its_phone_is_taken_from_the_list(open_to_some: House, caller: Caller) -> None:
    await listed(open_to_some, NUMBER)
    await caller.at("9", "3", "1", "2")
    assert await open_to_some.ledger.real.switches.unlist("survey", [NUMBER]) == 1
    await open_to_some.gateway.doors.look()
    await caller.type("1")
    assert caller.screen == "place"
    assert (await caller.dial("9*3")).text == SOON


async def test_a_pilot_that_is_stopped_says_to_strangers_that_it_is_not_open(
    open_to_some: House, caller: Caller
) -> None:
    await stop(open_to_some, "survey", None)
    assert (await caller.dial("9*3")).text == SOON
    await listed(open_to_some, NUMBER)
    assert (await caller.dial("9*3")).text == "Samahani."


async def test_a_code_of_its_own_is_a_door_too(house: House, tmp_path: Path) -> None:
    edition = written(tmp_path, PILOT)
    object.__setattr__(edition, "codes", {**edition.codes, "*150*01#": "survey"})
    house.gateway.editions.swap(edition)
    caller = house.caller()
    caller.code = "*150*01#"
    assert (await caller.dial()).text == SOON
    await listed(house, NUMBER)
    assert (await caller.dial()).text == "Utafiti\n1. Anza\n2. Wanyama\n3. Msaada"


def alone(folder: Path) -> Edition:
    """The shipped menus with e-Mrejesho in pilot, so that nothing else stands under the root."""
    menus, locales = folder / "menus", folder / "locales"
    settings = config.load({})
    shutil.copytree(settings.menus, menus)
    shutil.copytree(settings.locales, locales)
    service = menus / "emrejesho/service.yaml"
    text = service.read_text()
    screen = f"  soon: {{end: {SOON}}}\n  shut: {{"
    for old, new in (("last: last ", "pilot: soon\nlast: last "), ("  shut: {", screen)):
        assert text.count(old) == 1
        text = text.replace(old, new)
    service.write_text(text)
    with (locales / "en/LC_MESSAGES/emrejesho.po").open("a") as po:
        po.write(f'\nmsgctxt "soon"\nmsgid "{SOON}"\nmsgstr "This service is not open yet."\n')
    return read_menus(config.load({"USSD_ENGINE_MENUS": str(menus), "USSD_ENGINE_LOCALES": str(locales)}))


async def test_where_nothing_else_is_there_a_dial_is_told_at_once_in_her_language(
    house: House, caller: Caller, tmp_path: Path
) -> None:
    await caller.at("9", "2", "2")
    house.gateway.editions.swap(alone(tmp_path))
    for digits in ("", "9", "9*2", "9*2*5", "7"):
        reply = await caller.dial(digits)
        assert (reply.text, reply.ends) == ("This service is not open yet.", True)
    await listed(house, NUMBER, service="emrejesho")
    assert (await caller.dial()).text == "Government services\n9. Opinions and feedback"
    await caller.dial("9*2*5")
    assert caller.screen == "track_how"


OWN = """
service: {name}
language: sw
start: start
keys: {{back: 0. Rudi, more: 98. Zaidi, home: "00"}}
tries: 3
too_many: over
system: {{fault: over, old: over, busy: over, maint: over}}
{more}errors: {{choice: Chaguo si sahihi., empty: Hujaandika kitu.}}
screens:
  start: {{menu: Karibu, go: {{1. Endelea: {to}}}}}
  over: {{end: Basi.}}
"""


async def test_a_gateway_of_a_testers_own_lets_every_phone_in(tmp_path: Path) -> None:
    menus = tmp_path / "menus"
    menus.mkdir()
    (menus / "root.yaml").write_text(OWN.format(name="root", to="service second", more=""))
    (menus / "second.yaml").write_text(OWN.format(name="second", to="over", more="pilot: over\n"))
    own = {"menus": menus, "locales": tmp_path / "none", "var": tmp_path / "var", "country": config.load({}).country}
    named = {f"USSD_ENGINE_{name.upper()}": str(value) for name, value in own.items()}
    settings = config.load({**named, "USSD_ENGINE_CODES": f"{CODE}=root"})
    async with local_gateway(settings) as local:
        for number in (NUMBER, None):
            phone = Phone(wire("africastalking", settings), local.line, local.clock, number)
            assert (await phone.dial(CODE)).text == "Karibu\n1. Endelea"
            assert not (await phone.type("1")).ends
