"""Switches of the rules on menus that change while people are on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import msgspec

from tests.world.plan import Change, Plan
from tests.world.rules.rule import changed_session, rule, story
from ussd_engine import acts, machine
from ussd_engine.editions import Editions
from ussd_engine.gateway import Gateway


def _gone(edition: str, at_s: float, *script: int, faults: tuple[tuple[str, int, str], ...] = ()) -> Plan:
    """A story in which the menus become others at a moment, and those before are gone."""
    return story("numbered", *script, faults=faults)._replace(changes=(Change(at_s, edition, gone=True),))


@rule("5.2", changes=(1, 2))
def every_dialog_runs_on_the_current_menus() -> Iterator[None]:
    def of(self: Editions, version: bytes) -> Any:
        return self.current if version == self.current.version else None

    with patch.object(Editions, "of", of):
        yield


@rule("5.3", changes=(1, 2))
def a_dialog_begins_again_on_other_menus() -> Iterator[None]:
    move = machine.move

    def emptied(edition: Any, session: Any, *args: Any) -> Any:
        return move(edition, msgspec.structs.replace(session, drafts=[]), *args)

    with patch.object(machine, "move", emptied):
        yield


@rule("5.4", changes=(1, 2))
def an_answer_is_applied_on_whatever_menus() -> Iterator[None]:
    on_edition = Gateway._on_edition

    def never_moved(self: Gateway, work: Any, session: Any) -> Any:
        return on_edition(self, work, session)[0], False

    with patch.object(Gateway, "_on_edition", never_moved):
        yield


# She sends and is not answered, the menus become others, and she dials again.
CAUGHT = tuple(_gone("renamed", at_s / 2, faults=(("sql", 0, "unanswered"),)) for at_s in range(20, 90))


@rule("6.14", *CAUGHT)
def an_act_ends_with_its_menus() -> Iterator[None]:
    with patch.object(acts, "moved", changed_session(acts.moved, pending=None)):
        yield
