"""The engine room of the phone, without any view: verbs, and what stands there after them."""

from __future__ import annotations

import pytest

from simulator.callers import MOST_PHONES
from simulator.exchange import Report
from simulator.handset import Display
from simulator.room import Room
from simulator.speech import Note, Speech
from simulator.status import line
from tests.room.conftest import CODE, COMPLAINT, TO_HOME, send_complaint, type_all
from ussd_engine.sms.message import Progress

pytestmark = pytest.mark.asyncio(loop_scope="session")

say = Speech("en")


def told(room: Room) -> str:
    return say.note(room.note) if room.note else ""


async def test_keys_are_dialled_and_then_answer(room: Room) -> None:
    for key in CODE:
        room.press(key)
    assert room.hand.entry == CODE
    await room.send()
    assert room.hand.shown is not None
    assert room.hand.shown.text.startswith("Huduma za Serikali")
    assert room.hand.entry == ""
    room.press("8")
    room.erase()
    room.press("9")
    await room.send()
    assert room.hand.shown.text.startswith("Maoni na mrejesho")


async def test_the_line_below_tells_size_page_language_screen_and_what_is_left(room: Room) -> None:
    await room.dial(CODE)
    await type_all(room, *TO_HOME, "1", "1")
    assert room.status is not None
    assert line(room.status, say) == "79/160 GSM-7 · page 1/1 · sw · inst_query · 03:00 left"
    await type_all(room, "0", "4", "98")
    assert room.status.glance is not None
    assert (room.status.glance.page, room.status.glance.pages) == (2, 3)


async def test_an_empty_keypad_and_a_word_are_not_dialled(room: Room) -> None:
    await room.send()
    assert told(room) == f"Dial a code first, like {CODE}"
    await room.dial("hello")
    assert told(room) == f"That is no code that can be dialled. Try {CODE}"
    assert room.hand.display is Display.IDLE


async def test_what_is_typed_to_no_screen_goes_nowhere(room: Room) -> None:
    await room.type("1")
    assert told(room) == "Nothing waits for an answer. Dial first."
    await room.redial()
    assert told(room) == "Nothing was dialled yet."


async def test_a_complaint_ends_with_its_reference_and_its_sms(room: Room) -> None:
    reference = await send_complaint(room)
    assert room.hand.display is Display.ENDED
    last = room.hand.shown
    assert last is not None
    assert f"Namba: {reference}" in last.text
    assert [one.text for one in room.hand.inbox] == [
        f"Tumepokea. Namba: {reference}. Kufuatilia piga *152*00*9*2# au tuma HALI {reference} kwenda 15200"
    ]
    assert room.hand.unread == 1
    room.press("*")
    assert (room.hand.entry, room.hand.shown) == ("*", None)


async def test_an_sms_is_answered_by_sms(room: Room) -> None:
    reference = await send_complaint(room)
    await room.write(f"HALI {reference}")
    mine, answer = room.hand.inbox[-2:]
    assert (mine.mine, mine.text) == (True, f"HALI {reference}")
    assert reference in answer.text
    assert not answer.mine
    await room.write("  ")
    assert told(room) == "Write the words first."


@pytest.mark.parametrize("how", ["delivered", "failed", "late", "twice"])
async def test_a_report_of_an_sms_reaches_the_gateway(room: Room, how: Report) -> None:
    await send_complaint(room)
    assert room.local is not None
    # what failed goes again later
    view, state = room.local.engine.ledger.sms_view, Progress.QUEUED if how == "failed" else Progress.DELIVERED
    before, reported = room.now, len(await view.messages([state], most=1000))
    await room.report(room.hand.inbox[0], how)
    assert told(room) == "The report has reached the gateway."
    assert room.now - before == (3600.0 if how == "late" else 0.0)
    assert len(await view.messages([state], most=1000)) == reported + 1


async def test_the_officer_opens_asks_and_answers_and_she_reads_it(room: Room) -> None:
    reference = await send_complaint(room)
    await room.look()
    assert room.sheet is not None
    assert room.sheet.case.reference == reference
    assert (room.sheet.offers, room.sheet.file) == (("open", "transfer"), None)
    await room.act("open")
    assert told(room) == "Done: Open"
    assert room.sheet.file is not None
    assert room.sheet.file.submission.answers["message"] == COMPLAINT[-1]
    await room.act("progress")
    await room.act("answer")
    assert told(room) == "Write first: the answer"
    await room.act("answer", "Mafundi wamefika, umeme umerudi.")
    assert room.sheet.case.state == "answered"
    assert len(room.hand.inbox) == 4
    assert room.hand.inbox[-1].text.startswith(f"Namba {reference}: kuna taarifa mpya.")


async def test_an_act_that_is_not_due_is_refused_in_words_and_changes_nothing(room: Room) -> None:
    await room.act("open")
    assert told(room) == "No case was sent yet."
    await send_complaint(room)
    await room.act("answer", "Ndiyo")
    assert told(room) == "Not now: Answer. The desk shows what may be done."
    await room.act("transfer", "DUWSA")
    assert told(room).startswith("There is no institution DUWSA")
    assert room.sheet is not None
    assert room.sheet.case.state == "received"


async def test_a_case_goes_to_another_institution(room: Room) -> None:
    await send_complaint(room)
    await room.act("transfer", "DUWASA")
    assert room.sheet is not None
    assert room.sheet.case.institution == "DUWASA"


async def test_where_a_case_cannot_go_is_told_in_the_language_of_the_view(room: Room) -> None:
    await send_complaint(room)
    swahili = Speech("sw")
    for code, words in (
        ("TANESCO", "Ujumbe uko TANESCO tayari."),
        ("tanesco", "Hakuna taasisi tanesco. Je, ni TANESCO?"),
        ("ZQXJ", "Hakuna taasisi ZQXJ."),
    ):
        await room.act("transfer", code)
        assert room.note is not None
        assert swahili.note(room.note).startswith(words)
    await room.act("open")
    await room.act("ask", "a" * 1601)
    assert room.note is not None
    assert swahili.note(room.note) == "Ina herufi 1601; zisizidi 1600: fupisha."


async def test_a_room_has_a_few_phones_and_no_more(room: Room) -> None:
    for _ in range(MOST_PHONES + 3):
        await room.another()
    assert len(room.handsets) == MOST_PHONES
    assert told(room) == "A room has 20 phones at most. Take one of them."


async def test_a_second_caller_has_a_phone_of_her_own(room: Room) -> None:
    await room.dial(CODE)
    first = room.hand
    await room.another()
    assert room.hand is not first
    assert room.hand.number != first.number
    assert (room.hand.shown, first.shown is None) == (None, False)
    await room.take("")
    assert room.hand is first


async def test_who_shares_a_phone_meets_what_stands_there_and_a_new_owner_of_the_number_does_not(room: Room) -> None:
    await room.dial(CODE)
    await type_all(room, *COMPLAINT)
    number = room.hand.number
    await room.share()
    await room.dial("*152*00*9*2#")
    assert room.hand.shown is not None
    assert "1. Endelea ulipoishia" in room.hand.shown.text
    await room.recycle()
    assert (room.hand.number, room.hand.inbox) == (number, [])
    await room.dial("*152*00*9*2#")
    assert "Endelea" not in room.hand.shown.text


async def test_a_note_may_hold_another_in_the_same_language() -> None:
    note = Note("Done: {act}", {"act": Note("Open")})
    assert say.note(note) == "Done: Open"
    assert Speech("sw").note(note) == "Imefanyika: Fungua"
