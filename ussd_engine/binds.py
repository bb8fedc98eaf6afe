"""The binds of a process: those by which USSD is answered, and those by which SMS are carried.

Each process has its own. USSD binds stand where USSD is answered, those for SMS where SMS are sent; what comes over
one meets the same door as what comes over HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ussd_engine.background import Work
from ussd_engine.channels.base import Bound, Channel
from ussd_engine.channels.sms import BoundGateway, Gateway
from ussd_engine.logs import Notice
from ussd_engine.metrics import Metrics
from ussd_engine.smpp.bind import Bind, Change, Take, Tell

USSD, SMS = "ussd", "sms"
NOTICES: Final = {
    Change.BOUND: Notice.BOUND,
    Change.LOST: Notice.BIND_LOST,
    Change.UNREACHED: Notice.BIND_LOST,
    Change.REFUSED: Notice.BIND_REFUSED,
}

Notify = Callable[..., None]
"""`Log.notice`."""


class Binds:
    """By medium and channel. `role` is the process's."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        gateways: Mapping[str, Gateway],
        role: str,
        metrics: Metrics,
        notice: Notify,
    ) -> None:
        self.ussd = {
            name: Bind(one.account) for name, one in channels.items() if isinstance(one, Bound) and one.account
        }
        self.sms = {name: one.bind for name, one in gateways.items() if isinstance(one, BoundGateway)}
        if role == "worker":
            self.ussd.clear()
        if role == "ussd":
            self.sms.clear()
        self._metrics = metrics
        self._notice = notice
        for medium, name, _ in self._all():
            metrics.bind_stands(name, medium, False)

    def _all(self) -> Iterator[tuple[str, str, Bind]]:
        for medium, binds in ((USSD, self.ussd), (SMS, self.sms)):
            yield from ((medium, name, bind) for name, bind in binds.items())

    def down(self) -> list[str]:
        """Those that do not stand, and why."""
        return [f"{name} ({medium}): not bound: {one.reason}" for medium, name, one in self._all() if not one.stands]

    def serving(self, medium: str, name: str, take: Take, stir: Callable[[], None] = lambda: None) -> Work:
        """The work that keeps one up, and takes what comes. `stir` is called when it comes to stand or to fall."""
        bind: Bind = getattr(self, medium)[name]
        tell = self._telling(medium, name, bind, stir)

        async def serve() -> None:
            await bind.serve(take, tell)

        return serve

    def hush(self) -> None:
        """Take nothing more that is dialled: what is under way is finished, and no more begun."""
        for bind in self.ussd.values():
            bind.quiet = True

    def _telling(self, medium: str, name: str, bind: Bind, stir: Callable[[], None]) -> Tell:
        """Counts what becomes of a bind, and tells what is new of it."""
        last: Change | None = None

        def tell(change: Change) -> None:
            nonlocal last
            self._metrics.bind_changed(name, medium, change)
            if change not in NOTICES:
                return
            self._metrics.bind_stands(name, medium, change is Change.BOUND)
            if last is None or NOTICES[change] is not NOTICES[last]:
                stir()
                self._notice(NOTICES[change], channel=name, medium=medium, status=bind.status)
            last = change

        return tell
