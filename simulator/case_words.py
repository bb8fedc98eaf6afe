"""Words for the case on the officer's desk. What kind of message it is the menus alone can say: they may have any."""

from __future__ import annotations

from simulator.floor import NEEDS_OWN
from simulator.officer import Sheet
from simulator.room import Room
from simulator.speech import Note, Speech, told
from simulator.terms import MODES, STATES
from ussd_engine.feedback.book import Words
from ussd_engine.lifecycle import ENDED
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
    if room.failed:
        return say.note(room.failed)
    if room.dead:
        return say("The gateway was killed. Start it again: Trouble, Gateway killed.")
    if room.core_is_down:
        return say("The core is down: nobody works there. Bring it back: Trouble, Core down.")
    if room.in_doubt:
        return say("A sending is in doubt: redial, and the phone tells what became of it.")
    return say("No case lies here yet. Send one by the phone.")


def due(sheet: Sheet, say: Speech) -> str:
    """By when it is to be answered; empty where nobody is to."""
    case = sheet.case
    return say("answer by {day}", day=f"{case.due:%d/%m/%Y}") if case.due and case.waiting else ""


def waits(sheet: Sheet, say: Speech) -> str:
    """For what it waits where that is not the officer, as far as the menus let her; empty where it is."""
    if sheet.offers and sheet.case.state is not CaseState.NEED_INFO:
        return ""
    return say.note(_waits(sheet))


def _waits(sheet: Sheet) -> Note:
    state, hers = sheet.case.state, _hers(sheet)
    appeals, rates = "appeal" in hers, "rate" in hers
    if state is CaseState.NEED_INFO:
        return told("It waits for her answer, by phone or SMS.") if "add" in hers else told("It waits for her answer.")
    if state is CaseState.ANSWERED and sheet.case.rating:
        return told("She is not content: she may appeal.") if appeals else told("She is not content.")
    if state is CaseState.ANSWERED and rates:
        if appeals:
            return told("It waits for her: she may rate the answer, or appeal.")
        return told("It waits for her: she may rate the answer.")
    if state is CaseState.WITHDRAWN:
        return told("She took it back: nothing to do here.")
    if appeals and state in ENDED:
        return told("Nothing to do here, unless she appeals.")
    return told("Nothing to do here.")


def _hers(sheet: Sheet) -> frozenset[str]:
    """What the menus let a citizen do with a case: what their actions do, and what their keywords do by SMS."""
    menu = sheet.edition.services.get(sheet.case.service)
    if menu is None:
        return frozenset()
    words = menu.service.keywords
    by_sms = [entry.action for entry in words.entries] if words else []
    return frozenset([*(action.do for action in menu.service.actions.values()), *by_sms])


def mode(sheet: Sheet, say: Speech) -> str:
    """Who may know her."""
    name = sheet.case.mode.value
    return say.note(MODES[name]) if name in MODES else name


def state(sheet: Sheet, say: Speech) -> str:
    """Where it stands."""
    name = sheet.case.state.value
    return say.note(STATES[name]) if name in STATES else name
