"""What one caller holds in her hand: the screen, what she is typing, the session's clock, and her SMS."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from simulator.exchange import Report
from simulator.glance import Glance
from simulator.phone import Phone
from simulator.speech import Note
from ussd_engine.model import Profile, Reply

SESSION_S = 180.0
"""How long a dialogue lasts where its provider says nothing: operators end it after about three minutes."""


class Display(StrEnum):
    """What the phone shows."""

    IDLE = "idle"
    """What is being dialled."""
    WAITING = "waiting"
    """A request is under way."""
    ASKS = "asks"
    """A screen that takes an answer."""
    ENDED = "ended"
    """A last screen."""
    LOST = "lost"
    """The network's own word that nothing came."""
    OVER = "over"
    """The network's own word that the time is over."""


PUT_AWAY: Final = (Display.ENDED, Display.LOST, Display.OVER)
"""What only has to be read: the next key puts it away."""


@dataclass
class Message:
    """One SMS on the phone."""

    text: str
    at: float
    """Unix seconds."""
    mine: bool = False
    """She wrote it."""
    other: str = ""
    """Whom it came from, or to whom it went."""
    id: str = ""
    """The gateway's."""
    report: Report | None = None
    """What was reported of it."""
    read: bool = False
    silence: Note | None = None
    """Why nothing came in answer to hers."""
    place: int = 0
    """The how manieth came to this phone, from 1."""

    def hour(self, zone: ZoneInfo) -> str:
        """When it came, as a list of SMS says it."""
        return f"{datetime.fromtimestamp(self.at, zone):%H:%M}"


@dataclass
class Handset:
    """One phone in the room. `name` is how a transcript calls its caller, '' the first one."""

    phone: Phone
    name: str = ""
    entry: str = ""
    """What is typed and was not taken yet."""
    refused: bool = False
    """It was sent and not taken: the next key begins anew."""
    emptied: int = 0
    """How often what was typed was taken, or went with its screen."""
    sending: bool = False
    """It is on its way, and what was done before is not over yet."""
    display: Display = Display.IDLE
    shown: Reply | None = None
    glance: Glance | None = None
    inbox: list[Message] = field(default_factory=list)
    heard: int = 0
    """How many SMS of the exchange are in the inbox."""
    written: int = 0
    """How many of the inbox a transcript has."""
    came: int = 0
    """How many SMS have come to this phone."""
    session_ends: float = 0.0
    reply_ends: float | None = None

    @property
    def number(self) -> str:
        """E.164 without the plus sign; empty where the number is withheld."""
        return self.phone.msisdn or ""

    @property
    def profile(self) -> Profile:
        return self.phone.channel.profile

    @property
    def unread(self) -> int:
        return sum(not one.read for one in self.inbox if not one.mine)

    @property
    def fresh(self) -> bool:
        """Whether SMS came that no transcript has."""
        return any(not one.mine for one in self.inbox[self.written :])

    def unwritten(self) -> list[str]:
        """The SMS that came since the last call."""
        fresh, self.written = self.inbox[self.written :], len(self.inbox)
        return [one.text for one in fresh if not one.mine]

    @property
    def alive(self) -> bool:
        """A dialogue waits for her."""
        return self.display is Display.ASKS

    def left_s(self, now: float) -> float | None:
        """How long the operator keeps the dialogue open; `None` where there is none."""
        if not self.alive:
            return None
        ends = self.session_ends if self.reply_ends is None else min(self.session_ends, self.reply_ends)
        return max(0.0, ends - now)

    def dialled(self, now: float) -> None:
        """A dialogue begins."""
        self.session_ends = now + (self.profile.session_s or SESSION_S)

    def press(self, keys: str, most: int) -> None:
        """Keys are pressed; `most` characters have a place."""
        if self.display in PUT_AWAY:
            self.clear()
        if self.display is not Display.WAITING and not self.sending:
            before = "" if self.refused else self.entry
            self.entry, self.refused = (before + keys)[:most], False

    def erase(self) -> None:
        """The last character goes; what was refused is mended."""
        if not self.sending:
            self.entry, self.refused = self.entry[:-1], False

    def refuse(self, typed: str = "") -> None:
        """What was typed stays, to be mended or sent later."""
        self.entry = self.entry or typed
        self.refused = bool(self.entry)

    def show(self, reply: Reply, now: float, glance: Glance | None = None) -> None:
        """A screen came."""
        self._empty()
        self.shown, self.glance = reply, glance
        self.display = Display.ENDED if reply.ends else Display.ASKS
        self.reply_ends = now + self.profile.reply_s if self.profile.reply_s else None

    def clear(self, display: Display = Display.IDLE) -> None:
        """No screen any more."""
        self._empty()
        self.shown, self.glance, self.display = None, None, display

    def _empty(self) -> None:
        self.entry, self.refused = "", False
        self.emptied += 1
