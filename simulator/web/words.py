"""The page's own words, by the name under which it asks for them."""

from __future__ import annotations

from typing import Final

from simulator.floor import NEEDS_OWN
from simulator.room import Room
from simulator.speech import Note, Speech, told

AGAIN: Final = told("Begin anew")
WORDS: Final[dict[str, Note]] = {
    "title": told("A phone for testers"),
    "screen": told("Screen"),
    "sms": told("SMS"),
    "desk": told("Desk"),
    "trouble": told("Trouble"),
    "phones": told("Phones"),
    "wire": told("Wire"),
    "transcript": told("Save"),
    "help": told("Help"),
    "pages": told("Pages"),
    "other": told("Kiswahili"),
    "keypad": told("Keypad"),
    "typed": told("What you type"),
    "clear": told("Clear"),
    "hang_up": told("Hang up"),
    "waiting": told("The answer is on its way."),
    "no_sms": told("No SMS yet."),
    "write_sms": told("Write an SMS"),
    "send": told("Send"),
    "report": told("Report"),
    "look": told("Look again"),
    "read_first": told("Open it to read it."),
    "done": told("Do it"),
    "callers": told("Phones in hand"),
    "others": told("Other callers"),
    "providers": told("Providers"),
    "asked": told("Request"),
    "answered": told("Answer"),
    "nothing_asked": told("Nothing was asked yet."),
    "no_answer": told("No answer came."),
    "download": told("Save what was done"),
    "open": told("Open a transcript"),
    "step": told("Next step"),
    "as_written": told("as written"),
    "as_shown": told("as shown"),
    "ended": told("The simulator does not answer. Start it again in its terminal: this page finds it."),
}
OWN_HELP: Final = (
    told("SMS: what came; write one; say what became of it."),
    told("Desk: be the officer who answers."),
)
"""Of a gateway of one's own."""
HELP: Final = (
    told("2. Answer the screens: type, then Enter; or click the keys."),
    told("3. The last one has a number and a PIN."),
    told("Trouble: hang up, redial, let time pass. Alt and the letter do it from anywhere."),
    told("Phones: another caller, another network."),
    told("Wire: the request and its answer, as they went."),
    told("Save: keep what was done as a transcript, or step through one."),
    told("Esc brings you back to the phone."),
)


def words(room: Room, say: Speech) -> dict[str, object]:
    """All of them in one language, and the page of help."""
    return {**{name: say.note(note) for name, note in WORDS.items()}, "lines": _lines(room, say)}


def _lines(room: Room, say: Speech) -> list[str]:
    code = next(iter(room.settings.codes))
    if room.way.url:
        first = say("A phone that calls {url}. What you send there is sent.", url=room.way.url)
    else:
        first = say("A phone with its own gateway: nothing you do reaches anybody or costs a thing.")
    own = (NEEDS_OWN,) if room.way.url else OWN_HELP
    return [first, say("1. Type {code} and press Enter.", code=code), *map(say.note, (*HELP[:2], *own, *HELP[2:]))]
