"""Words for the case on the officer's desk. What kind of message it is the menus alone can say: they may have any."""

from __future__ import annotations

from simulator.officer import Sheet
from simulator.speech import Speech
from simulator.terms import MODES, STATES


def kind(sheet: Sheet, say: Speech) -> str:
    """The menus' own words for the type, `words: type`, in the language of the view if they have it; else its name."""
    case, edition = sheet.case, sheet.edition
    menu, languages = edition.services.get(case.service), edition.languages.get(case.service, ())
    table = menu.shown["type"].words if menu and "type" in menu.shown else {}
    if not languages or case.type not in table:
        return case.type
    locale = say.language if say.language in languages else languages[0]
    return edition.catalog.gettext(locale, case.service, *table[case.type])


def mode(sheet: Sheet, say: Speech) -> str:
    """Who may know her."""
    name = sheet.case.mode.value
    return say.note(MODES[name]) if name in MODES else name


def state(sheet: Sheet, say: Speech) -> str:
    """Where it stands."""
    name = sheet.case.state.value
    return say.note(STATES[name]) if name in STATES else name
