"""What goes to a feedback core and comes from it: frozen and typed. Times are Unix milliseconds."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

from ussd_engine.model import Quiet, Submission

OfficerRole = Literal["officer", "desk", "head", "district", "region", "ministry", "national"]
Role = Literal[OfficerRole, "core"]
"""Who handles a case; `core`: itself, as time passes."""


class CaseEvent(Quiet, frozen=True, kw_only=True):
    """What a core tells of a case: that something changed, and no word of what was written."""

    reference: str
    """Ours, of 9 digits."""
    id: str
    """The core's own, new for every event, the same for every repeat of it."""
    at_ms: int
    sequence: int | None = None
    """Counts the events of one case; `None` where the core has no such count, and time and id order them."""
    state: str = ""
    """The state that the case has now, as `CaseState` spells it; empty where that is not what changed."""
    institution: str = ""
    """Who holds the case now; empty: who held it before."""
    due: date | None = None
    """A due date that the core has set; `None`: it stays, or follows from our own table."""
    directive: bool = False
    """A leader gave directions."""


class Addition(Quiet, frozen=True, kw_only=True):
    """More of the citizen's words on a case, or her answer to an officer's question."""

    idempotency_key: str
    reference: str
    text: str
    at_ms: int


class Rating(Quiet, frozen=True, kw_only=True):
    """Whether she is satisfied with the answer."""

    idempotency_key: str
    reference: str
    rating: Literal["yes", "partly", "no"]
    at_ms: int


class Withdrawal(Quiet, frozen=True, kw_only=True):
    """She takes her case back."""

    idempotency_key: str
    reference: str
    at_ms: int


class Appeal(Quiet, frozen=True, kw_only=True):
    """She asks a higher level."""

    idempotency_key: str
    reference: str
    reason: Literal["unhappy", "late", "leak", "other"]
    """`leak`: her identity became known; hidden from the office concerned."""
    text: str
    institution: str
    """Who is to decide: the next higher level."""
    due: date | None
    at_ms: int


class Erasure(Quiet, frozen=True, kw_only=True):
    """Her number and name are to be forgotten; the case stays."""

    idempotency_key: str
    reference: str
    at_ms: int


Message = Submission | Addition | Rating | Withdrawal | Appeal | Erasure
"""What the outbox carries to a core."""


SHOWN_ACTS: Final = frozenset(
    {
        "opened",
        "in_progress",
        "need_info",
        "transferred",
        "answered",
        "not_accepted",
        "appeal_decided",
        "closed",
        "directive",
    }
)
"""What the citizen is shown of who did what."""


SPOKEN_ACTS: Final = SHOWN_ACTS - {"opened", "in_progress", "transferred"}
"""Those that come with words for her."""


class Handled(Quiet, frozen=True):
    """One line of who handled a case: never a personal name."""

    day: date
    role: str
    """A `Role`; a core may have others."""
    act: str
    """`opened`, `in_progress`, `need_info`, `transferred`, `answered`, `closed`, `not_accepted`, `appeal_decided`, …"""
    office: str = ""
    """The code of the institution whose officer it was; empty where that is not told."""


class View(Quiet, frozen=True):
    """What a core shows of one case to the citizen whose it is."""

    words: str
    """The institution's last word: answer, question, reason, decision; empty where there is none yet."""
    history: tuple[Handled, ...] = ()
    """The oldest first."""

    def spoken(self, act: str) -> str:
        """The words, if they are those of an act: an answer may have come where a question is wanted. Of a core that
        tells nothing of who did what they are taken to be."""
        last = next((one.act for one in reversed(self.history) if one.act in SPOKEN_ACTS), act)
        return self.words if last == act else ""
