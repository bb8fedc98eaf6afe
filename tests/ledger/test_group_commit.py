"""Group commit."""

import asyncio
import gc

import pytest

from ussd_engine.errors import RolledBack, Unknown
from ussd_engine.ledger.group import MOST, Group


class Batches:
    """A transaction that waits until it is let go, and doubles its items; a negative one is an error of its own."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []
        self.go = asyncio.Event()

    async def __call__(self, items: list[int]) -> list[int | Exception]:
        self.seen.append(items)
        await self.go.wait()
        return [item * 2 if item >= 0 else RolledBack("negative") for item in items]


async def test_who_comes_while_a_transaction_runs_shares_the_next() -> None:
    batches = Batches()
    group = Group(batches)
    first = asyncio.create_task(group.add(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    rest = [asyncio.create_task(group.add(item)) for item in (2, 3, 4)]
    await asyncio.sleep(0)
    batches.go.set()
    assert await asyncio.gather(first, *rest) == [2, 4, 6, 8]
    assert batches.seen == [[1], [2, 3, 4]]


async def test_an_error_among_the_results_is_raised_to_its_own_caller() -> None:
    batches = Batches()
    batches.go.set()
    group = Group(batches)
    results = await asyncio.gather(*map(group.add, (1, -1, 2)), return_exceptions=True)
    assert (results[0], type(results[1]), results[2]) == (2, RolledBack, 4)


async def test_a_transaction_takes_no_more_than_its_most() -> None:
    batches = Batches()
    batches.go.set()
    group = Group(batches)
    await asyncio.gather(*(group.add(item) for item in range(MOST + 1)))
    assert [len(items) for items in batches.seen] == [MOST, 1]


async def test_a_group_that_is_stopped_leaves_nobody_waiting() -> None:
    batches = Batches()
    group = Group(batches)
    under_way = asyncio.create_task(group.add(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    behind = asyncio.create_task(group.add(2))
    await asyncio.sleep(0)
    assert group._task is not None
    group._task.cancel()
    with pytest.raises(Unknown):
        await under_way
    with pytest.raises(RolledBack):
        await behind


@pytest.mark.parametrize("fails", ["its own", "all"])
async def test_an_error_whose_waiter_has_gone_is_nobodys_and_the_loop_says_nothing(fails: str) -> None:
    batches = Batches()

    began = asyncio.Event()

    async def write(items: list[int]) -> list[int | Exception]:
        began.set()
        results = await batches(items)
        if fails == "all":
            raise RolledBack("all of it")
        return results

    said: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: said.append(context["message"]))
    group = Group(write)
    gone, stays = asyncio.create_task(group.add(-1)), asyncio.create_task(group.add(-2))
    await began.wait()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    batches.go.set()
    with pytest.raises(RolledBack):
        await stays
    await group.close()
    del group, gone, stays
    gc.collect()
    assert batches.seen == [[-1, -2]]
    assert said == []
