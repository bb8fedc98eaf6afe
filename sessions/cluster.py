"""A Redis cluster: every key on the node that has its slot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.exceptions import AskError, MovedError, RedisClusterException, RedisError

from sessions.line import CONNECTION, Command, Line, LineBroken, Reply
from sessions.store import StoreUnavailable

REDIRECTS = 3


class Cluster:
    """A line to each node; the map of slots is fetched when first needed, and again when it proved wrong."""

    def __init__(
        self, hosts: list[tuple[str, int]], options: dict[str, Any], greeting: Command, patience_s: float
    ) -> None:
        # The map is asked on connections of redis-py's own; half a batch's time leaves the next node a chance.
        patience = {"socket_timeout": patience_s / 2, "socket_connect_timeout": patience_s / 2}
        nodes = [ClusterNode(*host) for host in hosts]
        self._cluster = RedisCluster(startup_nodes=nodes, **(options | CONNECTION | patience))
        self._greeting = greeting
        self._patience_s = patience_s
        self._lines: dict[str, Line] = {}
        self._known = False
        self._closed = False

    async def send(self, key: bytes, command: Command) -> Reply:
        """As `Nodes.send`; follows a slot that moved or is moving."""
        async with self._doubting():
            return await self._send(key, command)

    async def send_all(self, command: Command) -> list[Reply]:
        """As `Nodes.send_all`."""
        async with self._doubting():
            await self._find()
            nodes = self._cluster.get_primaries()
            return list(await asyncio.gather(*(self._line(node).send(command) for node in nodes)))

    async def ways(self) -> Sequence[Callable[[Command], Awaitable[Reply]]]:
        """As `Nodes.ways`."""
        async with self._doubting():
            await self._find()
            return [self._line(node).send for node in self._cluster.get_primaries()]

    async def close(self) -> None:
        """As `Nodes.close`."""
        self._closed = True
        await asyncio.gather(*(line.close() for line in self._lines.values()))
        await self._cluster.nodes_manager.aclose()
        await self._cluster.nodes_manager.aclose("startup_nodes")

    @asynccontextmanager
    async def _doubting(self) -> AsyncIterator[None]:
        """Whatever fails may have failed because the map of slots is old."""
        if self._closed:
            raise StoreUnavailable("closed")
        try:
            async with asyncio.timeout(2 * self._patience_s):
                yield
        except (TimeoutError, RedisError, RedisClusterException, OSError) as error:
            self._known = False
            raise LineBroken(f"the cluster did not answer ({type(error).__name__})") from None
        except LineBroken:
            self._known = False
            raise

    async def _send(self, key: bytes, command: Command) -> Reply:
        reply: Reply = None
        for _ in range(REDIRECTS):
            if not self._known:
                await self._find()
            reply = await self._line(self._cluster.get_node_from_key(key)).send(command)  # type: ignore[arg-type]  # octets do
            if isinstance(reply, AskError) and not isinstance(reply, MovedError):
                reply = await self._ask_there(reply, command)
            if not isinstance(reply, MovedError):
                break
            self._known = False
        return reply

    async def _find(self) -> None:
        await self._cluster.nodes_manager.initialize()
        self._known = True
        await self._hang_up_on_the_gone()

    async def _hang_up_on_the_gone(self) -> None:
        gone = self._lines.keys() - {node.name for node in self._cluster.get_nodes()}
        await asyncio.gather(*(self._lines.pop(name).close() for name in gone))

    async def _ask_there(self, moving: AskError, command: Command) -> Reply:
        options: dict[str, Any] = self._cluster.get_connection_kwargs()
        line = self._line(ClusterNode(moving.host, moving.port, **options))
        asking, reply = await asyncio.gather(line.send((b"ASKING",)), line.send(command))
        return asking if isinstance(asking, RedisError) else reply

    def _line(self, node: ClusterNode) -> Line:
        if node.name not in self._lines:
            kwargs = node.connection_kwargs | CONNECTION
            self._lines[node.name] = Line(lambda: node.connection_class(**kwargs), self._greeting, self._patience_s)
        return self._lines[node.name]
