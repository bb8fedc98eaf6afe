"""Whether every text can be said: its letters, its placeholders, the words of the answers that it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ussd_engine import gsm
from ussd_engine.errors import Fault, did_you_mean
from ussd_engine.menu.answers import answers_of
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.lint.said import Said
from ussd_engine.menu.lint.sms import has
from ussd_engine.menu.lint.values import Values, row_columns
from ussd_engine.menu.template import Slot, template
from ussd_engine.registry import KINDS, WORDS
from ussd_engine.registry import RULES as CHECKS
from ussd_engine.sms.templates import SMS


def alphabet(said: Iterable[Said]) -> Iterator[Fault]:
    """A fault for each text that leaves the GSM alphabet. The translations have their own rule."""
    for text in said:
        stranger = gsm.culprit(text.msgid)
        if stranger is not None:
            message = (
                f"{stranger!r} (U+{ord(stranger):04X}) is outside the GSM alphabet: it halves the room of the screen"
            )
            yield Fault(*text.place, message, "alphabet")


def placeholders(menu: Menu, said: Iterable[Said], values: Values) -> Iterator[Fault]:
    """A fault for each placeholder that nothing fills, and for each brace that is none."""
    for text in said:
        found = template(text.msgid)
        if any("{" in part or "}" in part for line in found.lines for part in line if isinstance(part, str)):
            message = (
                f'"{_start(text)}" has a brace that is no placeholder: write {{name}}, {{name.column}}, {{name:26}}'
            )
            yield Fault(*text.place, message, "placeholders")
        for slot in found.slots:
            hint = _unfilled(menu, text, slot, values)
            if hint is not None:
                message = f"{_where(text)}: {_written(slot)} has no value here{hint}"
                yield Fault(*text.place, message, "placeholders")


def _unfilled(menu: Menu, text: Said, slot: Slot, values: Values) -> str | None:
    """`None` where the placeholder has a value, else the hint for its message."""
    if text.role in ("words", "line"):
        screen = menu.screen(text.name)
        return None if values.has(screen, slot) else did_you_mean(slot.name, values.names(screen) - {slot.name})
    if text.role == "row":
        kind, known = row_columns(menu.screen(text.name))
        if slot.name == kind:
            return None if slot.column in KINDS[kind].columns else did_you_mean(slot.column, known[1:])
        return None if slot.name in known and not slot.column else did_you_mean(slot.name, known)
    if text.role == "sms":
        settings = values.settings()
        return None if has(text.name, slot, settings) else did_you_mean(slot.name, [*SMS[text.name].values, *settings])
    bounds = _bounds(text.name) if text.role == "errors" else set()
    return None if slot.name in bounds and not slot.column else did_you_mean(slot.name, bounds)


def _bounds(error: str) -> set[str]:
    """The bounds that an error line may show: those of the checks that need it."""
    return {bound for check in CHECKS.values() if error in check.errors for bound in check.bounds}


def wordless(menu: Menu, said: Iterable[Said]) -> Iterator[Fault]:
    """A fault for each value that is shown and has no words: of an answer, of a case, of a row."""
    values = answers_of(menu.service)
    for text in said:
        for slot in template(text.msgid).slots if text.role in ("words", "line", "row") else ():
            table = _table(menu, text, slot)
            if table:
                yield from _unworded(menu, text, table)
                continue
            shown = menu.shown.get(slot.name) if text.role != "row" else None
            if shown is None or shown.kind:
                continue
            for value in values.get(slot.name, ()):
                if value and value not in shown.words:
                    message = f'{_where(text)}: the answer "{slot.name}" can be "{value}", which has no words'
                    yield Fault(*text.place, message, "words")


def _table(menu: Menu, text: Said, slot: Slot) -> str:
    """The table of `words` in which the engine looks up what it puts there; empty where there is none."""
    if text.role == "row":
        kind, _ = row_columns(menu.screen(text.name))
        column = KINDS[kind].columns.get(slot.name)
        return column.words if column else ""
    return slot.name if slot.name in WORDS and slot.name not in answers_of(menu.service) else ""


def _unworded(menu: Menu, text: Said, table: str) -> Iterator[Fault]:
    """A fault for the first value that lacks its words."""
    words, known = menu.shown[table].words if table in menu.shown else {}, WORDS[table]
    wanted = ([f"{value}.{by}" for by in known.by] if value not in words else [] for value in known.values)
    every = [one for some in wanted for one in some] if known.by else known.values
    lacking = next((one for one in every if one not in words), None)
    if lacking:
        message = f'{_where(text)}: words.{table} has no words for "{lacking.replace(".", ": ")}"'
        yield Fault(*text.place, message, "words")


def _written(slot: Slot) -> str:
    column = f".{slot.column}" if slot.column else ""
    width = f":{slot.width}" if slot.width else ""
    return f"{{{slot.name}{column}{width}}}"


def _start(text: Said) -> str:
    return text.msgid.splitlines()[0]


def _where(text: Said) -> str:
    if text.role in ("words", "line", "row"):
        return f'screen "{text.name}"'
    return f"{text.context}: {text.name}"
