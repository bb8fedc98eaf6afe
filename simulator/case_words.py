"""Words for the case on the officer's desk. What kind of message it is the menus alone can say: they may have any."""

from __future__ import annotations

from simulator.floor import NEEDS_OWN
from simulator.officer import Sheet
from simulator.room import Room
from simulator.speech import Speech
from simulator.terms import MODES, STATES, WAITS
from ussd_engine.feedback.book import Words
from ussd_engine.model import CaseState


def kind(sheet: Sheet, say: Speech) -> str:
    """The menus' own words for the type, `words: type`, in the language of the view if they have it; else its name."""
    case, edition = sheet.case, sheet.edition
    menu, languages = edition.services.get(case.service), edition.languages.get(case.service, ())
    table = menu.shown["type"].words if menu and "type" in menu.shown else {}
    if not languages or case.type not in table:
        return case.type
    locale = say.language if say.language in languages else languages[0]
    return edition.catalog.gettext(locale, case.service, *table[case.type])


def author(sheet: Sheet, words: Words, say: Speech) -> str:
    """Who said something: an office by its short name, or she whose case it is."""
    return _short(sheet, words.office, say) if words.office else say("citizen")


def institution(sheet: Sheet, say: Speech) -> str:
    """Who holds it: the short name, and beside it the code where that is another word."""
    code = sheet.case.institution
    short = _short(sheet, code, say)
    return short if short == code else f"{short} ({code})"


def _short(sheet: Sheet, code: str, say: Speech) -> str:
    """The short name of an institution of the menus; its code where they have none by it."""
    data = sheet.edition.data.get(sheet.case.service)
    row = data.get(code) if data else None
    return row.short(say.language) if row else code


def nothing(room: Room, say: Speech) -> str:
    """Why no case lies there, and what to do."""
    if room.way.url:
        return say.note(NEEDS_OWN)
    if room.dead:
        return say("The gateway was killed. Start it again: Trouble, Gateway killed.")
    if room.core_is_down:
        return say("The core is down: nobody works there. Bring it back: Trouble, Core down.")
    return say("No case lies here yet. Send one by the phone.")


def waits(sheet: Sheet, say: Speech) -> str:
    """For what it waits where that is not the officer; empty where it is."""
    state, words = sheet.case.state, WAITS.get(sheet.case.state.value)
    if words and (state is CaseState.NEED_INFO or not sheet.offers):
        return say.note(words)
    return "" if sheet.offers else say("Nothing to do here.")


def mode(sheet: Sheet, say: Speech) -> str:
    """Who may know her."""
    name = sheet.case.mode.value
    return say.note(MODES[name]) if name in MODES else name


def state(sheet: Sheet, say: Speech) -> str:
    """Where it stands."""
    name = sheet.case.state.value
    return say.note(STATES[name]) if name in STATES else name
