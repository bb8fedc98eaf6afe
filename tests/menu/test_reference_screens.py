"""What the renderer shows of the shipped menus is, page for page, what was written down apart from them."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from sessions import Session
from tests.menu.menu_folder import ROOT, shipped
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.template import Slot
from ussd_engine.model import Profile
from ussd_engine.render import Frame
from ussd_engine.scope import Scope
from ussd_engine.screens.base import Line

REFERENCE: dict[str, Any] = yaml.safe_load((ROOT / "tests/texts/reference.yaml").read_text())
CHANGES: list[dict[str, str]] = yaml.safe_load((ROOT / "tests/texts/changes.yaml").read_text())


class Named(Scope):
    """A scope that shows the placeholders themselves."""

    __slots__ = ()

    def fill(self, slot: Slot) -> str:
        column = f".{slot.column}" if slot.column else ""
        return f"{{{slot.name}{column}{f':{slot.width}' if slot.width else ''}}}"


class Open(Frame):
    """A frame with every line, uncut."""

    def visible(self, line: Line) -> bool:
        return True

    def words(self, context: str, msgid: str) -> str:
        """Of a text with plurals the last form."""
        return self.scope.edition.catalog.forms(self.scope.locale, self.scope.menu.name, context, msgid)[-1]

    def cut(self, text: str) -> str:
        return text


SCREENS = [
    (menu.name, screen.name, locale)
    for menu in shipped().services.values()
    for screen in menu.service.screens.values()
    for locale in ("sw", "en")
    if screen.kind != "list"
]


def shown(edition: Edition, service: str, screen: str, locale: str) -> list[str]:
    """The words and lines of a screen, over all its pages."""
    scope = Named(edition, Session(b"", b"", service, screen, locale), {})
    frame = Open(scope, Profile(septets=10_000))
    return frame.text().split("\n")


@pytest.mark.parametrize(("service", "screen", "locale"), SCREENS)
def test_a_screen_is_shown_as_it_was_written_down(service: str, screen: str, locale: str) -> None:
    left_out = {change["without"] for change in CHANGES if (change["screen"], change["language"]) == (screen, locale)}
    wanted = [line for line in REFERENCE["screens"][screen][locale].split("\n") if line not in left_out]
    back = {"sw": "0. Rudi", "en": "0. Back"}[locale]
    found = shown(shipped(), service, screen, locale)
    assert [line for line in found if line != back] == [line for line in wanted if line != back]


@pytest.mark.parametrize(
    ("screen", "answers", "pages"),
    [("region", {}, [10, 10, 6]), ("ministry", {}, None), ("council", {"region": "Tanga"}, None)],
)
def test_a_list_pages_as_was_worked_out(screen: str, answers: dict[str, str], pages: list[int] | None) -> None:
    session = Session(b"", b"", "emrejesho", screen, "sw", values=dict(answers))
    frame = Frame(Scope(shipped(), session, {}), Profile())
    rows = [sum(bool(re.match(r"[0-9]+\. ", line)) for line in page) for page in frame.pages()]
    assert sum(rows) == len(frame.scope.rows(frame.screen))
    assert pages is None or rows == pages
    assert len(rows) <= 4
