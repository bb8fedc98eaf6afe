"""What a citizen asks and does about what she has sent: frozen and typed. Times are Unix milliseconds.

Every act has a `key` under which it is done once; `msisdn` is hers, E.164 without plus, `None` where it did not reach
us. Acts on a case are for who has opened it: the ledger does not ask for the PIN again.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from ussd_engine.model import Act, Case, Quiet


class LookUp(Quiet, frozen=True, kw_only=True):
    """A citizen asks for a case."""

    reference: str
    msisdn: str | None
    """Hers, E.164 without plus; `None` where it did not reach us."""
    pin: str | None
    """What she typed; `None` while she was not asked."""
    at_ms: int
    answer: bytes = b""
    """The answer of her dialog that asks it: copies of one are one try. Empty: every try counts."""


class LookedUp(Quiet, frozen=True):
    """What came of it. Unknown, another person's and wrongly opened cases differ in nothing."""

    outcome: Literal["found", "pin_new", "pin_needed", "wrong", "locked"]
    """`pin_new`: this is its own phone, and a first or a new PIN is to be shown."""
    case: Case | None = None
    """Set in `found` and `pin_new` alone."""
    left: int = 0
    """Tries left, in `wrong`."""
    hours: int = 0
    """To wait, in `locked`."""
    own: bool = False
    """It was sent from this phone."""
    generation: int = 0
    """Of the PIN that opens it, or that is to be shown."""


class Append(Quiet, frozen=True, kw_only=True):
    """More words on a case, or the answer to an officer's question."""

    key: bytes
    reference: str
    msisdn: str | None
    text: str
    at_ms: int


class Rate(Quiet, frozen=True, kw_only=True):
    """Whether she is satisfied with the answer."""

    key: bytes
    reference: str
    msisdn: str | None
    rating: Literal["yes", "partly", "no"]
    at_ms: int


class Withdraw(Quiet, frozen=True, kw_only=True):
    """Taking a case back."""

    key: bytes
    reference: str
    msisdn: str | None
    at_ms: int


class AskHigher(Quiet, frozen=True, kw_only=True):
    """An appeal, or the report that her identity became known (`leak`)."""

    key: bytes
    reference: str
    msisdn: str | None
    reason: Literal["unhappy", "late", "leak", "other"]
    text: str
    higher: str
    """The code of the institution that is to decide."""
    due: date | None
    at_ms: int


class AskNewPin(Quiet, frozen=True, kw_only=True):
    """The PIN is forgotten: another one can be seen a day later, on this phone alone."""

    key: bytes
    reference: str
    msisdn: str | None
    at_ms: int


class ShowPin(Quiet, frozen=True, kw_only=True):
    """The first PIN, or the new one, is shown on the case's own phone; an older one ends."""

    key: bytes
    reference: str
    msisdn: str | None
    at_ms: int


class SetSms(Quiet, frozen=True, kw_only=True):
    """SMS on or off, for all that this phone sent and will send."""

    key: bytes
    msisdn: str | None
    on: bool
    locale: str
    at_ms: int


class Erase(Quiet, frozen=True, kw_only=True):
    """Her number is erased from all that this phone sent, and her language forgotten."""

    key: bytes
    msisdn: str | None
    at_ms: int


FINISH_HOURS = 24
"""For how long a text may be finished by SMS."""


class FinishBySms(Quiet, frozen=True, kw_only=True):
    """The draft of a form is finished by SMS. Its key is the run, so that of it and what else ends the run only one can
    be. Refused, and nothing is written, where no SMS reaches her."""

    key: bytes
    msisdn: str | None
    service: str
    content: bytes
    """The draft, for whoever answers her SMS."""
    locale: str
    at_ms: int


OnCase = Append | Rate | Withdraw | AskHigher | AskNewPin | ShowPin
Effect = Act | OnCase | SetSms | Erase | FinishBySms
"""What the ledger commits."""
