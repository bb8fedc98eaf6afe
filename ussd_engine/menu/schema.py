"""Reads nodes as the menu language has them, and says what is not of it.

What the language knows stands in the tables; the published JSON Schema and the reference are made from the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ussd_engine.errors import Fault, did_you_mean
from ussd_engine.menu.keywords import Keywords, read_keywords
from ussd_engine.menu.load import Node
from ussd_engine.menu.shapes import Reader
from ussd_engine.model import Answers
from ussd_engine.screens import TYPES
from ussd_engine.screens.base import Line, Place, Screen, Target, Tests


class Key(NamedTuple):
    """A key of the language: the shape of its value and what it means."""

    shape: str
    help: str


SERVICE: dict[str, Key] = {
    "service": Key("name", "the service's name, also that of its catalogues"),
    "language": Key("language", "the language of the words in these files"),
    "start": Key("name", "the screen at which a dialog begins"),
    "first": Key("name", "shown once, before start, to a caller whose language is not known yet"),
    "resume": Key("name", "shown when the caller has an unfinished form"),
    "last": Key("name", "shown on a redial within 3 minutes after an end screen that may not have arrived"),
    "pilot": Key("name", "the end screen for phones that are not listed: makes the service a pilot, unseen by them"),
    "hosted": Key("text", "the institution whose service this is: its forms go there, and it has no tracking"),
    "keys": Key("keys", "the navigation keys, as printed"),
    "tries": Key("number", "wrong choices in a row before a polite end"),
    "too_many": Key("name", "the end screen after that"),
    "system": Key(
        "system",
        "the end screens that the engine itself shows; busy stands for limit and steps where they are not there, "
        "fault for stopped and not_served",
    ),
    "dial": Key("dial", "digits dialled behind the service's path, each with its screen"),
    "errors": Key("texts", "the line above the same screen when an answer is refused, by rule"),
    "warnings": Key("texts", "the line above the screen that follows, by warning"),
    "words": Key("words", "how a stored answer is shown where it is not by its own line"),
    "forms": Key("forms", "what to ask, in order"),
    "screens": Key("screens", "the screens"),
    "actions": Key("actions", "what the engine does, and where each outcome leads"),
    "sms": Key("sms", "the words of each SMS that the engine can send; without them none is sent"),
    "keywords": Key("keywords", "what an SMS may begin with; without them none is taken"),
}
SPREAD = ("errors", "warnings", "words", "forms", "screens", "actions", "sms")
"""Blocks that may be spread over the files of a service; the other keys stand in one of them."""

REQUIRED = ("service", "language", "start", "keys", "tries", "too_many", "system", "errors", "screens")

FORM: dict[str, Key] = {
    "set": Key("texts", "answers that every run of the form has"),
    "ask": Key("questions", "questions and sub-forms, in order"),
}

SCREEN: dict[str, Key] = {
    **{kind: Key("text", module.__doc__.splitlines()[0] if module.__doc__ else "") for kind, module in TYPES.items()},
    "again": Key("text", "shorter words for when a line stands above"),
    "choose": Key("choices", "numbered lines as printed, each with the value that it saves"),
    "go": Key("lines", "numbered lines as printed, each with where it leads"),
    "save": Key("save", "the name of the answer; {answer: column} takes columns of a row"),
    "then": Key("target", "where next, for screens outside a form"),
    "check": Key("check", "the rules that the answer must keep"),
    "warn": Key("warn", "warnings: the answer is kept"),
    "skip": Key("line", "the line that leaves the question unanswered"),
    "full": Key("name", "the screen to show when a reply filled the phone's screen"),
    "from": Key("from", "a list's source with its arguments"),
    "row": Key("text", "how a row looks; an empty value goes with the blank before it"),
    "most": Key("number", "the most rows"),
    "none": Key("name", "the screen for a list or an offer that found nothing"),
    "slow": Key("name", "the screen for a source that does not answer in time"),
    "offer": Key("offer", "an answer worked out before the screen is shown; kept only by accept"),
    "secret": Key("name", "the input is used by the next action and never kept"),
}

_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_DIALLED = re.compile(r"[0-9]{1,3}(\*[0-9]{1,3}){0,4}")
_TYPED = re.compile(r"[0-9*#]{1,3}")

SYSTEM = ("fault", "old", "busy", "maint")
SYSTEM_OPTIONAL = ("limit", "steps", "stopped", "not_served")
NAVIGATION = ("back", "more", "home")


class Item(NamedTuple):
    """A question or a sub-form that a form asks, if its tests pass."""

    name: str
    tests: Tests
    place: Place


@dataclass(frozen=True, slots=True)
class Form:
    """What to ask, in order."""

    name: str
    set: Answers
    ask: tuple[Item, ...]
    place: Place


class Action(NamedTuple):
    """A registered action, and where each of its outcomes leads."""

    name: str
    do: str
    outcomes: Mapping[str, Target]
    place: Place


@dataclass(slots=True)
class Service:
    """A service as its files say it, before anything was tied together."""

    name: str = ""
    language: str = ""
    start: str = ""
    first: str = ""
    resume: str = ""
    last: str = ""
    pilot: str = ""
    hosted: str = ""
    tries: int = 3
    too_many: str = ""
    back: Line | None = None
    more: Line | None = None
    home: str = ""
    system: dict[str, str] = field(default_factory=dict)
    dial: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    words: dict[str, dict[str, str | dict[str, str]]] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    screens: dict[str, Screen] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    sms: dict[str, str] = field(default_factory=dict)
    keywords: Keywords | None = None
    places: dict[str, Place] = field(default_factory=dict)
    """Where each single key and each word stands: `start`, `dial.5`, `errors.choice`, `words.type.complaint`."""

    @property
    def place(self) -> Place:
        return self.places["service"]


def read_service(nodes: list[Node], faults: list[Fault]) -> Service:
    """The service that the files hold together. What is wrong is added to `faults`; reading goes on."""
    service = Service()
    reader = Reader(faults)
    for node in nodes:
        for name, value in reader.block(node, SERVICE, "service").items():
            _entry(service, reader, name, value)
    for name in REQUIRED:
        if name not in service.places:
            faults.append(Fault(nodes[0].file, 1, f'the service has no "{name}"', "missing"))
    return service


def _entry(service: Service, reader: Reader, name: str, node: Node) -> None:
    if name in SPREAD:
        service.places.setdefault(name, reader.place(node))
        _SPREAD[name](service, reader, node)
    elif name in service.places:
        first = service.places[name]
        reader.fault(node, f'"{name}" stands twice in the service (first in {first.file}:{first.line})', "duplicates")
    else:
        service.places[name] = reader.place(node)
        _single(service, reader, name, node)


def _single(service: Service, reader: Reader, name: str, node: Node) -> None:
    if name == "tries":
        service.tries = reader.number(node, "tries", 3)
    elif name == "keys":
        _keys(service, reader, node)
    elif name in ("system", "dial"):
        found = {key: reader.name(value, name) for key, value in reader.mapping(node, name).items()}
        for key, value in reader.mapping(node, name).items():
            service.places[f"{name}.{key}"] = reader.place(value)
        setattr(service, name, found)
        (_system if name == "system" else _dial)(reader, node, found)
    elif name == "hosted":
        service.hosted = reader.text(node, name)
    elif name == "language":
        service.language = _language(reader, node)
    elif name == "keywords":
        service.keywords = read_keywords(reader, node)
    else:
        setattr(service, "name" if name == "service" else name, reader.name(node, name))


def _language(reader: Reader, node: Node) -> str:
    code = reader.text(node, "language")
    if code and not _LANGUAGE.fullmatch(code):
        reader.fault(node, f'language: "{code}" is no language: write its code, as sw or pt_BR', "language")
        return ""
    return code


def _system(reader: Reader, node: Node, found: dict[str, str]) -> None:
    for key in found:
        if key not in (*SYSTEM, *SYSTEM_OPTIONAL):
            hint = did_you_mean(key, (*SYSTEM, *SYSTEM_OPTIONAL))
            reader.fault(node, f'system: "{key}" is not known{hint}', "keys")
    for key in SYSTEM:
        if key not in found:
            reader.fault(node, f'system has no "{key}"', "missing")


def _dial(reader: Reader, node: Node, found: dict[str, str]) -> None:
    for digits in found:
        if not _DIALLED.fullmatch(digits):
            message = f'dial: "{digits}" cannot be dialled: digits, joined by *, as "5*1"'
            reader.fault(reader.mapping(node, "dial")[digits], message, "shape")


def _keys(service: Service, reader: Reader, node: Node) -> None:
    found = reader.block(node, {name: Key("text", "") for name in NAVIGATION}, "keys")
    for name in NAVIGATION:
        if name not in found:
            reader.fault(node, f'keys has no "{name}"', "missing")
    if "back" in found:
        service.back = reader.printed(found["back"])
    if "more" in found:
        service.more = reader.printed(found["more"])
    if "home" in found:
        service.home = reader.text(found["home"], "home")
        if service.home and not _TYPED.fullmatch(service.home):
            reader.fault(found["home"], f'home: "{service.home}" cannot be typed: digits, * and # alone', "shape")
        elif not service.home and isinstance(found["home"].value, str):
            reader.fault(found["home"], 'home: the key is empty: name it, as "00"', "shape")


def _texts(name: str, service: Service, reader: Reader, node: Node) -> None:
    target: dict[str, str] = getattr(service, name)
    for key, value in reader.mapping(node, name).items():
        if _once(service, reader, name, key, value, target):
            target[key] = reader.text(value, f"{name}: {key}")


def _once(service: Service, reader: Reader, block: str, key: str, node: Node, target: Mapping[str, object]) -> bool:
    """Note the place of an entry; false, with a fault, if it stands a second time."""
    place = service.places.get(f"{block}.{key}")
    if key in target and place:
        reader.fault(node, f'{block}: "{key}" stands twice (first in {place.file}:{place.line})', "duplicates")
        return False
    service.places[f"{block}.{key}"] = reader.place(node)
    return reader.named(key, node, block)


def _words(service: Service, reader: Reader, node: Node) -> None:
    for name, block in reader.mapping(node, "words").items():
        if not _once(service, reader, "words", name, block, service.words):
            continue
        table: dict[str, str | dict[str, str]] = {}
        for key, value in reader.mapping(block, f"words: {name}").items():
            service.places[f"words.{name}.{key}"] = reader.place(value)
            if isinstance(value.value, dict):
                table[key] = {inner: reader.text(text, f"words: {name}") for inner, text in value.value.items()}
            else:
                table[key] = reader.text(value, f"words: {name}")
        service.words[name] = table


def _forms(service: Service, reader: Reader, node: Node) -> None:
    for name, block in reader.mapping(node, "forms").items():
        if not _once(service, reader, "forms", name, block, service.forms):
            continue
        found = reader.block(block, FORM, f'form "{name}"')
        if "ask" not in found:
            reader.fault(block, f'form "{name}" asks nothing: it has no "ask"', "missing")
        sets: Answers = {}
        if "set" in found:
            sets.update(reader.texts(found["set"], f'form "{name}": set'))
        ask = [_item(reader, entry, name) for entry in (reader.entries(found["ask"], "ask") if "ask" in found else [])]
        items = tuple(item for item in ask if item)
        service.forms[name] = Form(name, sets, items, reader.place(block))


def _item(reader: Reader, node: Node, form: str) -> Item | None:
    where = f'form "{form}"'
    if isinstance(node.value, str):
        return Item(node.value, (), reader.place(node))
    if isinstance(node.value, dict) and len(node.value) == 1:
        ((name, block),) = node.value.items()
        found = reader.block(block, {"if": Key("tests", ""), "unless": Key("tests", "")}, f'{where}: "{name}"')
        return Item(name, reader.tests(found), reader.place(block))
    reader.fault(node, f"{where}: a question stands as `name` or as `name: {{if: …}}`", "shape")
    return None


def _screens(service: Service, reader: Reader, node: Node) -> None:
    for name, block in reader.mapping(node, "screens").items():
        if _once(service, reader, "screens", name, block, service.screens):
            screen = _screen(reader, name, block)
            if screen:
                service.screens[name] = screen


def _screen(reader: Reader, name: str, node: Node) -> Screen | None:
    where = f'screen "{name}"'
    found = reader.block(node, SCREEN, where)
    kinds = [kind for kind in TYPES if kind in found]
    if len(kinds) != 1:
        what = f"is {' and '.join(kinds)} at once" if kinds else "has no type"
        reader.fault(node, f"{where} {what}: it is one of {', '.join(TYPES)}", "screen type")
        return None
    kind = kinds[0]
    for key in found:
        if key != kind and key not in TYPES[kind].KEYS:
            reader.fault(found[key], f'{where}: a screen of type {kind} has no "{key}"', "screen keys")
            return None
    return reader.screen(name, kind, node, found, where)


def _actions(service: Service, reader: Reader, node: Node) -> None:
    for name, block in reader.mapping(node, "actions").items():
        if not _once(service, reader, "actions", name, block, service.actions):
            continue
        found = reader.mapping(block, f'action "{name}"')
        if "do" not in found:
            reader.fault(block, f'action "{name}" has no "do"', "missing")
            continue
        outcomes = {key: reader.target(value) for key, value in found.items() if key != "do"}
        place = reader.place(block)
        service.actions[name] = Action(name, reader.name(found["do"], f'action "{name}"'), outcomes, place)


_SPREAD = {
    "errors": lambda *args: _texts("errors", *args),
    "warnings": lambda *args: _texts("warnings", *args),
    "words": _words,
    "forms": _forms,
    "screens": _screens,
    "actions": _actions,
    "sms": lambda *args: _texts("sms", *args),
}
