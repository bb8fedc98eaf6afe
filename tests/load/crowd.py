"""Many citizens at once, each with a number and words of her own, whose provider sends every callback three times."""

from __future__ import annotations

import asyncio
import os
import random
import string
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec

from simulator.holes import Holes
from simulator.local import wire
from simulator.phone import Line
from simulator.transcript import Step, load
from ussd_engine import config, reference
from ussd_engine.channels.base import Channel, Dial
from ussd_engine.gsm import shorten
from ussd_engine.model import Reply

ROOT = Path(__file__).parents[2]
SHORTEST = load(ROOT / "menus" / "emrejesho" / "transcripts" / "short.sw.yaml")
MESSAGE = SHORTEST.steps[-1].stored["message"]
PREVIEW = 26
"""Letters of the message that the review shows."""

COPIES = 3
IN_FLIGHT = 512
PAUSE_S = 8.0
"""Between a screen and its answer: by then nothing looks like a repeat any more."""
CANARY = "kanari"
"""How each word of a citizen begins, and nothing else in the tree's texts does."""
WINDOW_SHARE = 5
"""One citizen in so many comes through a provider that does not tell a repeat."""


@dataclass
class Citizen:
    """One dialog, and what she was shown at its end."""

    index: int
    msisdn: str
    words: str
    steps: Sequence[Step]
    channel: Channel
    name: str = ""
    holes: Holes = field(default_factory=Holes)

    @property
    def reference(self) -> str:
        return self.holes.values["ref"]

    @property
    def pin(self) -> str:
        return self.holes.values["pin"]

    @property
    def mode(self) -> str:
        return "named" if self.name else "confidential"

    @property
    def at_once(self) -> bool:
        """Whether the copies of a callback are sent together; else each when the one before has its reply."""
        return self.channel.name == "generic" or self.index % 2 == 0

    def dial(self, number: int) -> Dial:
        """Her dialogue up to a step."""
        typed = tuple(step.type or "" for step in self.steps[1 : number + 1])
        return Dial(
            dialogue=f"{self.index:032x}", dialled=SHORTEST.steps[0].dial or "", msisdn=self.msisdn, inputs=typed
        )

    def check(self, number: int, answers: list[bytes], replies: list[Reply]) -> None:
        """All copies have one reply, and it is hers."""
        step = self.steps[number]
        assert answers.count(answers[0]) == COPIES, f"citizen {self.index}, step {number}: {answers}"
        expected = step.expected or Reply(replies[0].text, step is self.steps[-1])
        assert replies[0].ends is expected.ends, replies[0]
        assert self.holes.match(expected.text, replies[0].text), f"{expected.text!r} is not {replies[0].text!r}"


def people(count: int, window_share: int = 0, named_share: int = 0) -> list[Citizen]:
    """So many citizens. No number can be mistaken for a reference, however it is read."""
    chance = random.Random(count)
    channels = {name: wire(name, config.load({})) for name in ("africastalking", "generic")}
    numbers = (f"2557000{index:05d}" for index in range(100_000))
    apart = (number for number in numbers if not any(map(reference.parse, (number[3:], number[:2:-1]))))
    found = []
    for index, msisdn in zip(range(count), apart, strict=False):
        joint = (" ", " * ", " #")[index % 3]
        words, name = joint.join(canary(chance) for _ in range(4)), canary(chance)
        named = bool(named_share) and index % named_share == 1
        window = bool(window_share) and index % window_share == 0
        channel = channels["generic" if window else "africastalking"]
        steps = script(words, name if named else "")
        found.append(Citizen(index, msisdn, words, steps, channel, name if named else ""))
    return found


def canary(chance: random.Random) -> str:
    """A word that nobody else has."""
    return CANARY + "".join(chance.choices(string.ascii_lowercase, k=8))


def script(words: str, name: str) -> list[Step]:
    """The shortest complaint with those words; `name` is given to the institution where there is one."""
    steps = []
    for step in SHORTEST.steps:
        shows = step.shows and step.shows.replace(f'"{MESSAGE}"', f'"{shorten(words, PREVIEW)}"')
        steps.append(msgspec.structs.replace(step, type=words if step.type == MESSAGE else step.type, shows=shows))
    if name:
        asked = Step(type="2", shows=None)
        answered = Step(type=name, shows=(steps[-2].shows or "").replace("\nsiri\n", "\njina linaonekana\n"))
        steps[-2:-1] = [asked, answered]
    return steps


class Gateway:
    """A gateway of `crowd_gateway`, running."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self._process = process
        self.url = url

    async def move(self, seconds: float) -> None:
        """Let its time pass."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n".encode())
        assert await self.line() == "moved"

    async def line(self) -> str:
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().strip()


@asynccontextmanager
async def crowd_gateway(folder: Path, **settings: str) -> AsyncIterator[Gateway]:
    """A gateway in `folder`, where its log is `gateway.log`; at the end it is asked to stop, and has to do it well."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("USSD_ENGINE_")}
    given = {"var": str(folder), "deadline_s": "10", **settings}
    env = {**kept, "PYTHONPATH": str(ROOT), **{f"USSD_ENGINE_{name.upper()}": value for name, value in given.items()}}
    pipe = asyncio.subprocess.PIPE
    with (folder / "gateway.log").open("wb") as log:
        command = (sys.executable, str(Path(__file__).with_name("crowd_gateway.py")))
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=env, stdin=pipe, stdout=pipe, stderr=log
        )
    try:
        gateway = Gateway(process, "")
        gateway.url = await gateway.line()
        assert gateway.url, (folder / "gateway.log").read_text()
        yield gateway
        assert process.stdin is not None
        process.stdin.close()
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class Crowd:
    """Takes citizens through their dialogs side by side, one step of all after the other; `held` of them, the last,
    do not send what they wrote before they are told to go on."""

    def __init__(self, citizens: Sequence[Citizen], lines: Sequence[Line], held: int = 0) -> None:
        self.citizens = citizens
        self.sent: list[Citizen] = []
        """Those who have seen their last screen."""
        self.half_sent = asyncio.Event()
        """Set while the other half is about to send."""
        self.go_on = asyncio.Event()
        self._held = {citizen.index for citizen in citizens[len(citizens) - held :]}
        self._lines = lines
        self._room = asyncio.Semaphore(IN_FLIGHT)

    async def run(self, gateway: Gateway) -> None:
        """Every dialog to its end; each screen is checked."""
        for number in range(max(len(citizen.steps) for citizen in self.citizens)):
            await asyncio.gather(*(self._step(citizen, number) for citizen in self.citizens))
            await gateway.move(PAUSE_S)

    async def _step(self, citizen: Citizen, number: int) -> None:
        last = len(citizen.steps) - 1
        if number > last:
            return
        if number == last and citizen.index in self._held:
            await self.go_on.wait()
        if citizen.at_once:
            answers = await asyncio.gather(*(self._send(citizen, number, line) for line in self._lines))
        else:
            answers = [await self._send(citizen, number, line) for line in self._lines]
        replies = [reply for _, reply in answers]
        citizen.check(number, [body for body, _ in answers], replies)
        if number == last:
            self.sent.append(citizen)
            if len(self.sent) * 2 >= len(self.citizens):
                self.half_sent.set()

    async def _send(self, citizen: Citizen, number: int, line: Line) -> tuple[bytes, Reply]:
        channel = citizen.channel
        async with self._room:
            response = await line.send(channel, channel.build(citizen.dial(number)))
        return response.body, channel.read(response)


@asynccontextmanager
async def lines(url: str) -> AsyncIterator[list[Line]]:
    """A way for each copy, so that no two copies share a connection."""
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(COPIES):
            connector = aiohttp.TCPConnector(limit=0)
            client = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            found.append(Line(client, url))
        yield found
