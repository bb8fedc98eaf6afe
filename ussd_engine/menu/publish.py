"""The menu language as a JSON Schema for editors, and as a reference for people; both from the engine's own tables.

`python -m ussd_engine.menu.publish [FOLDER]` writes `menu.schema.json` and `menu-reference.md`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ussd_engine.actions import ACTIONS
from ussd_engine.facts import FACTS
from ussd_engine.menu.keywords import ACTIONS as ASKED
from ussd_engine.menu.keywords import OF_ENTRY, OF_FORMS, TAKING, WORD_LISTS
from ussd_engine.menu.rules import RULES
from ussd_engine.menu.schema import FORM, NAVIGATION, SCREEN, SERVICE, SYSTEM, SYSTEM_OPTIONAL, Key
from ussd_engine.registry import KINDS, OFFERS, SETTINGS, SOURCES, WARNINGS
from ussd_engine.registry import RULES as CHECKS
from ussd_engine.screens import TYPES
from ussd_engine.screens.base import VERBS
from ussd_engine.sms.templates import SMS, VALUES

Schema = dict[str, Any]

_NAME = "[a-z][a-z0-9_]*"
_LINE = r"^[0-9]{1,3}\. (.|\n)+$"


# the schema


def schema() -> Schema:
    """The JSON Schema (2020-12) of one menu file; a service may be spread over several, so no key is required."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A menu file",
        **_block(SERVICE),
        "$defs": {name: _SHAPES[name]() for name in sorted(_SHAPES)},
    }


def _ref(shape: str) -> Schema:
    return {"$ref": f"#/$defs/{shape}"}


def _block(keys: Mapping[str, Key], required: Iterable[str] = ()) -> Schema:
    properties = {name: {**_ref(key.shape), "description": key.help} for name, key in keys.items()}
    return _object(properties, required)


def _object(properties: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    found: Schema = {"type": "object", "additionalProperties": False, "properties": dict(properties)}
    return {**found, "required": list(required)} if required else found


def _mapping(value: Schema, name: str = f"^{_NAME}$") -> Schema:
    return {"type": "object", "propertyNames": {"pattern": name}, "additionalProperties": value}


def _single(value: Schema) -> Schema:
    return {**_mapping(value), "minProperties": 1, "maxProperties": 1}


def _one_or_more(value: Schema) -> Schema:
    return {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}]}


def _dest() -> Schema:
    taking = "|".join(verb for verb, (takes, _) in VERBS.items() if takes)
    return {"type": "string", "pattern": f"^({_NAME}|({taking}) {_NAME})$"}


def _case() -> Schema:
    return {
        **_object({"if": _ref("tests"), "unless": _ref("tests"), "set": _ref("texts"), "go": _ref("dest")}),
        "anyOf": [{"required": ["go"]}, {"required": ["set"]}],
    }


def _screen() -> Schema:
    kinds = []
    for kind, module in TYPES.items():
        keys = [kind, *(key for key in SCREEN if key in module.KEYS)]
        kinds.append(_block({key: SCREEN[key] for key in keys}, [kind]))
    return {"oneOf": kinds}


def _check() -> Schema:
    plain = {"enum": [name for name, rule in CHECKS.items() if not rule.bounds]}
    number = {"type": "integer", "minimum": 0}
    bounds = {
        name: {"anyOf": [number, {"type": "array", "items": number, "minItems": 1, "maxItems": len(rule.bounds)}]}
        for name, rule in CHECKS.items()
        if rule.bounds
    }
    return {"anyOf": [*_one_or_more(plain)["anyOf"], {**_object(bounds), "minProperties": 1}]}


def _from() -> Schema:
    plain = {"enum": [name for name, source in SOURCES.items() if not source.args]}
    taking = {name: source for name, source in SOURCES.items() if source.args}
    blocks = {
        name: {**_object({arg: _ref("text") for arg in source.args}), "minProperties": 1}
        for name, source in taking.items()
    }
    return {"anyOf": [plain, {**_object(blocks), "minProperties": 1, "maxProperties": 1}]}


def _action() -> Schema:
    return {
        "oneOf": [
            _object({"do": {"const": name}, **dict.fromkeys(action.outcomes, _ref("target"))}, ["do", *action.outcomes])
            for name, action in ACTIONS.items()
        ]
    }


def _question() -> Schema:
    asked = _object({"if": _ref("tests"), "unless": _ref("tests")})
    return {"anyOf": [_ref("name"), _single(asked)]}


def _choice() -> Schema:
    block = _object({"is": _ref("text"), "if": _ref("tests"), "unless": _ref("tests")}, ["is"])
    return {"anyOf": [_ref("text"), block]}


def _keywords() -> Schema:
    words = {"type": "array", "items": _ref("text")}
    others = "|".join(OF_ENTRY)
    language = {f"^(?!({others})$)[a-z]{{2,3}}(_[A-Z]{{2}})?$": words}
    about = {name: {**words, "description": OF_ENTRY[name]} for name in ("about", "beside")}
    answers = {
        "set": {**_ref("texts"), "description": OF_ENTRY["set"]},
        "for": {"type": "object", "additionalProperties": _ref("texts"), "description": OF_ENTRY["for"]},
        "save": {**_mapping(_ref("name")), "description": OF_ENTRY["save"]},
    }
    entry = {**_object(about), "patternProperties": language}
    lists = {name: {**words, "description": help} for name, help in WORD_LISTS.items()}
    asked = {name: {**entry, "description": help} for name, help in ASKED.items()}
    form = {**_object({**answers, **about}), "patternProperties": language, "description": TAKING["form"]}
    taking = {
        f"^form {_NAME}$": form,
        "^language [a-z]{2,3}(_[A-Z]{2})?$": {**entry, "description": TAKING["language"]},
    }
    return {**_object({**lists, **asked}), "patternProperties": taking}


def _sms() -> Schema:
    return _object({name: {**_ref("text"), "description": one.help} for name, one in SMS.items()})


_SHAPES: dict[str, Callable[[], Schema]] = {
    "name": lambda: {"type": "string", "pattern": f"^{_NAME}$"},
    "language": lambda: {"type": "string", "pattern": "^[a-z]{2,3}(_[A-Z]{2})?$"},
    "text": lambda: {"type": "string"},
    "texts": lambda: {"type": "object", "additionalProperties": _ref("text")},
    "number": lambda: {"type": "integer", "minimum": 1},
    "line": lambda: {"type": "string", "pattern": _LINE},
    "keys": lambda: _object({name: _ref("typed" if name == "home" else "line") for name in NAVIGATION}, NAVIGATION),
    "typed": lambda: {"type": "string", "pattern": "^[0-9*#]{1,3}$"},
    "system": lambda: _object(dict.fromkeys((*SYSTEM, *SYSTEM_OPTIONAL), _ref("name")), SYSTEM),
    "dial": lambda: _mapping(_ref("name"), r"^[0-9]{1,3}(\*[0-9]{1,3}){0,4}$"),
    "words": lambda: _mapping({"type": "object", "additionalProperties": {"anyOf": [_ref("text"), _ref("texts")]}}),
    "forms": lambda: _mapping(_block(FORM, ["ask"])),
    "questions": lambda: {"type": "array", "items": _question(), "minItems": 1},
    "screens": lambda: _mapping(_screen()),
    "actions": lambda: _mapping(_action()),
    "tests": lambda: _mapping(_one_or_more(_ref("text"))),
    "dest": _dest,
    "case": _case,
    "target": lambda: {
        "anyOf": [_ref("dest"), _ref("case"), {"type": "array", "items": _ref("target"), "minItems": 1}]
    },
    "lines": lambda: {**_mapping(_ref("target"), _LINE), "minProperties": 1},
    "choices": lambda: {**_mapping(_choice(), _LINE), "minProperties": 1},
    "save": lambda: {"anyOf": [_ref("name"), _mapping(_ref("name"))]},
    "check": _check,
    "warn": lambda: _one_or_more({"enum": list(WARNINGS)}),
    "from": _from,
    "sms": _sms,
    "keywords": _keywords,
    "offer": lambda: _single({**_object(dict.fromkeys(OFFERS, _one_or_more(_ref("name")))), "minProperties": 1}),
}
"""By the name that the tables give a shape."""


# the reference

_CONDITIONS: Final = (
    ("`if`", "tests", "only where all of them hold: `{answer: value}` or `{answer: [any, of]}`; of a list, contains"),
    ("`unless`", "tests", "only where none of them holds"),
    ("`is`", "text", "on a line under `choose`: the value that it saves"),
    ("`set`", "texts", "on a line under `go`: answers that are given with it"),
    ("`go`", "target", "on a line under `go`, or a case: where it leads"),
)
_NAVIGATION: Final = (
    ("`back`", "line", "the screen before; its number is free on no screen"),
    ("`more`", "line", "the next page"),
    ("`home`", "typed", "the first menu; drawn on no screen"),
)
_SYSTEM: Final = (
    ("`fault`", "name", "something went wrong on our side"),
    ("`old`", "name", "a leg of a dialogue that is over"),
    ("`busy`", "name", "more come than can be served"),
    ("`maint`", "name", "the service stands still until a time"),
    ("`limit`", "name", "as many dials in a day as are let in; without it `busy`"),
    ("`steps`", "name", "too many answers in a minute; without it `busy`"),
    ("`stopped`", "name", "the service is stopped, without an end; without it `fault`"),
    ("`not_served`", "name", "no service answers the code that was dialled; without it `fault`"),
)


def reference() -> str:
    """The reference of the language, as Markdown."""
    return "\n".join(_reference()) + "\n"


def _reference() -> Iterator[str]:
    yield "# The menu language: reference"
    yield "\nMade from the engine's own tables by `make schema`; `menu.schema.json` says the same to an editor."
    yield from _table("A service", ("key", "value", "means"), _keys(SERVICE))
    yield from _table("A form", ("key", "value", "means"), _keys(FORM))
    yield "\n## Screens\n\nA screen is exactly one of these."
    for kind, module in TYPES.items():
        yield from _screen_type(kind, module.__doc__ or "", [key for key in SCREEN if key in module.KEYS])
    yield from _table("Conditions, on a line, a question or a case", ("key", "value", "means"), _CONDITIONS)
    yield from _table("Navigation keys, under `keys`", ("key", "value", "means"), _NAVIGATION)
    yield from _table("What the engine itself says, under `system`", ("key", "value", "shown"), _SYSTEM)
    yield from _table("Keys of screens", ("key", "value", "means"), _keys(SCREEN))
    verbs = ((f"`{verb} …`" if takes else f"`{verb}`", takes, help) for verb, (takes, help) in VERBS.items())
    yield from _table("Verbs", ("verb", "takes", "does"), verbs)
    yield from _table(
        "Actions", ("do", "does", "outcomes, with the placeholders that their screens may hold"), _actions()
    )
    sources = ((name, source.help, ", ".join(source.args), _columns(source.kind)) for name, source in SOURCES.items())
    yield from _table("Sources", ("from", "rows", "arguments", "columns"), _named(sources))
    offers = ((name, offer.help, str(offer.args), "" if offer.sure else "yes") for name, offer in OFFERS.items())
    yield from _table("Offers", ("function", "offers", "answers", "needs `none`"), _named(offers))
    checks = ((name, rule.help, ", ".join(rule.bounds), ", ".join(rule.errors)) for name, rule in CHECKS.items())
    yield from _table("Checks", ("check", "means", "numbers", "error lines"), _named(checks))
    yield from _table("Warnings", ("warn", "said when"), _named((name, one.help) for name, one in WARNINGS.items()))
    facts = ((name, value, help) for name, values in FACTS.items() for value, help in values.items())
    yield from _table("Facts", ("fact", "value", "means"), _named(facts))
    settings = ((f"{{{name}}}", help, str(longest)) for name, (longest, help) in SETTINGS.items())
    yield from _table("Settings", ("placeholder", "shows", "longest"), _named(settings))
    yield from _sms_tables()
    yield from _table("Rules of `ussd-engine check`", ("rule", "holds that"), RULES.items())


def _sms_tables() -> Iterator[str]:
    said = ((name, one.help, _sms_slots(name)) for name, one in SMS.items())
    yield from _table("SMS", ("sms", "says", "placeholders, beside the settings"), _named(said))
    values = ((f"{{{name}}}", value.help, _sms_longest(name)) for name, value in VALUES.items())
    yield from _table("Values of SMS", ("placeholder", "shows", "longest"), _named(values))
    lists = ((name, "words", help) for name, help in WORD_LISTS.items())
    asked = (
        (name, "entry", help) for name, help in [*ASKED.items(), *((f"{verb} …", TAKING[verb]) for verb in TAKING)]
    )
    yield from _table("Keywords", ("key", "value", "means"), _named([*lists, *asked]))
    keys = ((name, "form" if name in OF_FORMS else "any", help) for name, help in OF_ENTRY.items())
    yield from _table("An entry of keywords", ("key", "of", "means"), _named([("LANGUAGE", "any", "its words"), *keys]))


def _sms_slots(name: str) -> str:
    several = "; several, one after the other: " + ", ".join(f"`{{{row}}}`" for row in SMS[name].rows)
    return " ".join(f"`{{{value}}}`" for value in SMS[name].values) + (several if SMS[name].rows else "")


def _sms_longest(name: str) -> str:
    value = VALUES[name]
    if value.kind:
        return str(KINDS[value.kind].columns[""].longest)
    return str(value.longest) if value.longest else f"by its words, `{value.words}`"


def _screen_type(kind: str, doc: str, keys: list[str]) -> Iterator[str]:
    meaning, _, example = doc.strip().partition("\n\n")
    yield f"\n### `{kind}`\n\n{meaning}\n\nKeys: {', '.join(f'`{key}`' for key in keys) or 'none'}.\n"
    yield f"```yaml\n{example.strip()}\n```"


def _keys(keys: Mapping[str, Key]) -> Iterator[tuple[str, ...]]:
    return _named((name, key.shape, key.help) for name, key in keys.items())


def _named(rows: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    return ((f"`{name}`", *rest) for name, *rest in rows)


def _actions() -> Iterator[tuple[str, ...]]:
    for name, action in ACTIONS.items():
        outcomes = (f"`{outcome}`" + _slots(values) for outcome, values in action.outcomes.items())
        yield f"`{name}`", action.help, ", ".join(outcomes)


def _slots(values: Iterable[str]) -> str:
    found = " ".join(f"`{{{value}}}`" for value in values)
    return f" ({found})" if found else ""


def _columns(kind: str) -> str:
    columns = KINDS[kind].columns
    return ", ".join(f"{{{name or kind}}} up to {column.longest}" for name, column in columns.items())


def _table(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def main(folder: str = "docs") -> None:
    """Write both pages into a folder."""
    Path(folder, "menu.schema.json").write_text(json.dumps(schema(), indent=1, ensure_ascii=False) + "\n")
    Path(folder, "menu-reference.md").write_text(reference())


if __name__ == "__main__":
    main(*sys.argv[1:2])
