"""The page of the menus in a real browser: clicked as a transcript types, it shows what the gateway showed."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio

from simulator.drawing import page_words
from simulator.replay import find
from simulator.speech import Speech
from simulator.trace import Tracer
from tests.browser import Browser, Page, chromium
from tests.transcripts.conftest import FILES, ROOT
from ussd_engine import config
from ussd_engine.country import Country
from ussd_engine.menu.edition import load_edition
from ussd_engine.menu.page import Trace, own_words, page
from ussd_engine.model import Profile

pytestmark = pytest.mark.asyncio(loop_scope="module")

WALKED = (
    *("short.sw", "short.en", "change.en", "change.sw", "compliment.sw", "question-unnamed.en", "ministry.sw"),
    *("help.en", "natures.sw", "topics.en", "private.sw", "keys.sw", "quick.sw"),
)
"""Dialogs in which everything is typed, and what follows does not rest on what a list or an offer finds."""


MORE = ("98",)


class Sheet:
    """The written page, and the transcripts that it holds."""

    def __init__(self, file: Path, traces: list[Trace]) -> None:
        self.url = file.as_uri()
        self.traces = {Path(trace.file).name.removesuffix(".yaml"): trace for trace in traces}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sheet(tmp_path_factory: pytest.TempPathFactory) -> Sheet:
    settings = config.load({})
    edition = load_edition(settings.menus, settings.locales, settings.codes, Country.load(settings.country))
    tracer = Tracer(settings, edition)
    await tracer.play(find([file for file in FILES if file.stem in WALKED]), ROOT / "menus")
    file = tmp_path_factory.mktemp("page") / "menus.html"
    file.write_text(page(edition, Profile(), tracer.traces, tracer.given, page_words(tracer)), encoding="utf-8")
    return Sheet(file, tracer.traces)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with chromium(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def opened(browser: Browser, sheet: Sheet) -> AsyncIterator[Page]:
    """The page, freshly loaded; whatever a test does there, it asks nothing of anybody and breaks nothing."""
    found = await browser.page()
    await found.open(sheet.url)
    yield found
    assert set(found.asked) == {sheet.url}
    assert found.complaints == []


async def at(opened: Page, where: str) -> None:
    """Wait until the page stands at `SERVICE/SCREEN`."""
    await opened.until(f"location.hash.startsWith({json.dumps(f'#{where}/')})")


async def answer(opened: Page, text: str) -> None:
    """Click the line that begins with a number, or type."""
    selector = "#screen button"
    rows = await opened.run(f"[...document.querySelectorAll('{selector}')].map((row) => row.innerText.trim())")
    line = next((row for row in rows if row.startswith(f"{text}. ")), None)
    if line:
        await opened.click(selector, line)
    else:
        await opened.click("#typed")
        await opened.type(text)


@pytest.mark.parametrize("name", WALKED)
async def test_clicked_as_a_transcript_types_it_shows_what_the_gateway_showed(
    opened: Page, sheet: Sheet, name: str
) -> None:
    steps = sheet.traces[name].steps
    assert len(steps) > 5
    await opened.open(f"{sheet.url}#{steps[0].screen}/{steps[0].locale}")
    await opened.run("state.facts.delete('can use_sms')")
    for number, (before, step) in enumerate(pairwise(steps), 2):
        does, _, text = step.does.partition(" ")
        assert does == "type"
        if step.screen == before.screen and text not in MORE:
            continue  # what was refused: the page knows no rules, and counts no wrong choices
        await answer(opened, text)
        found = await opened.run("location.hash")
        assert found == f"#{step.screen}/{step.locale}", f"{name}, step {number}: {step.does}"


async def test_one_step_back_leads_back_and_the_key_too(opened: Page) -> None:
    await answer(opened, "9")
    await at(opened, "gmp/gmp_feedback")
    await opened.click("#undo")
    await at(opened, "gmp/gmp_root")
    await answer(opened, "9")
    await opened.click("#screen button", "0. Rudi")
    await at(opened, "gmp/gmp_root")


async def test_the_language_is_switched_where_one_stands(opened: Page, sheet: Sheet) -> None:
    await opened.open(f"{sheet.url}#emrejesho/home/sw")
    await opened.click("#languages button", "English")
    assert (await opened.text("#screen")).startswith("Welcome to e-Mrejesho\n\n1. Complaint")
    assert (await opened.text("#size")).endswith("· page 1/1 · en · home")
    await opened.run("document.querySelector('#languages button').click()")
    assert (await opened.text("#screen")).startswith("Karibu e-Mrejesho")


async def test_a_wrong_choice_is_told_in_the_menus_own_words(opened: Page, sheet: Sheet) -> None:
    await opened.open(f"{sheet.url}#emrejesho/home/sw")
    await answer(opened, "77")
    assert "Chaguo si sahihi." in await opened.text("#told")
    await at(opened, "emrejesho/home")


async def test_a_page_of_a_list_leads_to_the_next_and_its_rows_on(opened: Page, sheet: Sheet) -> None:
    await opened.open(f"{sheet.url}#emrejesho/region/sw")
    assert "· ukurasa 1/" in await opened.text("#size")
    await opened.click("#screen button", "98. Zaidi")
    assert "· ukurasa 2/" in await opened.text("#size")
    await opened.click('#screen button[data-key="row"]')
    await opened.until("!location.hash.includes('/region/')")


async def test_conditions_are_told_beside_the_lines(opened: Page, sheet: Sheet) -> None:
    await opened.open(f"{sheet.url}#emrejesho/case/en")
    when = "if her case may come to a higher level, now or later and if the core takes appeals"
    assert when in await opened.text("#leads")
    await opened.open(f"{sheet.url}#emrejesho/review/sw")
    assert "ikiwa identity ni “bila kujulikana”, send: ok" in await opened.text("#leads")


SEEN = """[document.body.innerText, ...[...document.querySelectorAll("[title], [aria-label], [placeholder]")].map(
  (one) => `${one.title} ${one.ariaLabel || ""} ${one.placeholder || ""}`)].join("\\n")"""
LOOKED_AT = ("case", "review", "home", "message", "inst_results", "appeal_confirm", "done", "resume")


def parts(texts: Iterable[str]) -> set[str]:
    """What stands in texts between their placeholders."""
    return {part.strip().casefold() for text in texts for part in re.split(r"\{\w+\}|`\w+`", text)}


@pytest.mark.parametrize(("locale", "other"), [("sw", "en"), ("en", "sw")])
async def test_the_page_speaks_the_language_of_its_screens_alone(
    opened: Page, sheet: Sheet, locale: str, other: str
) -> None:
    ours, theirs = Speech(locale), Speech(other)
    own = {text for _, text in own_words() if ours.plain(text) != theirs.plain(text)}
    strange = {part for part in parts(map(theirs.plain, own)) if len(part) > 4} - parts(map(ours.plain, own))
    met = set()
    for screen in LOOKED_AT:
        await opened.open(f"{sheet.url}#emrejesho/{screen}/{locale}")
        await opened.run("document.querySelector('#takes .step')?.click()")
        await opened.run("for (const one of document.querySelectorAll('details')) one.open = true")
        await opened.run("refuse('nothing of the kind')")
        seen = re.sub(r"\S*/\S*", "", str(await opened.run(SEEN)).casefold())  # paths are in no language
        met |= {text for text in own if ours.plain(text).casefold() in seen}
        assert {part for part in strange if re.search(rf"(?<!\w){re.escape(part)}(?!\w)", seen)} == set(), screen
    assert len(met) > 40
    assert await opened.run("document.documentElement.lang") == locale


async def test_what_a_step_of_a_transcript_does_is_told_in_the_language_too(opened: Page, sheet: Sheet) -> None:
    await opened.open(f"{sheet.url}#gmp/gmp_root/sw")
    index = list(sheet.traces).index("short.sw")
    await opened.run(f"follow({index}, 0)")
    assert "piga *152*00#" in await opened.text("#story")


async def test_transcripts_are_followed_step_by_step(opened: Page, sheet: Sheet) -> None:
    await opened.open(f"{sheet.url}#emrejesho/review/sw")
    trace = sheet.traces["short.sw"]
    assert trace.title in await opened.text("#takes")
    at_review = next(number for number, step in enumerate(trace.steps, 1) if step.screen == "emrejesho/review")
    index = list(sheet.traces.values()).index(trace)
    await opened.click(f'#takes .trace[data-trace="{index}"] .step', str(at_review))
    assert '"umeme umekatika siku tatu"' in await opened.text("#story pre")
    await opened.click("#story .step", str(at_review + 1))
    await at(opened, "emrejesho/done")


async def test_the_overview_leads_to_any_screen(opened: Page, sheet: Sheet) -> None:
    await opened.open(f"{sheet.url}#emrejesho/home/sw")
    count = await opened.run("document.querySelectorAll('#tree button').length")
    assert count == await opened.run("Object.keys(data.services.emrejesho.screens).length")
    await opened.click("#find")
    await opened.type("umeacha", enter=False)
    await opened.click('#tree button[data-screen="cancelled"]')
    await at(opened, "emrejesho/cancelled")
    assert "Mazungumzo yamekwisha." in await opened.text("#screen")


async def test_it_can_be_read_on_a_narrow_screen(opened: Page, sheet: Sheet) -> None:
    await opened.resize(390, 800)
    await opened.open(f"{sheet.url}#emrejesho/track_how/en")
    assert await opened.run("document.documentElement.scrollWidth") <= 390
