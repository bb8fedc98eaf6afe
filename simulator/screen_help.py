"""The first thing that a tester reads."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.floor import NEEDS_OWN
from simulator.room import Room
from simulator.speech import Speech


def lines(room: Room, say: Speech) -> Iterator[str]:
    """The page, line by line."""
    if room.way.url:
        yield say("A phone that calls {url}. What you send there is sent.", url=room.way.url)
    else:
        yield say("A phone with its own gateway: nothing you do reaches anybody or costs a thing.")
    yield ""
    yield say("1. Type {code} and press Enter.", code=next(iter(room.settings.codes)))
    yield say("2. Answer the screens: type, then Enter.")
    yield say("3. The last one has a number and a PIN.")
    yield ""
    if not room.way.url:
        yield say.note(room.mute) if room.mute else say("F2 the SMS that came; write one")
        yield say("F3 be the officer: open, ask, answer")
    yield say("F4 trouble: hang up, redial") if room.way.url else say("F4 trouble: hang up, redial, wait")
    yield say("F5 another caller, another network")
    yield say("F6 what went over the wire")
    yield say("F7 keep a transcript, or open one")
    if room.way.url:
        yield ""
        yield say.note(NEEDS_OWN)
    yield ""
    yield say("Esc: to the phone. Tab: the next part.")
    yield say("F8: Kiswahili. Ctrl+Q: the end.")
