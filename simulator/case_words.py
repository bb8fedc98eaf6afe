"""Words for the case on the officer's desk. What kind of message it is the menus alone can say: they may have any."""

from __future__ import annotations

from simulator.officer import Sheet
from simulator.room import Room
from simulator.speech import Speech
from simulator.terms import MODES, STATES
from ussd_engine.feedback.book import Words


def kind(sheet: Sheet, say: Speech) -> str:
    """The menus' own words for the type, `words: type`, in the language of the view if they have it; else its name."""
    case, edition = sheet.case, sheet.edition
    menu, languages = edition.services.get(case.service), edition.languages.get(case.service, ())
    table = menu.shown["type"].words if menu and "type" in menu.shown else {}
    if not languages or case.type not in table:
        return case.type
    locale = say.language if say.language in languages else languages[0]
    return edition.catalog.gettext(locale, case.service, *table[case.type])


def author(words: Words, say: Speech) -> str:
    """Who said something: an office, or she whose case it is."""
    return words.office or say("citizen")


def nothing(room: Room, say: Speech) -> str:
    """Why no case lies there, and what to do."""
    if room.way.url:
        return say("The desk stands behind a gateway started here.")
    if room.dead:
        return say("The gateway was killed. Start it again: Trouble, Gateway killed.")
    if room.core_is_down:
        return say("The core is down: nobody works there. Bring it back: Trouble, Core down.")
    return say("No case lies here yet. Send one by the phone.")


def mode(sheet: Sheet, say: Speech) -> str:
    """Who may know her."""
    name = sheet.case.mode.value
    return say.note(MODES[name]) if name in MODES else name


def state(sheet: Sheet, say: Speech) -> str:
    """Where it stands."""
    name = sheet.case.state.value
    return say.note(STATES[name]) if name in STATES else name
