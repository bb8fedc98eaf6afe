"""Whether a citizen surely sees by what she finds her submission again: a reference that is shown is a promise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ussd_engine.actions import ACTIONS, RECEIPT
from ussd_engine.errors import Fault
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.template import Slot, template
from ussd_engine.screens.base import Screen

KEPT = ("ref", "pin")
"""What she writes down, of all that an outcome brings. Neither is ever empty."""


def unreceipted(edition: Edition, menu: Menu) -> Iterator[Fault]:
    """A fault for each screen after a submission that may leave out the reference or the PIN."""
    screens: dict[str, set[str]] = {}
    for action in menu.service.actions.values():
        for outcome, target in action.outcomes.items():
            brought = _kept(menu, ACTIONS[action.do].outcomes[outcome])
            for case in target if brought else ():
                if case.dest.verb == "to" and case.dest.name in menu.service.screens:
                    screens.setdefault(case.dest.name, set()).update(brought)
                else:
                    message = f'action "{action.name}": outcome "{outcome}" leads to no screen that shows {{ref}}'
                    yield Fault(*case.place, message, "receipt")
    if menu.service.last:
        screens.setdefault(menu.service.last, set()).update(_kept(menu, RECEIPT))
    for name, kept in screens.items():
        yield from _left_out(edition, menu, menu.screen(name), kept)


def _kept(menu: Menu, brought: Mapping[str, int]) -> list[str]:
    """Of a hosted service the reference alone: its PIN would open nothing."""
    return [name for name in KEPT if name in brought and not (menu.service.hosted and name == "pin")]


def _left_out(edition: Edition, menu: Menu, screen: Screen, kept: set[str]) -> Iterator[Fault]:
    for name in sorted(kept):
        locales = [
            locale
            for locale in edition.languages[menu.name]
            for text in edition.catalog.forms(locale, menu.name, screen.name, screen.text)
            if not _shows(text, name)
        ]
        if locales:
            message = (
                f'screen "{screen.name}" may leave out {{{name}}} in {", ".join(dict.fromkeys(locales))}: '
                "give it a line without other placeholders"
            )
            yield Fault(*screen.place, message, "receipt")


def _shows(text: str, name: str) -> bool:
    """Whether the value stands whole on a line that is always shown: a line with an empty value is left out."""
    return any(
        Slot(name, "", 0) in line and all(isinstance(part, str) or part.name in KEPT for part in line)
        for line in template(text).lines
    )
