"""The published language is the engine's: the files are current, and what the engine takes the schema takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from tests.menu.generated import menus
from tests.menu.invalid_menus import CASES, damage
from tests.menu.menu_folder import BASE, ROOT, MenuFolder
from ussd_engine.actions import ACTIONS
from ussd_engine.menu.publish import reference, schema
from ussd_engine.menu.rules import RULES
from ussd_engine.registry import OFFERS, SETTINGS, SOURCES
from ussd_engine.screens import TYPES
from ussd_engine.screens.base import VERBS

VALIDATOR = Draft202012Validator(schema())
FILES = [
    *sorted((ROOT / "menus").glob("*.yaml")),
    *sorted((ROOT / "menus/emrejesho").glob("*.yaml")),
    *BASE.rglob("*.yaml"),
]
SHAPES = {"keys", "screen type", "screen keys", "lines", "outcomes", "checks"}
"""Rules of which an editor sees every breach in one file."""


def complaints(data: object) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(data)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


def test_the_published_files_are_current() -> None:
    assert json.loads((ROOT / "docs/menu.schema.json").read_text()) == schema(), "run `make schema`"
    assert (ROOT / "docs/menu-reference.md").read_text() == reference(), "run `make schema`"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_menu_that_the_engine_takes_is_valid(file: Path) -> None:
    assert complaints(yaml.safe_load(file.read_text())) == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(menus())
def test_a_generated_menu_is_valid(text: str) -> None:
    assert complaints(yaml.safe_load(text)) == []


BEYOND = ("an outcome leads to a screen", "the smaller first", "leads to no other act", "two more actions", "needs the")
"""The schema does not know what a name stands for, nor compares numbers."""
SEEN = [
    case
    for case in CASES
    if case["rule"] in SHAPES and "file" in case and len(case["want"]) == 1
    if not any(words in case["want"][0] for words in BEYOND)
]


@pytest.mark.parametrize("case", SEEN, ids=[case["want"][0][:70] for case in SEEN])
def test_an_editor_sees_what_the_check_refuses(folder: MenuFolder, case: dict[str, Any]) -> None:
    damage(folder, case)
    assert complaints(yaml.safe_load((folder.menus / case["file"]).read_text()))


def test_the_example_of_each_screen_type_is_valid() -> None:
    for module in TYPES.values():
        example = (module.__doc__ or "").partition("\n\n")[2]
        assert complaints({"screens": yaml.safe_load(example)}) == []


def test_the_reference_names_all_that_a_menu_may_name() -> None:
    text = reference()
    named = [f"`{name}`" for name in (*TYPES, *ACTIONS, *SOURCES, *OFFERS)] + [f"`{{{name}}}`" for name in SETTINGS]
    named += [f"`{verb} …`" if takes else f"`{verb}`" for verb, (takes, _) in VERBS.items()]
    assert [name for name in named if name not in text] == []
    assert [rule for rule in RULES if f"| {rule} |" not in text] == []
