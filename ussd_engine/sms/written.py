"""An SMS that came, and what is replied, before it has words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ussd_engine.facts import FACTS
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.messages import View
from ussd_engine.sms.filling import Lacking, Sender
from ussd_engine.sms.keywords import Ear, Heard
from ussd_engine.sms.matrix import Anyway, Say, say_anyway


@dataclass(frozen=True)
class Written:
    """An SMS, and what was known of it before its transaction began."""

    edition: Edition
    service: str
    ear: Ear
    sender: Sender
    heard: Heard
    today: date
    core_can: frozenset[str]
    chosen: str = ""
    """Her language, where she has chosen one."""
    view: View | None = None
    """What the institution said, where that was asked for."""

    @property
    def menu(self) -> Menu:
        """Of its service."""
        return self.edition.services[self.service]

    @property
    def core_lacks(self) -> frozenset[str]:
        """What the core cannot do."""
        return frozenset(FACTS["core_can"]) - self.core_can


class Reply(NamedTuple):
    """What is said."""

    say: Say
    values: Mapping[str, str] = {}
    """As they are stored."""
    locale: str = ""
    """Of the keyword; empty: hers."""


def anyway(what: Anyway) -> Reply:
    """A reply that is about no case and shows nothing."""
    return Reply(say_anyway(what))


def turned_away(ends: str) -> Reply:
    """To a service that takes nothing now; until when, empty where no end is known."""
    return Reply(say_anyway(Anyway.SHUT), {"until": ends}) if ends else anyway(Anyway.FAULT)


def lacks(lacking: Lacking) -> Reply:
    """What is missing, or too long."""
    return Reply(say_anyway(lacking.say), {"max": str(lacking.most)} if lacking.most else {})
