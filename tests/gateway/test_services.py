"""Two services under one code: each has its own draft, and a new edition moves both."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.gateway.house import COMPLAINT, HOME, Caller, House
from tests.poll import POLL
from ussd_engine import config
from ussd_engine.engine import read_menus
from ussd_engine.menu.edition import Edition

SURVEY = POLL.replace("service: poll", "service: survey")


def written(folder: Path, survey: str) -> Edition:
    """The shipped menus with the survey as line 3 of the root's feedback."""
    menus = folder / "menus"
    shutil.copytree(config.load({}).menus, menus)
    (menus / "survey.yaml").write_text(survey)
    root = menus / "gmp.yaml"
    line = "go: {2. e-Mrejesho: service emrejesho}"
    text = root.read_text()
    assert line in text
    root.write_text(text.replace(line, "go: {2. e-Mrejesho: service emrejesho, 3. Utafiti: service survey}"))
    return read_menus(config.load({"USSD_ENGINE_MENUS": str(menus)}))


@pytest.fixture
def both(house: House, tmp_path: Path) -> House:
    """A house with two services that have forms."""
    house.gateway.editions.swap(written(tmp_path / "first", SURVEY))
    return house


@pytest.fixture
async def midway(both: House, caller: Caller) -> Caller:
    """A caller with an unfinished form in each of two services."""
    await caller.at(*HOME, *COMPLAINT)
    await caller.dial()
    await caller.type("9", "3", "1", "2")
    assert caller.screen == "fruit"
    return caller


async def test_drafts_of_two_services_are_both_kept_and_do_not_meet(midway: Caller) -> None:
    await midway.dial()
    await midway.type("9", "2", "1")
    assert midway.screen == "identity"
    await midway.dial()
    await midway.type("9", "3", "1")
    assert midway.screen == "fruit"
    drafts = {draft.service: draft.answers for draft in midway.house.sessions.only().drafts}
    assert drafts["survey"] == {"colour": "blue"}
    assert "colour" not in drafts["emrejesho"]


async def test_dropping_one_draft_leaves_the_other(midway: Caller) -> None:
    await midway.dial()
    await midway.type("9", "2", "3")
    await midway.dial()
    await midway.type("9", "3", "1")
    assert midway.screen == "fruit"


async def test_a_new_edition_moves_the_drafts_of_both(midway: Caller, tmp_path: Path) -> None:
    changed = SURVEY.replace("[colour, fruit, ", "[colour, dish, ").replace("  fruit: {", "  dish: {")
    midway.house.gateway.editions.swap(written(tmp_path / "second", changed))
    await midway.dial()
    await midway.type("9", "2", "1")
    assert midway.screen == "identity"
    await midway.dial()
    await midway.type("9", "3", "1")
    assert midway.screen == "dish"
