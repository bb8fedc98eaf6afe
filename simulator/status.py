"""What stands under the screen, as `87/160 GSM-7 · page 1/2 · sw · home · 00:42 left`: its size, its page, its
language, its id, and how long the operator still waits."""

from __future__ import annotations

from typing import NamedTuple

from simulator.glance import Glance
from simulator.handset import Handset
from simulator.speech import Speech
from ussd_engine import gsm

DOT = " · "


class Status(NamedTuple):
    """The figures of a screen. `glance` is known of a gateway started here alone."""

    units: int
    room: int
    encoding: str
    culprit: str | None
    """The first character that GSM-7 has no place for."""
    glance: Glance | None
    left_s: float | None

    @property
    def over(self) -> bool:
        return self.units > self.room


def status_of(hand: Handset, now: float) -> Status | None:
    """Of the screen that a phone shows; `None` where it shows none of the gateway's."""
    if hand.shown is None:
        return None
    text, profile = hand.shown.text, hand.profile
    size = gsm.measure(text)
    room = profile.septets if size.encoding == "GSM-7" else profile.units
    return Status(size.units, room, size.encoding, gsm.culprit(text), hand.glance, hand.left_s(now))


def line(status: Status, say: Speech) -> str:
    """The figures as words."""
    parts = [f"{status.units}/{status.room} {status.encoding}"]
    if status.culprit:
        parts[0] += f" ({_named(status.culprit)})"
    if status.over:
        parts.append(say("TOO LONG"))
    if glance := status.glance:
        parts.append(say("page {page}/{pages}", page=str(glance.page), pages=str(glance.pages)))
        parts += [glance.locale, glance.screen.rpartition("/")[2]]
    if status.left_s is not None:
        parts.append(say("{time} left", time=clock(status.left_s)))
    return DOT.join(filter(None, parts))


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    whole = int(seconds)
    return f"{whole // 60:02}:{whole % 60:02}"


def _named(character: str) -> str:
    """A character with its number, for one that cannot be seen."""
    shown = character if character.isprintable() and not character.isspace() else ""
    return f"{shown} U+{ord(character):04X}".strip()
