"""The menus say, screen by screen and in both languages, what was written down apart from them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from ussd_engine import texts
from ussd_engine.catalog import Catalog, services_in

ROOT = Path(__file__).parent.parent.parent
REFERENCE: dict[str, Any] = yaml.safe_load((ROOT / "tests/texts/reference.yaml").read_text())
CHANGES: list[dict[str, str]] = yaml.safe_load((ROOT / "tests/texts/changes.yaml").read_text())
NAVIGATION = ("0", "98")


@cache
def said(locale: str) -> set[tuple[str, str]]:
    """Context and words of all that the menus say; of a text with plurals the last form."""
    services = services_in(ROOT / "menus")
    catalog = Catalog.load(ROOT / "locales", [service.name for service in services], [locale])
    return {
        (text.context, catalog.forms(locale, service.name, *text.key)[-1])
        for service in services
        for text in service.texts
    }


def wanted(screen: str, locale: str) -> set[tuple[str, str]]:
    """The same, of one screen as the reference shows it."""
    left_out = {change["without"] for change in CHANGES if (change["screen"], change["language"]) == (screen, locale)}
    lines = [line for line in REFERENCE["screens"][screen][locale].split("\n") if line not in {*left_out, "{rows}"}]
    labels = [found for line in lines if (found := texts.label_of(line))]
    heading = "\n".join(line for line in lines if not texts.label_of(line))
    again = REFERENCE["screens"][screen].get("again", {}).get(locale, "")
    words = {(screen, heading), (screen, again)}
    words |= {("keys" if number in NAVIGATION else screen, label) for number, label in labels}
    return {(context, text) for context, text in words if texts.is_text(text)}


@pytest.mark.parametrize("locale", ["sw", "en"])
@pytest.mark.parametrize("screen", REFERENCE["screens"])
def test_a_screen_says_what_the_reference_says_and_nothing_else(screen: str, locale: str) -> None:
    found = {(context, text) for context, text in said(locale) if context in (screen, "keys")}
    assert wanted(screen, locale) <= found
    assert {pair for pair in found if pair[0] == screen} <= wanted(screen, locale)


@pytest.mark.parametrize("locale", ["sw", "en"])
@pytest.mark.parametrize("section", ["errors", "warnings"])
def test_the_lines_above_a_screen_are_those_of_the_reference(section: str, locale: str) -> None:
    found = {text for context, text in said(locale) if context == section}
    assert found == {line[locale] for line in REFERENCE[section].values()}


@pytest.mark.parametrize("locale", ["sw", "en"])
def test_the_sms_are_those_of_the_reference(locale: str) -> None:
    found = {text for context, text in said(locale) if context == "sms"}
    assert found == {one[locale] for one in REFERENCE["sms"].values() if texts.is_text(one[locale])}


def test_the_menus_have_no_screen_that_the_reference_does_not_know() -> None:
    others = {"keys", "errors", "warnings", "sms"}
    screens = {context for context, _ in said("sw") if context not in others and not context.startswith("words.")}
    assert screens == set(REFERENCE["screens"])


def test_each_change_names_a_line_of_the_reference() -> None:
    for change in CHANGES:
        assert change["without"] in REFERENCE["screens"][change["screen"]][change["language"]].split("\n")
        assert change["reason"]
