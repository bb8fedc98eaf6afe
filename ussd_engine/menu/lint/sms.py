"""Whether every SMS can be said and fits, and whether a form of a keyword asks for nothing that no SMS gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ussd_engine import gsm
from ussd_engine.errors import Fault, did_you_mean
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.keywords import MESSAGE, Entry
from ussd_engine.menu.lint.values import Values
from ussd_engine.menu.smsbook import CONTEXT
from ussd_engine.menu.template import Slot, template
from ussd_engine.model import Answers, Mode
from ussd_engine.registry import KINDS, ROW, WORDS
from ussd_engine.sms.prefix import prefixed
from ussd_engine.sms.templates import PREFIXED, SEPTETS, SMS, VALUES

_NOTHING: Mapping[str, str] = {}
IDENTITY: Final = "identity"
"""The answer that says in which mode a submission goes."""


def unsaid(menu: Menu) -> Iterator[Fault]:
    """A fault for each SMS of which nothing may be left, and for each value of it that has no words."""
    service = menu.service
    for name, msgid in service.sms.items():
        place = service.places[f"{CONTEXT}.{name}"]
        found, known = template(msgid), SMS[name]
        lacking = known.may_lack
        if all(any(slot.name in lacking for slot in line if isinstance(slot, Slot)) for line in found.lines):
            words = ", ".join(f"{{{one}}}" for one in sorted(lacking))
            yield Fault(*place, f'sms: of "{name}" nothing is left where {words} is empty', "sms")
        for slot in found.slots:
            lost = _unworded(menu, name, slot.name)
            if lost:
                yield Fault(*place, f'sms: "{name}": {lost}', "words")


def _unworded(menu: Menu, name: str, slot: str) -> str:
    """What is said of a value whose table of words is missing or incomplete; empty where all is there."""
    table = words_of(name, slot)
    if not table:
        return ""
    there = menu.shown[table].words if table in menu.shown else {}
    wanted = WORDS[table].values if table in WORDS else ()
    for value in wanted:
        if value not in there and f"{value}.{ROW}" not in there:
            return f'words.{table} has no words for "{value}"'
    return "" if there else f'{{{slot}}} has no words: no answer "{table}" and no words.{table}'


def words_of(name: str, slot: str) -> str:
    """The table of words in which a value of an SMS is looked up; empty where it is shown by itself."""
    if slot == "ask":
        return SMS[name].words
    return VALUES[slot].words if slot in VALUES else ""


def unfitting(edition: Edition, menu: Menu, values: Values) -> Iterator[Fault]:
    """A fault for each SMS and language that does not fit with its longest values."""
    for name, msgid in menu.service.sms.items():
        for locale in edition.languages[menu.name]:
            size = max(_sizes(edition, menu, values, name, msgid, locale), key=lambda size: size.units)
            if size.units > SEPTETS:
                words = (
                    f'sms: "{name}" does not fit in {locale}: {size.units} of {SEPTETS} septets with the longest '
                    f"values: shorten it by {size.units - SEPTETS}"
                )
                yield Fault(*menu.service.places[f"{CONTEXT}.{name}"], words, "fits")


def unprefixed(edition: Edition, menu: Menu, values: Values, prefix: str) -> Iterator[Fault]:
    """A fault for each SMS and language in which there is no room for a prefix before every keyword. What fits without
    stays one SMS all the same: those at its end go without. A text that says the prefix itself needs none before them,
    and is said instead of another."""
    keywords = menu.service.keywords
    for name, msgid in menu.service.sms.items():
        if name in PREFIXED.values() and not any(slot.name == "prefix" for slot in template(msgid).slots):
            words = f'sms: "{name}" does not say {{prefix}}: what she sends without it goes to another service'
            yield Fault(*menu.service.places[f"{CONTEXT}.{name}"], words, "sms")
        if name in PREFIXED or name in PREFIXED.values():
            continue
        for locale in edition.languages[menu.name]:
            bare, whole = (
                max(size.units for size in _sizes(edition, menu, values, name, msgid, locale, one))
                for one in ("", prefix)
            )
            if bare <= SEPTETS < whole and keywords:
                words = (
                    f'sms: "{name}" has no room in {locale} for the prefix "{prefix}" before each of its keywords: '
                    f"{whole} of {SEPTETS} septets with the longest values, and the last keywords "
                    f"are told without it: shorten it by {whole - SEPTETS}, or take a shorter prefix"
                )
                yield Fault(*menu.service.places[f"{CONTEXT}.{name}"], words, "fits")


def _sizes(
    edition: Edition, menu: Menu, values: Values, name: str, msgid: str, locale: str, prefix: str = ""
) -> Iterator[gsm.Size]:
    warnings = menu.service.warnings.values() if SMS[name].warns else ()
    lines = [f"{edition.catalog.gettext(locale, menu.name, 'warnings', line)}\n" for line in warnings]
    for plural, form in enumerate(edition.catalog.forms(locale, menu.name, CONTEXT, msgid)):
        words = next(prefixed(form, menu.service.keywords, prefix))
        text = template(words).fill(lambda slot, plural=plural: _longest(values, name, slot, locale, plural))  # type: ignore[misc]
        yield from (gsm.measure(line + text) for line in lines or [""])


def _longest(values: Values, name: str, slot: Slot, locale: str, plural: int) -> str:
    if not has(name, slot, values.settings()):
        return ""
    table = words_of(name, slot.name)
    if table:
        text = values.worded(table, locale)
    elif slot.name in VALUES and slot.name in SMS[name].values:
        value = VALUES[slot.name]
        length = KINDS[value.kind].columns[slot.column].longest if value.kind else value.longest
        text = values.filled(slot.name, locale, length, plural)
    else:
        text = values.filled(slot.name, locale, values.settings()[slot.name], plural)
    return gsm.cut(text, slot.width) if slot.width else text


def has(name: str, slot: Slot, settings: Mapping[str, int]) -> bool:
    """Whether an SMS can show a placeholder."""
    if slot.name in SMS[name].values:
        kind = VALUES[slot.name].kind
        return not slot.column or (bool(kind) and slot.column in KINDS[kind].columns)
    return slot.name in settings and not slot.column


def unfilled(edition: Edition, menu: Menu) -> Iterator[Fault]:
    """A fault for each form of a keyword that asks for what an SMS does not give or is not confidential, and for kinds
    and names that are nowhere."""
    keywords = menu.service.keywords
    data = edition.data.get(menu.name)
    kinds = {row.kind for row in data} if data else set()
    for word in sorted(keywords.everyday) if keywords else ():
        if keywords and data and not data.named(word):
            words = f'keywords: everyday: "{word.upper()}" names no institution: leave it out'
            yield Fault(*keywords.place, words, "keywords")
    for entry in keywords.entries if keywords else ():
        for kind in entry.kinds:
            if kind not in kinds:
                words = f'keywords: "{entry.name}": no institution is of the kind "{kind}"{did_you_mean(kind, kinds)}'
                yield Fault(*entry.place, words, "keywords")
        if entry.action == "form" and entry.value not in menu.plans:
            words = f'keywords: "{entry.name}": no line enters the form "{entry.value}"'
            yield Fault(*entry.place, words, "keywords")
        elif entry.action == "form":
            if data is None:
                words = f'keywords: "{entry.name}" needs institutions, which the service has not'
                yield Fault(*entry.place, words, "keywords")
            if any(answers.get(IDENTITY) != Mode.CONFIDENTIAL for answers in _given(menu, entry)):
                words = f'keywords: "{entry.name}": what comes by SMS is {Mode.CONFIDENTIAL}: set {IDENTITY} to that'
                yield Fault(*entry.place, words, "keywords")
            for asked in dict.fromkeys(_asked(menu, entry)):
                words = f'keywords: "{entry.name}": the form asks "{asked}", which no SMS gives: answer it under set'
                yield Fault(*entry.place, words, "keywords")


def _asked(menu: Menu, entry: Entry) -> Iterator[str]:
    """The question at which a form stays, for each kind of institution, if not its last; none that may be skipped."""
    plan, screens = menu.plans[entry.value], menu.service.screens.values()
    skipped = {name: None for screen in screens if screen.skip for name in screen.answers}
    for given in _given(menu, entry):
        answers = {**skipped, **given, **dict.fromkeys((*entry.save, MESSAGE), "")}
        first = plan.first_unanswered(lambda name, answers=answers: answers.get(name), answers)  # type: ignore[misc]
        if first is not None and plan.items[first].saves:
            yield plan.items[first].name


def _given(menu: Menu, entry: Entry) -> Iterator[Answers]:
    """The answers that a form's keyword takes for granted, for each kind of institution."""
    for more in entry.kinds.values() or [_NOTHING]:
        yield {**menu.plans[entry.value].sets, **entry.set, **more}
