"""What waits for "which one?", as it is kept, and what is open with a phone, as the talk sees it."""

from __future__ import annotations

from typing import Final

import msgspec

from ussd_engine.ledger.talks import Talk
from ussd_engine.ledger.terms import HOUR_MS
from ussd_engine.sms.keywords import CHOICE, PLAIN, Heard
from ussd_engine.sms.talk import Kind, Open, Wants

KINDS: Final = {"rate": Kind.RATE, "need_info": Kind.ASKED, "which": Kind.WHICH, "finish": Kind.TEXT}
"""What can be open, as the ledger calls it."""
FRESH_MS: Final = HOUR_MS
"""So long words are taken for what was missing: later they would be sent for what she may have forgotten."""


class Held(msgspec.Struct, frozen=True, array_like=True):
    """What waits."""

    whole: str
    offered: tuple[str, ...]
    """What 1, 2 and 3 stand for; where nothing was offered, the institution that is clear already."""
    institutions: bool
    wants: Wants | None = None
    text: str = ""
    """Of a new message: what there is of it."""

    @property
    def of_cases(self) -> bool:
        """Whether she was asked for which case."""
        return not self.institutions and self.wants is None


def encode(held: Held) -> bytes:
    """As a conversation keeps it."""
    return msgspec.msgpack.encode(held)


def decode(content: bytes) -> Held:
    """What a conversation keeps."""
    return msgspec.msgpack.decode(content, type=Held)


def is_words(again: Heard) -> bool:
    """Whether what waits is words without a keyword: chosen for a case they are added to it."""
    return again.guessed or again.action in (PLAIN, CHOICE)


def act_of(again: Heard) -> str:
    """What is done with what waits, once a case is chosen for it."""
    return "add" if is_words(again) else again.action


def open_of(one: Talk, now_ms: int) -> Open:
    """A conversation as the talk sees it."""
    if one.kind != "which":
        return Open(id=one.id, kind=KINDS[one.kind], reference=one.reference)
    held = decode(one.content)
    which = Open(id=one.id, kind=Kind.WHICH, offered=held.offered, institutions=held.institutions)
    stale = bool(held.text or held.offered) and now_ms - one.opened_ms > FRESH_MS
    return msgspec.structs.replace(which, wants=held.wants, stale=stale)
