"""Copies of SMS to which their provider gives no id, where it brings again what it thinks was not heard.

It thinks so where we asked for it again, or where the connection broke before our word arrived. Such a copy gets the id
of the first; another SMS of equal words gets its own, for somebody may well answer `1` twice.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, NamedTuple

from ussd_engine.smpp.bind import Line
from ussd_engine.sms.message import Incoming

AT_ONCE_S: Final = 2.0
"""What is equal within this is a copy in any case."""
HEARD_S: Final = 10.0
"""Our word has arrived where the connection stood for so long after it."""
AGAIN_S: Final = 3600.0
"""For how long what was not heard may be brought again."""
MOST: Final = 10_000


class _Known(NamedTuple):
    id: str
    at_s: float
    opened: int
    kept: bool


class Copies:
    """Of one connection of one process. Holds keyed hashes, whose key is drawn at the start and never written."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def id(self, incoming: Incoming, line: Line) -> str:
        """The id of an SMS that came: that of the one of which it is a copy, else a new one."""
        digest, now_s = self._digest(incoming), self._now()
        known = self._known.get(digest)
        if known is None or not _again(known, line, now_s):
            known = _Known(secrets.token_hex(16), now_s, line.opened, False)
        self._keep(digest, known)
        return known.id

    def answered(self, incoming: Incoming, line: Line, *, kept: bool) -> None:
        """What its provider is told now."""
        digest = self._digest(incoming)
        known = self._known.get(digest)
        if known is not None:
            self._keep(digest, known._replace(at_s=self._now(), opened=line.opened, kept=kept))

    def _keep(self, digest: bytes, known: _Known) -> None:
        self._known[digest] = known
        self._known.move_to_end(digest)
        if len(self._known) > MOST:
            self._known.popitem(last=False)

    def _digest(self, incoming: Incoming) -> bytes:
        what = f"{incoming.msisdn}\0{incoming.to}\0{incoming.text}"
        return blake2b(what.encode("utf-8", "surrogatepass"), digest_size=16, key=self._key).digest()


def _again(known: _Known, line: Line, now_s: float) -> bool:
    if now_s - known.at_s <= AT_ONCE_S:
        return True
    if now_s - known.at_s > AGAIN_S:
        return False
    return not known.kept or (line.opened > known.opened and known.at_s >= line.broke_s - HEARD_S)
