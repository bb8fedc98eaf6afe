"""What a feedback store promises: the core that takes submissions, wherever it stands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from ussd_engine.keys import Keyring
from ussd_engine.ledger import Clock, Database
from ussd_engine.model import Submission


class FeedbackStore(Protocol):
    """A core. It may be slow, down, or told the same thing twice."""

    @property
    def capabilities(self) -> frozenset[str]:
        """What it can do beyond taking submissions: the fact `core_can`."""

    @property
    def wants(self) -> frozenset[str]:
        """What it asks for that a form may leave out, `place` and `date`: the fact `core_wants`."""

    async def submit(self, submission: Submission) -> str:
        """Take a submission and return the core's own reference, or ours where it has none.

        Idempotent by `idempotency_key`: a repeat changes nothing and returns the first reference; a core's "I have it"
        is success. Errors carry what to do next: `DeliveryError` try later, `Rejected` never again, `RoutePaused` stop
        sending anything until someone has looked. Any other error, and silence, count as `DeliveryError`. No error's
        text may hold what was submitted.
        """

    async def close(self) -> None:
        """Give back what is held."""


class Surroundings(NamedTuple):
    """What a store may use of the engine: the ledger's database, its keys, its clock."""

    database: Database
    keyring: Keyring
    clock: Clock


Opener = Callable[[str, Surroundings], Awaitable[FeedbackStore]]
"""Opens a store from its setting (`sql`, `webhook+https://…`). `ConfigError` where the setting cannot be used."""
