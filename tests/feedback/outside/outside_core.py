"""A feedback store as a package outside brings it: a core in memory, set as `outside`, with its own officers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from ussd_engine.errors import ConfigError, DeliveryError, Rejected
from ussd_engine.feedback import Surroundings
from ussd_engine.feedback.base import Batch
from ussd_engine.messages import (
    Addition,
    Appeal,
    CaseEvent,
    Erasure,
    Handled,
    Message,
    Rating,
    View,
    Withdrawal,
)
from ussd_engine.model import Submission


@dataclass
class File:
    """One case."""

    submission: Submission
    acts: dict[str, Message] = field(default_factory=dict)
    history: list[Handled] = field(default_factory=list)
    words: str = ""
    state: str = "received"


class OutsideStore:
    """Cannot take appeals, and says so."""

    capabilities = frozenset({"read", "append", "rate", "withdraw", "erase"})
    wants = frozenset({"place"})

    def __init__(self, clock: Callable[[], int]) -> None:
        self.files: dict[str, File] = {}
        self.down = False
        self._references: dict[str, str] = {}
        self._events: list[CaseEvent] = []
        self._clock = clock

    async def submit(self, submission: Submission) -> str:
        """Its own reference begins with a letter."""
        self._answer()
        key = submission.idempotency_key
        if key not in self._references:
            self._references[key] = f"C-{len(self._references) + 1}"
            self.files[submission.reference] = File(submission)
        return self._references[key]

    async def append(self, addition: Addition) -> None:
        """More words."""
        self._keep(addition)

    async def rate(self, rating: Rating) -> None:
        """Content, or not."""
        self._keep(rating)

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        """An answer stands."""
        self._keep(withdrawal)

    async def appeal(self, appeal: Appeal) -> None:
        """Never asked of it."""
        raise Rejected("this core takes no appeals")

    async def erase(self, erasure: Erasure) -> None:
        """Nothing of a citizen is written anywhere."""
        self._keep(erasure)

    async def view(self, reference: str) -> View | None:
        """Words and history."""
        found = self.files.get(reference)
        return None if found is None else View(found.words, tuple(found.history))

    async def events(self, mark: str, most: int) -> Batch:
        """The mark counts them."""
        begin = int(mark or 0)
        end = min(begin + most, len(self._events))
        return Batch(self._events[begin:end], str(end))

    async def close(self) -> None:
        """Nothing is held."""

    def act(self, reference: str, state: str, words: str = "") -> None:
        """What an officer does."""
        case = self.files[reference]
        case.state, case.words = state, words or case.words
        case.history.append(Handled(self._today(), "officer", state))
        count, at_ms = len(case.history), self._clock()
        event = CaseEvent(reference=reference, id=f"{reference}-{count}", at_ms=at_ms, sequence=count, state=state)
        self._events.append(event)

    def _keep(self, message: Addition | Rating | Withdrawal | Erasure) -> None:
        self._answer()
        case = self.files.get(message.reference)
        if case is None:
            raise Rejected("no such case here")
        case.acts.setdefault(message.idempotency_key, message)

    def _answer(self) -> None:
        if self.down:
            raise DeliveryError("away")

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock() / 1000, UTC).date()


async def open_store(setting: str, surroundings: Surroundings) -> OutsideStore:
    """Its setting is the word `outside`."""
    if setting != "outside" or surroundings.settings:
        raise ConfigError("feedback: this core has no settings")
    return OutsideStore(surroundings.clock)
