"""What may go wrong, few and flat; each error carries its policy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple, get_args, get_type_hints


class EngineError(Exception):
    """A fault with words for the person who can mend it. Its text never holds a citizen's words or number."""


class ConfigError(EngineError):
    """A setting that cannot be used; the gateway does not start."""


class Fault(NamedTuple):
    """One fault in a file that a person wrote."""

    file: str
    line: int
    message: str
    rule: str = ""
    """The name of the rule broken, as `ussd-engine check --rules` prints it."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class MenuError(EngineError):
    """Menus that cannot be used, with every fault found."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class NotACallback(EngineError):
    """A request that cannot be this provider's callback: answered 400 and counted."""


class NotSigned(EngineError):
    """A core's call that nobody signed whom we know, or not just now: answered 401."""


class RolledBack(EngineError):
    """The ledger's transaction is known not to have been committed."""


class Unknown(EngineError):
    """Whether the ledger's transaction was committed is not known."""


class LedgerUnavailable(EngineError):
    """The ledger could not be asked."""


class Why(StrEnum):
    """What only an operator can mend between gateway and core, or a provider of SMS. These words stand in the log."""

    AWAY = "the core was not reached, or did not answer"
    REFUSES = "the core refuses everything: look at the secrets, and at what it answers 401 or 403 for"
    GONE = "the core says that its address is gone (410): nothing is sent there before the gateway is started again"
    OTHER_HOST = "the core's certificate is of another host than the address in USSD_ENGINE_FEEDBACK"
    UNKNOWN_AUTHORITY = "the core's certificate is of an authority that is not trusted here: SSL_CERT_FILE may name it"
    NOT_TODAY = "the core's certificate is not valid at this time"
    NOT_TRUSTED = "the core's certificate cannot be trusted"
    INSTITUTION_AWAY = "the institution of a hosted service was not reached, or did not answer to a form: they wait"
    INSTITUTION_REFUSES = "the institution of a hosted service refuses a form for ever: see `ussd-engine outbox list`"
    INSTITUTION_TAKES_NOT = "the institution of a hosted service answered this form each time, and did not take it"
    INSTITUTION_NOT_TRUSTED = "the certificate of a hosted service's institution cannot be trusted: its forms wait"
    PROVIDER_AWAY = "the provider was not reached, or did not answer"
    PROVIDER_BUSY = "the provider answered with a fault of its own, or asks to be left alone"
    PROVIDER_REFUSES = "the provider refuses us: look at the credentials, credit and sender in the channel's table sms"
    PROVIDER_UNREADABLE = "the provider's answer cannot be read: look at the addresses in the channel's table sms"


class DeliveryError(EngineError):
    """A feedback store did not take a submission."""

    why: Why | None = None
    """For the log, where it is one of these."""

    retry = True
    """Try again later; otherwise the row is dead."""
    pause = False
    """Stop the whole route, for the fault is not this row's."""
    after_s: float | None = None
    """How long the core asks to be left alone; `None` where it does not say."""
    heard = False
    """Whoever was asked has answered to this very message: the fault is not the route's."""
    service = ""
    """For the log, where it is of an institution whose service is hosted: which one."""
    status = 0
    """For the log: with which status of HTTP an institution answered; 0 where it did not."""
    field = ""
    """For the log: of which field of the settings an institution says that it is wrong."""
    reason = ""
    """For `outbox list`, in words that hold nothing of the row; empty: the name of the type must do."""


class Rejected(DeliveryError):
    """The core will never take this row."""

    retry = False
    heard = True


class RoutePaused(DeliveryError):
    """The core refuses all: credentials, configuration. One row a minute asks whether that is mended."""

    why = Why.REFUSES
    pause = True


class Gone(RoutePaused):
    """The core has left this address for good; whoever has it now is to get nothing."""

    why = Why.GONE


class NotTrusted(RoutePaused):
    """Who answered could not show that it is the core; nothing was sent."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


def some(words: Sequence[str]) -> str:
    """Words in quotes, three of them by name."""
    named = ", ".join(f'"{word}"' for word in words[:3])
    return named if len(words) <= 3 else f"{named} and {len(words) - 3} more"


def or_one_of(word: str, known: Iterable[str]) -> str:
    """The hint for a misspelt name where there are few: as `did_you_mean`, and all there are."""
    there = list(known)
    return f"{did_you_mean(word, there)}; there are {', '.join(there)}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint for a misspelt name, with a leading space, or nothing."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f' (did you mean "{found[0]}"?)' if found else ""


_SAYS = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<place>[^`]*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_KINDS = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false"}
_KINDS |= {"object": "a table", "array": "a list"}


def misfit(error: Exception, table: type) -> str:
    """What msgspec says of a table of settings, in the words of its file: which setting, and what may stand there."""
    found = _SAYS.fullmatch(str(error))
    what, place = (found["what"], found["place"] or "") if found else (str(error), "")
    if missing := _MISSING.match(what):
        return f'setting "{".".join(filter(None, [place, missing[1]]))}" is missing'
    if not place:
        return what
    if what.startswith("Invalid enum value"):
        words = [one for one in get_args(get_type_hints(table).get(place)) if isinstance(one, str)]
        what = f"Expected one of {', '.join(words)}" if words else "Expected another word"
    elif kind := re.match(r"Expected `(\w+)(?: \| null)?`, got", what):
        what = f"Expected {_KINDS.get(kind[1], kind[1])}"
    return f'setting "{place}": {what[:1].lower()}{what[1:]}'
