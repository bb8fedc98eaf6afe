"""What a feedback store promises: the core that takes submissions, wherever it stands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol, runtime_checkable

from ussd_engine.keys import Keyring
from ussd_engine.ledger import Clock, Database
from ussd_engine.menu.edition import Edition
from ussd_engine.messages import Addition, Appeal, CaseEvent, Erasure, Rating, View, Withdrawal
from ussd_engine.model import Submission

CAPABILITIES = frozenset({"read", "append", "rate", "withdraw", "appeal", "erase"})
"""What a core may be able to do beyond taking submissions; `read`: it shows a case's words and who handled it."""


class Batch(NamedTuple):
    """Events in the order in which the core tells them, and the mark to ask behind next time."""

    events: Sequence[CaseEvent]
    mark: str


class FeedbackStore(Protocol):
    """A core. It may be slow, down, or told the same thing twice.

    Everything that changes something is idempotent by `idempotency_key`: a repeat changes nothing. Errors carry what
    to do next: `DeliveryError` try later, `Rejected` never again, `RoutePaused` stop sending, but for one message a
    minute that asks whether it is mended. Any other error, and silence, count as `DeliveryError`. No error's text may
    hold what was sent.
    """

    @property
    def capabilities(self) -> frozenset[str]:
        """Of `CAPABILITIES` those that it has: the fact `core_can`. What it cannot do is never asked of it."""

    @property
    def wants(self) -> frozenset[str]:
        """What it asks for that a form may leave out, `place` and `date`: the fact `core_wants`."""

    async def submit(self, submission: Submission) -> str:
        """Take a submission and return the core's own reference, or ours where it has none.

        A repeat returns the first reference; a core's "I have it" is success.
        """

    async def append(self, addition: Addition) -> None:
        """More of the citizen's words, or her answer to an officer's question."""

    async def rate(self, rating: Rating) -> None:
        """Whether she is satisfied."""

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        """She takes her case back. A case that was answered meanwhile stays answered: that is no error."""

    async def appeal(self, appeal: Appeal) -> None:
        """She asks a higher level; `leak` stays hidden from the office concerned."""

    async def erase(self, erasure: Erasure) -> None:
        """Forget the number and the name of a case."""

    async def view(self, reference: str) -> View | None:
        """What the citizen may read of her case; `None` where the core has none of that reference."""

    async def events(self, mark: str, most: int) -> Batch:
        """At most so many events behind a mark, empty at first. A core that calls us instead gives none."""

    async def close(self) -> None:
        """Give back what is held."""


class Call(NamedTuple):
    """What a core's call brings, and the JSON that it is answered with; empty: it is only taken."""

    events: Sequence[CaseEvent]
    answer: bytes = b""


@runtime_checkable
class Called(Protocol):
    """A store whose core calls us, at `POST /feedback/events`."""

    async def called(self, headers: Mapping[str, str], body: bytes) -> Call:
        """Whoever calls, as often as it likes: a repeat gives the same events, by id.

        `NotSigned` where it is not known to be our core; `NotACallback`, with words for who programs the core, for a
        body that cannot be one. Nothing that comes may raise anything else, but `DeliveryError` where the store itself
        cannot work now.
        """


class Surroundings(NamedTuple):
    """What a store may use of the engine: the ledger's database, its keys, its clock, and the store's own settings."""

    database: Database
    keyring: Keyring
    clock: Clock
    settings: Mapping[str, object] = MappingProxyType({})
    """What `USSD_ENGINE_FEEDBACK_SETTINGS` says; a store refuses what it does not know."""
    production: bool = False
    menus: Callable[[], Edition] | None = None
    """The current menus, with institutions, deadlines and country; `None`: there are none."""


Opener = Callable[[str, Surroundings], Awaitable[FeedbackStore]]
"""Opens a store from its setting (`sql`, `webhook+https://…`). `ConfigError` where the setting cannot be used."""
