"""SMS in a room: the reply to her own is shown by itself, and why none came is told."""

from __future__ import annotations

from datetime import datetime

import pytest

from simulator.room import Room
from simulator.screen_parts import Plain
from simulator.silence import UNSAID, WITHHELD
from simulator.speech import Speech
from simulator.web.shown import shown as page_of
from tests.room.conftest import CODE, send_complaint, type_all
from tests.room.terminal import at_the_terminal
from ussd_engine.ledger import smsqueue
from ussd_engine.ledger.smsinbox import Unsaid

pytestmark = pytest.mark.asyncio(loop_scope="session")

say = Speech("en")
SENT = "Sent to 15200."
OFTEN = "No answer, by rule: that it was not understood is told once an hour."


def told(room: Room) -> str:
    return say.note(room.note) if room.note else ""


async def test_what_is_not_answered_by_rule_is_told_with_its_rule(room: Room) -> None:
    await room.write("Habari za leo")
    assert (told(room), room.hand.inbox[1].mine) == (SENT, False)
    await room.write("Habari za jioni")
    assert told(room) == f"{SENT}\n{OFTEN}"
    mine = room.hand.inbox[-1]
    assert (mine.mine, mine.silence and say.note(mine.silence)) == (True, OFTEN)
    await room.dial(CODE)
    assert room.note is None, "it is told once"
    await room.wait(3601)
    await room.write("Habari za usiku")
    assert told(room) == SENT


@pytest.mark.parametrize(
    ("text", "times", "rule"),
    [
        ("MSAADA", 3, "the same reply goes twice an hour at most"),
        ("HALI {ref}", 2, "where a case stands is told once in 10 minutes, five times a day"),
        ("I'm driving. Will text you later", 2, "what a machine writes is answered once a day"),
        ("MSAADA", 32, "more SMS than a day has are not answered"),
    ],
)
async def test_each_rule_is_told_as_the_gateway_has_it(room: Room, text: str, times: int, rule: str) -> None:
    await send_complaint(room)
    for _ in range(times):
        await room.write(text.format(ref=room.reference))
    assert told(room) == f"{SENT}\nNo answer, by rule: {rule}."


async def test_news_to_a_phone_that_has_stopped_sms_are_told_to_be_withheld(room: Room) -> None:
    await send_complaint(room)
    await room.write("ACHA")
    assert told(room) == SENT
    count = len(room.hand.inbox)
    await room.act("open")
    await room.act("progress")
    assert told(room) == "Done: Work on it\nNo SMS, by rule: this phone has stopped SMS."
    assert len(room.hand.inbox) == count


async def test_every_rule_has_its_words() -> None:
    assert set(UNSAID) == set(Unsaid)
    assert set(WITHHELD) == {smsqueue.STOPPED, smsqueue.ERASED, smsqueue.ANONYMOUS}


async def test_the_reply_to_her_own_sms_is_shown_by_itself_and_where_none_comes_why(room: Room) -> None:
    await send_complaint(room)
    await room.write("MSAADA")
    async with at_the_terminal(room, "en") as tester:

        def shown() -> str:
            return tester.app.query_one("#message Plain", Plain).text

        await tester.press("f2", "end", "enter", "tab", "tab")
        assert shown().startswith("Tumepokea.")
        await tester.type(f"HALI {room.reference}")
        reply = room.hand.inbox[-1]
        assert (shown(), reply.mine, reply.read) == (reply.text, False, True)
        await tester.press("shift+tab", "shift+tab", "end")
        await tester.press("tab", "tab")
        await tester.type(f"HALI {room.reference}")
        assert shown().startswith(f"HALI {room.reference}\n\nNo answer, by rule: where a case stands is told once")


async def test_an_sms_has_its_hour_on_the_page_as_in_the_terminal(room: Room) -> None:
    await room.write("MSAADA")
    await room.wait(3600)
    await room.write("HALI")
    zone = room.zone
    hours = [one["hour"] for one in page_of(room, Speech("sw"), zone)["inbox"]]
    assert hours == [f"{datetime.fromtimestamp(one.at, zone):%H:%M}" for one in reversed(room.hand.inbox)]
    assert len(set(hours)) > 1
    async with at_the_terminal(room, "sw") as tester:
        await tester.press("f2")
        assert all(hour in tester.seen for hour in hours)


async def test_an_sms_that_cannot_be_sent_stays_to_be_sent_later(room: Room) -> None:
    async with at_the_terminal(room, "en") as tester:
        await room.kill()
        await tester.press("f2", "tab")
        await tester.type("MSAADA")
        assert "There is no gateway to call: start it (Trouble)." in tester.seen
        await room.start_again()
        await tester.press("enter")
        assert [one.text for one in room.hand.inbox if one.mine] == ["MSAADA"]


async def test_a_phone_without_a_number_is_told_why_it_has_no_sms(room: Room) -> None:
    await room.dial(CODE)
    await type_all(room, "9")
    room.hand.phone.msisdn = None
    await room.write("MSAADA")
    assert told(room) == "SMS need a number, and this phone withholds its own."
