"""Work beside the turns: a fault of ours is told, and the work goes on."""

from __future__ import annotations

import asyncio

import pytest

from ussd_engine import background
from ussd_engine.background import at_work


async def test_what_fails_is_told_and_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "AGAIN_S", 0)
    begun, told, third = list[int](), list[Exception](), asyncio.Event()

    async def work() -> None:
        begun.append(len(begun))
        if len(begun) < 3:
            raise TypeError("a slip of ours")
        third.set()
        await asyncio.Event().wait()

    async with at_work(work, told=told.append):
        await asyncio.wait_for(third.wait(), 10)
    assert (begun, [type(error) for error in told]) == ([0, 1, 2], [TypeError, TypeError])


async def test_the_last_begun_ends_first_and_each_finishes() -> None:
    ended, ready = [], asyncio.Barrier(3)

    def work(name: str) -> background.Work:
        async def run() -> None:
            try:
                await ready.wait()
                await asyncio.Event().wait()
            finally:
                ended.append(name)

        return run

    async with at_work(work("first"), work("second"), told=lambda error: pytest.fail(str(error))):
        await ready.wait()
    assert ended == ["second", "first"]
