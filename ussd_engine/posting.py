"""Screens that a provider takes by a request of ours: its callback is answered at once, the screen follows.

Nothing is tried again but a connection that the provider had closed meanwhile: a citizen has left a screen that comes
late. What the provider did not take is counted, and a redial goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from ussd_engine.channels.base import Channel, Posting, Response
from ussd_engine.counts import Count
from ussd_engine.lines import Lines, Target
from ussd_engine.model import Phase, Reply, Turn

MOST: Final = 2_000
"""Screens on their way at once. A provider that takes none of them must not fill the memory."""

Counted = Callable[[str, str], None]
"""Counts a `Count` of a channel."""


class Posts:
    """The screens on their way to the providers among `channels` that have them posted."""

    def __init__(self, channels: Mapping[str, Channel], count: Counted) -> None:
        self._posting = {name: one for name, one in channels.items() if isinstance(one, Posting)}
        self._channels = channels
        self._count = count
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines = Lines()

    def takes(self, turn: Turn) -> bool:
        """Whether the screen of `turn` is to be posted."""
        return turn.channel in self._posting and turn.phase is not Phase.CLOSED

    def begin(self, turn: Turn, screen: Coroutine[Any, Any, Reply]) -> Response:
        """Let `screen` be found and posted; what the callback is answered with meanwhile."""
        posting = self._posting[turn.channel]
        if len(self._tasks) >= MOST:
            screen.close()
            self._count(Count.NOT_POSTED, turn.channel)
        else:
            task = asyncio.create_task(self._bring(turn, screen, posting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return posting.acknowledged

    async def _bring(self, turn: Turn, screen: Coroutine[Any, Any, Reply], posting: Posting) -> None:
        body = self._channels[turn.channel].reply(await screen, turn).body
        try:
            answer = await self._post(posting, body)
        except OSError:  # TimeoutError is one
            self._count(Count.NOT_POSTED, turn.channel)
            return
        if posting.fault(answer):
            self._count(Count.NOT_POSTED, turn.channel)

    async def _post(self, posting: Posting, body: bytes) -> Response:
        async with asyncio.timeout(posting.post_s):
            return await self._lines.post(Target.of(posting.url), posting.post_headers, body)

    async def close(self) -> None:
        """Return when every screen is posted or given up."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._lines.close()
