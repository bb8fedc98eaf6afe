"""The phone in a real browser, in Swahili, with nothing but what stands on the page: the whole circle, and trouble."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from yarl import URL

from simulator.transcript import load
from simulator.web.seats import PUT_AWAY
from simulator.web.server import serving
from tests.browser import chromium
from tests.room.conftest import new_room
from tests.room.webpage import NARROW, PHONE, Visitor, at_the_page
from ussd_engine.model import Reply

pytestmark = pytest.mark.asyncio(loop_scope="session")
PICTURES = Path(__file__).parent.parent.parent / "build" / "pictures"
"""Where pictures are kept, to be looked at."""
CODE = "*152*00#"


async def to_the_text(tester: Visitor) -> None:
    await tester.types(CODE, "Huduma za Serikali")
    await tester.chooses("Maoni na mrejesho", "e-Mrejesho")
    await tester.chooses("e-Mrejesho", "Kiswahili")
    await tester.chooses("Kiswahili", "Lalamiko")
    await tester.chooses("Lalamiko", "Andika jina la taasisi")
    await tester.chooses("Andika jina la taasisi", "Mfano: TANESCO")
    await tester.types("tanesco", "1. TANESCO")
    await tester.chooses("TANESCO", "Ucheleweshaji")
    await tester.chooses("Ucheleweshaji", "Andika ujumbe wako")


async def test_a_tester_plays_the_whole_circle_in_the_browser(tmp_path: Path) -> None:
    async with at_the_page(tmp_path) as tester:
        page = tester.page
        assert f"Andika {CODE}" in await page.text("#help")
        await to_the_text(tester)
        assert re.search(r"^73/160 GSM-7 · ukurasa 1/1 · sw · message · 0\d:\d\d imebaki$", await page.text("#status"))

        # hangs up in mid-text, redials, and goes on
        await page.click("#typed")
        await page.type("umeme umekatika", enter=False)
        await page.click("#keypad button", "Kata simu")
        await tester.notes("Ukipiga tena utaona menyu ya kwanza; *152*00*9*2# inaendelea ulipoishia.")
        assert await page.run("document.querySelector('#typed').value") == ""
        await tester.turns("Hitilafu")
        await page.click("#trouble button", "Piga tena")
        await tester.chooses("Maoni na mrejesho", "e-Mrejesho")
        await tester.chooses("e-Mrejesho", "Endelea ulipoishia")
        await tester.chooses("Endelea ulipoishia", "Andika ujumbe wako")
        await tester.types("umeme umekatika siku tatu", "Siri")
        await tester.chooses("Siri", "Tuma")
        found = re.search(r"Namba: (\d{9})\nPIN: (\d{4})", await tester.chooses("Tuma", "PIN"))
        assert found
        reference, pin = found.groups()

        # opens the SMS
        await tester.reads("#to-sms", "SMS 1")
        await page.click("#to-sms")
        await tester.reads("#messages", f"Tumepokea. Namba: {reference}.")
        await page.until("document.querySelector('#unread').textContent === ''")
        await page.picture(PICTURES / "web-sms.png")

        # plays the officer
        await tester.turns("Afisa")
        await tester.reads("#case", "lalamiko · siri · TANESCO")
        await page.click("#offers button", "Fungua")
        await tester.reads("#case", "umeme umekatika siku tatu")
        await page.click("#offers button", "Shughulikia")
        await page.click("#offers button", "Jibu")
        await page.until("document.activeElement.id === 'says'")
        await page.type("Mafundi wamefika, umeme umerudi.")
        await tester.reads("#case", "umejibiwa")
        await page.picture(PICTURES / "web-officer.png")

        # reads the answer, ten minutes later
        await tester.turns("Hitilafu")
        await page.click("#trouble button", "Acha dakika 10 zipite")
        await tester.notes("Muda umepita.")
        await tester.types(CODE, "Huduma za Serikali")
        await tester.chooses("Maoni na mrejesho", "e-Mrejesho")
        await tester.chooses("e-Mrejesho", "Fuatilia")
        await tester.chooses("Fuatilia", "Nilichotuma")
        await tester.chooses("Nilichotuma", reference)
        await tester.chooses(reference, "PIN")
        await tester.types(pin, "Soma jibu")
        await tester.chooses("Soma jibu", "Mafundi wamefika, umeme")
        await tester.turns("Data")
        assert "/ussd/africastalking" in await page.text("#request")
        assert "Mafundi" in await page.text("#answer")
        await page.picture(PICTURES / "web-wire.png")


async def test_the_mouse_alone_dials_on_a_narrow_page_and_every_page_fits(tmp_path: Path) -> None:
    async with at_the_page(tmp_path, size=NARROW) as tester:
        page = tester.page
        for key in ("*", "1", "5", "2", "*", "0", "0", "1"):
            await page.click(f'[data-key="{key}"]')
        await page.click("#clear")
        await page.click('[data-key="#"]')
        await page.click("#keypad button", "Piga")
        await tester.reads(PHONE, "Huduma za Serikali")
        await page.picture(PICTURES / "web-narrow.png")
        await page.click('[data-key="9"]')
        await page.click("#keypad button", "Tuma")
        await tester.reads(PHONE, "Maoni na mrejesho")
        for scheme in ("light", "dark"):
            await page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            for tab in ("Skrini", "Msaada", "SMS", "Afisa", "Hitilafu", "Simu", "Data", "Rekodi"):
                await tester.turns(tab)
                assert await page.text('#tabs [aria-current="true"]') == tab
                assert await page.run("document.documentElement.scrollWidth") == NARROW[0], tab
                await page.picture(PICTURES / f"web-narrow-{scheme}-{tab.lower()}.png")
        await page.click("#language")
        await tester.reads("#tabs", "Trouble")
        assert await page.run("document.documentElement.lang") == "en"


async def test_the_keyboard_alone_reaches_the_phone_and_everything_has_a_name(tmp_path: Path) -> None:
    async with at_the_page(tmp_path, "en") as tester:
        page = tester.page
        await page.run("document.querySelector('#to-trouble').focus()")
        await page.press("Enter", 13, "\r")
        await page.until("!document.querySelector('#trouble').hidden")
        await page.press("Escape", 27)
        assert await page.run("document.activeElement.id") == "typed"
        await page.type(CODE)
        await tester.reads(PHONE, "Huduma za Serikali")
        await page.click("#to-wire")
        await page.press("9", 57, "9")
        await page.press("Enter", 13, "\r")
        await tester.reads(PHONE, "Maoni na mrejesho")
        assert await page.run("document.querySelector('#display').getAttribute('aria-live')") == "polite"
        for tab in ("sms", "desk", "trouble", "phones", "wire", "transcript"):
            await page.click(f"#to-{tab}")
            nodes = (await page.send("Accessibility.getFullAXTree"))["nodes"]
            named = [
                (node["role"]["value"], node["name"]["value"])
                for node in nodes
                if not node["ignored"]
                and node["role"]["value"] in ("button", "textbox", "link", "region", "navigation")
            ]
            assert len(named) > 20
            assert [role for role, name in named if not name.strip()] == []


async def test_a_gateway_that_is_killed_in_mid_dialog_gives_words_and_a_way_back_in_the_browser(tmp_path: Path) -> None:
    async with at_the_page(tmp_path) as tester:
        page = tester.page
        await tester.types(CODE, "Huduma za Serikali")
        await tester.turns("Hitilafu")
        await page.click("#trouble button", "Lango limezimika")
        await page.until(
            "document.querySelector('#trouble [data-name=gateway]').getAttribute('aria-pressed') === 'true'"
        )
        await tester.types("9", "Hitilafu ya mtandao. Ombi lako")
        await tester.notes("Lango halijibu. Liwashe tena (Hitilafu), kisha piga tena.")
        await page.picture(PICTURES / "web-dead.png")
        await page.click("#trouble [data-name=gateway]")
        await tester.notes("Lango liko tayari.")
        await page.click("#trouble button", "Piga tena")
        await tester.reads(PHONE, "Huduma za Serikali")


async def test_a_screen_that_is_too_long_and_its_odd_character_are_told_in_red(tmp_path: Path) -> None:
    async with at_the_page(tmp_path, "en") as tester:
        page, room = tester.page, tester.seat.room
        await tester.types(CODE, "Huduma za Serikali")
        calm = await page.run("getComputedStyle(document.querySelector('#status')).color")
        room.hand.show(Reply("ŵ" * 171, ends=False), room.now)
        await tester.reads("#status", f"171/{room.hand.profile.units} UCS-2 (ŵ U+0175) · TOO LONG")
        await page.picture(PICTURES / "web-too-long.png")
        assert await page.run("getComputedStyle(document.querySelector('#status')).color") == "rgb(179, 38, 30)" != calm


async def test_a_code_that_was_refused_stays_on_the_page_and_the_next_one_takes_its_place(tmp_path: Path) -> None:
    async with at_the_page(tmp_path, "en") as tester:
        page = tester.page
        await page.click("#typed")
        await page.type("*152#00#")
        await tester.notes("That is no code that can be dialled.")
        assert await page.run("document.querySelector('#typed').value") == "*152#00#"
        await tester.types(CODE, "Huduma za Serikali")
        assert await page.run("document.querySelector('#typed').value") == ""


async def test_the_page_is_loaded_again_and_the_phone_is_the_same(tmp_path: Path) -> None:
    async with at_the_page(tmp_path) as tester:
        await tester.types(CODE, "Huduma za Serikali")
        seat = tester.seat
        await tester.page.send("Page.reload")
        await tester.reads(PHONE, "Huduma za Serikali")
        await tester.chooses("Maoni na mrejesho", "e-Mrejesho")
        assert tester.seat is seat
        await tester.seats.put_away(seat, PUT_AWAY)
        await tester.reads("#over", "haikuguswa kwa saa moja")
        await tester.page.picture(PICTURES / "web-put-away.png")
        await tester.page.click("#over button", "Anza upya")
        await tester.notes("Lango liko tayari.")
        assert tester.seat is not seat


async def test_what_was_done_is_taken_away_as_a_transcript_and_stepped_through(tmp_path: Path) -> None:
    async with at_the_page(tmp_path) as tester:
        page = tester.page
        await tester.turns("Rekodi")
        assert await page.run("document.querySelector('#download').ariaDisabled") == "true"
        await tester.types(CODE, "Huduma za Serikali")
        await tester.chooses("Maoni na mrejesho", "e-Mrejesho")
        await tester.reads("#done", "2")
        saved = str(await page.run("fetch(document.querySelector('#download').href).then((answer) => answer.text())"))
        kept = tmp_path / "dialog.yaml"
        kept.write_text(saved.replace("e-Mrejesho", "e-Maoni"), encoding="utf-8")
        assert [step.words for step in load(kept).steps] == [f"dial {CODE}", "type 9"]
        await page.run(
            f"""(() => {{
              const brought = new DataTransfer();
              brought.items.add(new File([{json.dumps(kept.read_text(encoding="utf-8"))}], "dialog.yaml"));
              document.querySelector("#file").files = brought.files;
              document.querySelector("#file").dispatchEvent(new Event("change"));
            }})()"""
        )
        await tester.notes("Imefunguliwa: dialog, hatua 2.")
        await page.click("#transcript button", "Hatua ijayo")
        await tester.notes("Hatua 1 kati ya 2: kama ilivyoandikwa.")
        await page.click("#transcript button", "Hatua ijayo")
        await tester.notes("Hatua 2 kati ya 2: tofauti na ilivyoandikwa.")
        assert "e-Maoni" in await page.text("#steps .differs")
        await page.picture(PICTURES / "web-transcript.png")


async def test_sms_are_written_answered_and_reported_and_a_second_phone_is_taken(tmp_path: Path) -> None:
    async with at_the_page(tmp_path) as tester:
        page = tester.page
        await page.click("#to-sms")
        await page.click("#words")
        await page.type("MSAADA")
        await tester.notes("Imetumwa kwenda 15200.")
        await tester.reads(".sms.mine", "MSAADA")
        assert re.fullmatch(r"\d\d:\d\d · kwenda 15200", await page.text(".sms.mine .who"))
        await page.click(".sms:not(.mine) summary")
        await page.click(".sms:not(.mine) details button", "haikufika")
        await tester.notes("Ripoti imefika kwenye lango.")
        await tester.reads(".sms:not(.mine) .who", "haikufika")
        for _ in range(2):
            await page.click("#words")
            await page.type("Habari za leo")
        await tester.reads(".sms.mine .soft", "Hakuna jibu, kwa kanuni: kwamba haikueleweka")
        number = (await page.text("#top")).split(" ")[0]
        await tester.turns("Simu")
        await page.click("#others button", "Mpigaji mwingine, simu nyingine")
        await tester.notes("Simu mkononi: ")
        assert (await page.text("#top")).split(" ")[0] != number
        await page.click("#hands button", number)
        await tester.notes(f"Simu mkononi: {number}")
        await page.click("#providers button", "generic")
        await tester.notes("Mtoa huduma sasa ni generic.")
        await tester.types(CODE, "Huduma za Serikali")
        await tester.turns("Data")
        await tester.reads("#request", "/ussd/generic")


async def test_a_simulator_that_ends_is_told_and_found_again_by_the_page(tmp_path: Path) -> None:
    async with chromium(tmp_path / "browser") as browser:
        page = await browser.page()
        async with serving(new_room, "sw") as (url, seats):
            await page.open(url)
            tester = Visitor(page, url, seats)
            await tester.types(CODE, "Huduma za Serikali")
        await tester.notes("Kiigizo hakijibu. Kianzishe tena")
        assert await page.run("document.body.className") == "gone"
        async with serving(new_room, "sw", port=URL(url).port or 0):
            await tester.notes("Lango liko tayari.")
            assert await page.run("document.body.className") == ""
            await tester.types(CODE, "Huduma za Serikali")


async def test_trouble_has_a_key_and_a_core_that_is_away_is_told_on_the_desk(tmp_path: Path) -> None:
    async with at_the_page(tmp_path) as tester:
        page = tester.page

        async def alt(letter: str) -> None:
            for kind in ("keyDown", "keyUp"):
                about = {"code": f"Key{letter}", "key": letter.lower(), "modifiers": 1}
                await page.send("Input.dispatchKeyEvent", type=kind, **about)

        await tester.types(CODE, "Huduma za Serikali")
        await alt("K")
        await tester.notes("Umekata simu.")
        await alt("R")
        await tester.reads(PHONE, "Huduma za Serikali")
        await tester.turns("Hitilafu")
        redial = "document.querySelector('#troubles [data-name=redial]')"
        assert await page.run(f"{redial}.getAttribute('aria-keyshortcuts')") == "Alt+R"
        await alt("O")
        await tester.notes("Mfumo wa taasisi umezimwa.")
        await tester.turns("Afisa")
        await tester.reads("#no-case", "Uwashe: Hitilafu, Mfumo wa taasisi umezimwa.")


async def test_a_page_of_a_gateway_elsewhere_offers_nothing_that_is_not_there(tmp_path: Path) -> None:
    async with (
        serving(lambda: new_room(url="http://127.0.0.1:1"), "en") as (url, seats),
        chromium(tmp_path / "browser") as browser,
    ):
        page = await browser.page()
        await page.open(url)
        await Visitor(page, url, seats).notes("The phone calls")
        await page.until("document.querySelector('#to-sms').hidden && document.querySelector('#to-desk').hidden")
        assert "be the officer" not in await page.text("#help")
        await page.click("#to-trouble")
        offered = await page.text("#troubles")
        assert "Redial" in offered
        assert "Core down" not in offered
