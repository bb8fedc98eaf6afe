"""Three turns and a delivery, each played up to its death at one point: what is seen of it, and what it leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from simulator.phone import NoAnswer, Phone
from tests.kills.scene import CODE, Ground, Nursery, Scene, menus_read_once, nursery
from ussd_engine.model import Reply

WORDS = "Maji hayatoki Uhindini"
"""Short enough to stand on the review as a whole."""
NAME = "Neema Mfano"
DOOR = ("9", "2")
"""Through the root to the service, which shows what is unfinished."""
HOME = (*DOOR, "1")
"""In there with a language, or on with what is unfinished."""
COMPLAINT = ("1", "1", "tanesco", "1", "1", WORDS)
CONFIDENTIAL, NAMED = ("1",), ("2", NAME)
SEND, LEAVE = "1", "9"

Leg = Callable[[Phone], Awaitable[Reply]]


async def confirm(phone: Phone) -> Reply:
    return await phone.type(SEND)


async def leave(phone: Phone) -> Reply:
    return await phone.type(LEAVE)


async def redial(phone: Phone) -> Reply:
    return await phone.dial(CODE)


async def repeat(phone: Phone) -> Reply:
    return await phone.repeat()


LEAVING = "she leaves without sending"
TURNS: dict[str, tuple[str, Leg]] = {
    "she confirms": ("review", confirm),
    LEAVING: ("review", leave),
    "she redials on an act begun and not written": ("begun", redial),
    "the provider repeats the leg of an act begun and not written": ("begun", repeat),
}
"""The scene of each story and the leg that is killed in it."""
DELIVERY = "the worker carries a submission to the core"
STORIES = (*TURNS, DELIVERY)


@dataclass
class Run:
    """A run of a child: whether it was killed, which points it reached, and the turn's answer and phone."""

    killed: bool
    points: list[str]
    seen: Reply | None = None
    phone: Phone | None = None


class Stories:
    """The scenes, and the way to play one leg in each."""

    def __init__(self, ground: Ground, children: Nursery) -> None:
        self.ground = ground
        self.children = children
        self.scenes: dict[str, Scene] = {}

    async def prepare(self) -> None:
        """Play a dialog to its review, to an act that was begun and never written, and to its end."""
        self.scenes["review"] = await self._reviewed(CONFIDENTIAL)
        self.scenes["begun"] = await self._after(self.scenes["review"], "sql BEGIN IMMEDIATE #1")
        self.scenes["sent"] = await self._after(await self._reviewed(NAMED), "")

    async def play(self, story: str, kill: str) -> Run:
        """Play a story in a child that is killed at a point, or at none."""
        if story == DELIVERY:
            return self.deliver(self.scenes["sent"], kill)
        scene, leg = TURNS[story]
        return await self.turn(self.scenes[scene], leg, kill)

    async def _reviewed(self, identity: tuple[str, ...]) -> Scene:
        self.ground.clear()
        async with self.ground.survivor() as url, aiohttp.ClientSession() as client:
            phone = self.ground.phone(client, url)
            await phone.dial(CODE)
            for text in (*HOME, *COMPLAINT, *identity):
                screen = await phone.type(text)
        assert WORDS in screen.text, screen.text
        return self.ground.take(phone, screen.text)

    async def _after(self, review: Scene, kill: str) -> Scene:
        """What stands after she has confirmed."""
        run = await self.turn(review, confirm, kill)
        assert run.killed == bool(kill)
        assert run.phone is not None
        return self.ground.take(run.phone, review.screen)

    async def turn(self, scene: Scene, leg: Leg, kill: str) -> Run:
        """One leg on a scene, in a child that is killed at a point, or at none."""
        self.ground.lay(scene)
        self.children.start("answer", kill)
        url = self.children.hear()["url"]
        async with aiohttp.ClientSession() as client:
            phone = self.ground.phone(client, url, scene.handset)
            try:
                seen = await leg(phone)
            except NoAnswer:
                seen = None
        if seen is not None:
            self.children.tell_to_end()
        run = self._ended()
        run.seen, run.phone = seen, phone
        return run

    def deliver(self, scene: Scene, kill: str) -> Run:
        """One round of the worker on a scene, in such a child."""
        self.ground.lay(scene)
        self.children.start("deliver", kill)
        return self._ended()

    def _ended(self) -> Run:
        words, code = self.children.hear(), self.children.hear()["ended"]
        killed = "killed" in words
        assert code == (-9 if killed else 0), f"the child said {words} and ended with {code}"
        return Run(killed, words.get("points", []))


@contextmanager
def stories(folder: Path, redis_url: str) -> Iterator[Stories]:
    """The stories on a Redis and a folder of their own."""
    with menus_read_once():
        ground = Ground(folder, redis_url)
        try:
            with nursery(ground) as children:
                yield Stories(ground, children)
        finally:
            ground.close()
