"""What a step costs the gateway on each channel, beside `africastalking`: `python -m benchmarks.costs`.

The gateway as an operator runs it, one process with Redis, serves every channel; over each in turn citizens send the
shortest complaint in the very requests that its provider makes. A round begins with another channel each time. Counted
is the CPU time of the gateway alone, all its threads, until it rests again: the delivery of what was sent is in it on
every channel alike. Where screens are posted, their posting is in it; whoever takes them is another process. Every
screen is compared with the transcript that the tests play.

Equal answers come faster here than a person gives them, so nothing is taken for a repeat: no window, no hold.

It fails where a channel's median over the rounds passes 1.3 times that of `africastalking`.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import aiohttp

from benchmarks.complaint import PROVIDER, TRANSCRIPT, WrongReply
from benchmarks.report import not_shown
from benchmarks.servers import CannotMeasure, Server, engine, new_token, on_cores, redis_server
from simulator.clock import MovedClock
from simulator.holes import Holes
from simulator.local import wire
from simulator.phone import Line, Phone
from simulator.posted import Posted, posted_anywhere
from simulator.speech import Note
from simulator.transcript import Step, load
from ussd_engine import config
from ussd_engine.channels import CHANNELS
from ussd_engine.channels.base import Bound, Channel, Posting
from ussd_engine.errors import EngineError

MOST = 1.3
"""Times the cost of `PROVIDER`."""
CITIZENS = 96
"""Who send a complaint over a channel in a round."""
AT_ONCE = 8
MOMENT_S = 0.005


def settings(posted: Posted) -> dict[str, dict[str, object]]:
    """Of every channel: none takes an equal answer for a repeat; screens are posted to here, and binds end here."""
    found: dict[str, dict[str, object]] = {}
    for name in CHANNELS:
        found[name] = {"repeat_window_s": 0, "hold_s": 0}
        made = wire(name, config.load({}))
        if isinstance(made, Posting):
            found[name]["url"] = posted.url
        elif isinstance(made, Bound) and posted.smsc is not None:
            found[name]["url"] = posted.smsc.url
    return found


class Moments(MovedClock):
    """Time enough for an answer to be later than the screen before it."""

    async def leave(self, seconds: float, why: Note | None = None) -> None:
        await super().leave(seconds)
        await asyncio.sleep(MOMENT_S)


class Crowd:
    """Citizens with numbers of their own, who send the shortest complaint over a channel."""

    def __init__(self, line: Line, steps: Sequence[Step]) -> None:
        self._line = line
        self._steps = steps
        self._numbers = (f"2557000{index:05}" for index in range(100_000))

    async def send(self, channel: Channel) -> int:
        """All of one round; their steps. Raises `WrongReply`."""
        waiting = iter(range(CITIZENS))

        async def one_after_another() -> None:
            for _ in waiting:
                await self._complain(channel, next(self._numbers))

        await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
        return CITIZENS * len(self._steps)

    async def _complain(self, channel: Channel, msisdn: str) -> None:
        phone, holes = Phone(channel, self._line, Moments(), msisdn), Holes()
        for step in self._steps:
            screen = await (phone.dial(step.dial) if step.dial else phone.type(step.type or ""))
            expected = step.expected
            assert expected is not None, "every step of the shortest complaint shows its screen"
            if screen.ends != expected.ends or not holes.match(expected.text, phone.as_one_code(screen.text)):
                raise WrongReply(f"{channel.name} shows\n{screen.text}\nwhere this is expected:\n{expected.text}")


async def rounds(folder: Path, times: int) -> list[dict[str, float]]:
    """CPU microseconds a step by channel, in so many rounds after one that warms everything."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise CannotMeasure("a core for the gateway and one for those who call are needed")
    async with posted_anywhere() as posted:
        return await _rounds(folder, times, cores, posted)


async def _rounds(folder: Path, times: int, cores: list[int], posted: Posted) -> list[dict[str, float]]:
    token, found, own = new_token(), list[dict[str, float]](), settings(posted)
    asked = config.load({"USSD_ENGINE_CHANNEL_SETTINGS": json.dumps(own)})
    served = {name: wire(name, asked) for name in CHANNELS}
    changed = {"channels": " ".join(f"{name}:{token}" for name in served), "channel_settings": json.dumps(own)}
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server(folder, set(cores[:-1])))
        server = stack.enter_context(engine(folder, {cores[-1]}, redis.url, token, **changed))
        stack.enter_context(on_cores(set(cores[:-1])))
        async with aiohttp.ClientSession() as client:
            crowd = Crowd(Line(client, server.url, token, posted), load(asked.menus.joinpath(*TRANSCRIPT)).steps)
            for index in range(times + 1):
                costs = {name: await cost(server, crowd, served[name]) for name in turned(list(served), index)}
                if index:
                    found.append(costs)
    return found


def turned(names: list[str], by: int) -> Iterator[str]:
    """The names, beginning with another one each time."""
    return itertools.islice(itertools.cycle(names), by, by + len(names))


async def cost(server: Server, crowd: Crowd, channel: Channel) -> float:
    """CPU microseconds of the gateway for a step over a channel."""
    before = server.cpu_s()
    steps = await crowd.send(channel)
    await asyncio.to_thread(server.settle)
    return (server.cpu_s() - before) / steps * 1e6


def ratios(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Of each channel the median cost, divided by that of `PROVIDER`."""
    middle = {name: median(one[name] for one in found) for name in found[0]}
    return {name: value / middle[PROVIDER] for name, value in middle.items()}


def main(arguments: list[str] | None = None) -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="ussd-engine-costs-") as folder:
            found = asyncio.run(rounds(Path(folder), max(1, given.rounds)))
    except EngineError as error:
        print(f"costs: {error}", file=sys.stderr)
        return 2
    for name, ratio in sorted(ratios(found).items()):
        costs = [one[name] for one in found]
        print(f"{name:16}{median(costs):6.0f} us a step, {min(costs):.0f} to {max(costs):.0f}", end="")
        print(f"   {ratio:.2f} of {PROVIDER}{f' (limit {MOST:g})' if ratio > MOST else ''}")
    worst = max(ratios(found).values())
    print(f"the dearest channel costs {worst:.2f} times {PROVIDER} (limit {MOST:g}), {len(found)} rounds")
    print(not_shown("make-costs"))
    return 0 if worst <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
