"""A room as its page shows it: texts in one language, ready to stand there, and what can be done now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from simulator import case_words
from simulator.deeds import PHONES, TOGGLES, TROUBLES, Deed
from simulator.faults import fault
from simulator.handset import PUT_AWAY, Display, Handset, Message
from simulator.officer import Sheet
from simulator.player import Difference
from simulator.room import Room
from simulator.side_by_side import pairs
from simulator.speech import Speech
from simulator.status import line
from simulator.terms import ACTS, NETWORK, REPORTS, SPEAKS, doing

NEWEST: Final = 50
"""How many SMS a page shows."""
NOTHING: Final[Mapping[str, Any]] = {}


def shown(room: Room, say: Speech, zone: ZoneInfo, before: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
    """Everything but the words that never change. A part that cannot be shown stays as it was `before`, with words."""
    state = dict(before)
    for name, part in _PARTS.items():
        try:
            state[name] = part(room, say, zone)
        except Exception as error:
            if name not in before:
                raise
            room.note = fault(error)
    return {**state, "note": say.note(room.note) if room.note else ""}


def _top(room: Room, say: Speech, zone: ZoneInfo) -> list[str]:
    time = datetime.fromtimestamp(room.now, zone)
    return [room.hand.number or say("number withheld"), room.provider, f"{time:%d/%m/%Y %H:%M}"]


def _phone(room: Room, say: Speech) -> dict[str, Any]:
    hand, status = room.hand, room.status
    return {
        "hand": hand.name,
        "display": hand.display.value,
        "waits": hand.sending or hand.display is Display.WAITING,
        "refused": hand.entry if hand.refused else "",
        "emptied": hand.emptied,
        "text": _text(hand, say),
        "locale": hand.glance.locale if hand.glance else "",
        "status": line(status, say) if status else "",
        "over": bool(status and status.over),
        "green": say("Send") if hand.alive else say("OK") if hand.display in PUT_AWAY else say("Dial"),
    }


def _text(hand: Handset, say: Speech) -> str:
    if hand.display in (Display.LOST, Display.OVER):
        return say.note(NETWORK[hand.display])
    return hand.shown.text if hand.shown else ""


def _inbox(room: Room, say: Speech, zone: ZoneInfo) -> list[dict[str, Any]]:
    """The newest first."""
    placed = list(enumerate(room.hand.inbox))[-NEWEST:]
    return [_message(at, one, say, zone) for at, one in reversed(placed)]


def _message(at: int, one: Message, say: Speech, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "at": at,
        "key": f"{at} {one.id}",
        "hour": one.hour(zone),
        "who": say("to {number}", number=one.other) if one.mine else one.other,
        "text": one.text,
        "mine": one.mine,
        "silence": say.note(one.silence) if one.silence else "",
        "report": say.note(REPORTS[one.report]) if one.report else "",
        "reports": [] if one.mine else [[how, say.note(words)] for how, words in REPORTS.items()],
    }


def _desk(sheet: Sheet | None, say: Speech) -> dict[str, Any] | None:
    """`None` where no case lies there. `said` are words of day, office, text."""
    if sheet is None:
        return None
    case, file = sheet.case, sheet.file
    return {
        "reference": case.reference,
        "about": " · ".join(
            (case_words.kind(sheet, say), case_words.mode(sheet, say), case_words.institution(sheet, say))
        ),
        "state": case_words.state(sheet, say),
        "due": case_words.due(sheet, say),
        "waits": case_words.waits(sheet, say),
        "opened": file is not None,
        "message": (file.submission.answers.get("message") or "") if file else "",
        "said": [
            [f"{one.words.day:%d/%m}", case_words.author(sheet, one.words, say), one.words.text]
            for one in (file.done if file else [])
            if one.words
        ],
        "offers": [
            {"name": act, "label": say.note(words), "asks": say.note(SPEAKS[act]) if act in SPEAKS else ""}
            for act, words in ACTS.items()
            if act in sheet.offers
        ],
    }


def _deed(deed: Deed, room: Room, say: Speech) -> dict[str, Any]:
    key = f"Alt+{deed.key.removeprefix('ctrl+').upper()}" if deed.key else ""
    on, toggles = deed.on(room), deed.name in TOGGLES
    return {"name": deed.name, "label": say.note(deed.label), "on": on, "toggles": toggles, "key": key}


def _deeds(deeds: Iterable[Deed], room: Room, say: Speech) -> list[dict[str, Any]]:
    return [_deed(deed, room, say) for deed in deeds if deed.there(room)]


def _phones(room: Room, say: Speech) -> dict[str, Any]:
    return {
        "hands": [
            {"name": name, "label": hand.number or say("number withheld"), "on": hand is room.hand}
            for name, hand in room.handsets.items()
        ],
        "deeds": _deeds(PHONES, room, say),
        "providers": [{"name": name, "label": name, "on": name == room.provider} for name in room.providers],
    }


def _transcript(room: Room, say: Speech) -> dict[str, Any]:
    rehearsal, done = room.rehearsal, str(len(room.recorder.steps))
    told = {"steps": len(room.recorder.steps), "done": say("Steps that were done: {count}", count=done)}
    if rehearsal is None:
        return {**told, "open": None}
    following = rehearsal.next
    return {
        **told,
        "open": {
            "name": f"{rehearsal.path.name}: {rehearsal.done}/{len(rehearsal.steps)}",
            "next": say("next: {step}", step=say.note(doing(following))) if following else "",
            "note": following.note if following else "",
            "found": [row for found in rehearsal.found for row in _difference(found)],
        },
    }


def _difference(found: Difference) -> list[tuple[str | None, str | None]]:
    """What was written and what is shown, line by line."""
    return [(pair.written, pair.shown) for pair in pairs(found.expected, found.found)]


_PARTS: Final[Mapping[str, Callable[[Room, Speech, ZoneInfo], Any]]] = {
    "top": _top,
    "busy": lambda room, say, zone: room.busy,
    "phone": lambda room, say, zone: _phone(room, say),
    "inbox": _inbox,
    "unread": lambda room, say, zone: room.hand.unread,
    "own": lambda room, say, zone: not room.way.url,
    "nothing": lambda room, say, zone: case_words.nothing(room, say),
    "desk": lambda room, say, zone: _desk(room.sheet, say),
    "troubles": lambda room, say, zone: _deeds(TROUBLES, room, say),
    "phones": lambda room, say, zone: _phones(room, say),
    "wire": lambda room, say, zone: [room.tap.request(), room.tap.response()],
    "transcript": lambda room, say, zone: _transcript(room, say),
}
