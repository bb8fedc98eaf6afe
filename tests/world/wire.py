"""The byte stream between a worker and the world's Redis: late, torn, cut, refused."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import hiredis

from tests.world.cache import OOM, READONLY, Cache
from tests.world.loop import WorldLoop
from tests.world.weather import Weather

NET_S = 0.002
SLOW_S = 3.0
DOWN_S = 1.6
PLACES = (b"GET", b"SET", b"EVAL", b"EVALSHA")
"""The commands that count as places where a fault can strike; greetings do not."""


class Pipe(asyncio.Transport):
    """One connection. What is sent arrives in order; each direction takes a little time."""

    def __init__(self, node: Node, protocol: Any) -> None:
        super().__init__()
        self._node = node
        self._protocol = protocol
        self._reader = hiredis.Reader()
        self._free_s = 0.0
        self._closing = False
        protocol.connection_made(self)

    def write(self, data: Any) -> None:
        if not self._closing:
            self._put_off(self._arrive, bytes(data))

    def _put_off(self, call: Any, *args: Any, wait_s: float = 0.0) -> None:
        loop = self._node.loop
        self._free_s = max(self._free_s + 1e-6, loop.time() + wait_s + self._node.chance.uniform(0.1, 1.0) * NET_S)
        loop.call_at(self._free_s, call, *args)

    def _arrive(self, data: bytes) -> None:
        self._reader.feed(data)
        while not self._closing and (command := self._reader.gets()) is not False:
            self._node.serve(self, command)

    def answer(self, reply: bytes, wait_s: float = 0.0) -> None:
        self._put_off(self._deliver, reply, wait_s=wait_s)

    def _deliver(self, reply: bytes) -> None:
        if not self._closing:
            self._protocol.data_received(reply)

    def cut(self) -> None:
        """The connection ends, after what is on its way."""
        self._put_off(self._lose)

    def _lose(self) -> None:
        if not self._closing:
            self._closing = True
            self._protocol.connection_lost(ConnectionResetError("cut"))

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._node.loop.call_soon(self._protocol.connection_lost, None)

    abort = close

    def is_closing(self) -> bool:
        return self._closing

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """The stream's reader never falls behind here."""

    def resume_reading(self) -> None:
        """As above."""


class Node:
    """The server at the other end of every pipe."""

    def __init__(self, loop: WorldLoop, cache: Cache, weather: Weather, seed: int) -> None:
        self.loop = loop
        self.cache = cache
        self.weather = weather
        self.chance = random.Random(seed)
        self._down_until_s = 0.0

    def connect(self, protocol: asyncio.Protocol) -> asyncio.Transport:
        if self.loop.time() < self._down_until_s:
            raise ConnectionRefusedError("down")
        return Pipe(self, protocol)

    def serve(self, pipe: Pipe, command: list[bytes]) -> None:
        name = bytes(command[0]).upper()
        if self.loop.time() < self._down_until_s:
            pipe.cut()
            return
        what = self.weather.strikes("redis", name.decode()) if name in PLACES else ""
        match what:
            case "dead":
                pipe.cut()
            case "down":
                self._down_until_s = self.loop.time() + DOWN_S
                pipe.cut()
            case "readonly" | "oom" if name != b"GET":
                pipe.answer(READONLY if what == "readonly" else OOM)
            case "forget1" | "forget3":
                self.cache.forget(int(what[-1]))
                pipe.answer(self.cache.run(command))
            case "empty" | "evict":
                self.cache.empty(scripts=what == "empty")
                pipe.answer(self.cache.run(command))
            case _:
                self._served(pipe, self.cache.run(command), what)

    def _served(self, pipe: Pipe, reply: bytes, what: str) -> None:
        """The command was carried out; whether that is heard is another matter."""
        if what == "torn":
            pipe.answer(reply[: len(reply) // 2])
        if what in ("torn", "unanswered"):
            pipe.cut()
        else:
            pipe.answer(reply, SLOW_S if what == "slow" else 0.0)
