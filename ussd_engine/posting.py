"""Screens that a provider takes by a request of ours: its callback is answered at once, the screen follows, by a
request over HTTP or over the bind by which its leg came.

Nothing is tried again but a connection that the provider had closed meanwhile: a citizen has left a screen that comes
late. What the provider did not take is counted, and a redial goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from ussd_engine.channels.base import ACKNOWLEDGED, Bound, Channel, Posting, Response
from ussd_engine.counts import Count
from ussd_engine.lines import Lines, Target
from ussd_engine.model import Phase, Reply, Turn
from ussd_engine.smpp import pdu
from ussd_engine.smpp.bind import Bind, NotSent
from ussd_engine.smpp.session import Broken, Unanswered

MOST: Final = 2_000
"""Screens on their way at once. A provider that takes none of them must not fill the memory."""

TRIES: Final = 2
"""Over a bind: where the line broke under a screen it goes once more over the next, if that comes in time."""

Counted = Callable[[str, str], None]
"""Counts a `Count` of a channel."""
Faulted = Callable[[Turn, Exception], None]
"""Tells of a fault of our own."""


class Posts:
    """The screens on their way to the providers among `channels` that have them posted, or sent over `binds`."""

    def __init__(
        self, channels: Mapping[str, Channel], binds: Mapping[str, Bind], count: Counted, faulted: Faulted
    ) -> None:
        self._posting = {name: one for name, one in channels.items() if isinstance(one, Posting)}
        self._channels = channels
        self._binds = binds
        self._count = count
        self._faulted = faulted
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines = Lines()

    def takes(self, turn: Turn) -> bool:
        """Whether the screen of `turn` is to be posted or sent."""
        return turn.phase is not Phase.CLOSED and (turn.channel in self._posting or turn.channel in self._binds)

    def begin(self, turn: Turn, screen: Coroutine[Any, Any, Reply]) -> Response:
        """Let `screen` be found and brought; what the callback is answered with meanwhile."""
        if len(self._tasks) >= MOST:
            screen.close()
            self._count(Count.NOT_POSTED, turn.channel)
        else:
            task = asyncio.create_task(self._bring(turn, screen))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        posting = self._posting.get(turn.channel)
        return posting.acknowledged if posting else ACKNOWLEDGED

    async def _bring(self, turn: Turn, screen: Coroutine[Any, Any, Reply]) -> None:
        try:
            taken = await self._brought(turn, screen)
        except Exception as error:
            self._faulted(turn, error)
            taken = False
        if not taken:
            self._count(Count.NOT_POSTED, turn.channel)

    async def _brought(self, turn: Turn, screen: Coroutine[Any, Any, Reply]) -> bool:
        channel = self._channels[turn.channel]
        body = channel.reply(await screen, turn).body
        posting, bind = self._posting.get(turn.channel), self._binds.get(turn.channel)
        if posting is not None:
            return await self._posted(posting, body)
        if bind is not None and isinstance(channel, Bound):
            return await _sent(bind, body, channel.post_s)
        return False

    async def _posted(self, posting: Posting, body: bytes) -> bool:
        try:
            return not posting.fault(await self._post(posting, body))
        except OSError:  # TimeoutError is one
            return False

    async def _post(self, posting: Posting, body: bytes) -> Response:
        async with asyncio.timeout(posting.post_s):
            return await self._lines.post(Target.of(posting.url), posting.post_headers, body)

    async def close(self) -> None:
        """Return when every screen is posted or given up."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._lines.close()


async def _sent(bind: Bind, octets: bytes, within_s: float) -> bool:
    now_s = asyncio.get_running_loop().time
    ends_s = now_s() + within_s
    for _ in range(TRIES):
        try:
            return (await bind.submit(octets[pdu.HEADER :], ends_s - now_s())).status == pdu.OK
        except Broken:
            continue
        except (NotSent, Unanswered):
            break
    return False
