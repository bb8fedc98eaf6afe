"""Which Redis a key belongs to, by the scheme of a URL.

    redis://[user:password@]host[:port][/db][?option=…]      rediss:// the same over TLS
    redis+sentinel://[user:password@]host[:port],…/service[/db][?ssl=true&sentinel_password=…]
    redis+cluster://[user:password@]host[:port],…[?ssl=true]

Options are those of redis-py's connections (`ssl_ca_certs`, `client_name`, …); behind Sentinel those that begin with
`sentinel_` are for the sentinels.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from redis.asyncio.connection import ConnectionPool, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff

from sessions.cluster import Cluster
from sessions.line import CONNECTION, Command, Line, Reply

REDIS_PORT = 6379
SENTINEL_PORT = 26379


Way = Callable[[Command], Awaitable[Reply]]
"""Puts a command to one node."""


class Nodes(Protocol):
    """The Redis nodes that hold the sessions."""

    def send(self, key: bytes, command: Command) -> Awaitable[Reply]:
        """Put `command` to the node that holds `key`."""

    async def send_all(self, command: Command) -> list[Reply]:
        """Put `command` to every node that takes writes."""

    async def ways(self) -> Sequence[Way]:
        """A way to each of those nodes."""

    async def close(self) -> None:
        """Hang up."""


class OneNode:
    """All keys on one node."""

    def __init__(self, line: Line, sentinel: Sentinel | None = None) -> None:
        self._line = line
        self._sentinel = sentinel

    def send(self, key: bytes, command: Command) -> Awaitable[Reply]:
        """As `Nodes.send`."""
        return self._line.send(command)

    async def send_all(self, command: Command) -> list[Reply]:
        """As `Nodes.send_all`."""
        return [await self._line.send(command)]

    async def ways(self) -> Sequence[Way]:
        """As `Nodes.ways`."""
        return [self._line.send]

    async def close(self) -> None:
        """As `Nodes.close`."""
        await self._line.close()
        if self._sentinel is not None:
            for client in self._sentinel.sentinels:
                await client.aclose()


class Address(NamedTuple):
    """What a URL with several hosts says."""

    hosts: list[tuple[str, int]]
    path: list[str]
    options: dict[str, Any]


def parse_hosts(url: str, port: int) -> Address:
    """The parts of a URL with several hosts; `port` where a host names none. Raises `ValueError`."""
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    options = dict(parse_url(f"redis://?{parts.query}"))
    options |= {k: unquote(v) for k, v in (("username", user), ("password", password)) if v}
    options["ssl"] = str(options.get("ssl", "")).lower() in ("1", "true", "yes")
    return Address([_host(host, port) for host in hosts.split(",")], parts.path.split("/")[1:], options)


def _host(text: str, port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("a host of the Redis URL is empty")
    return parts.hostname, parts.port or port


def _single(url: str, greeting: Command, patience_s: float) -> Nodes:
    pool = ConnectionPool.from_url(url, **CONNECTION)
    return OneNode(Line(pool.make_connection, greeting, patience_s))


def _sentinel(url: str, greeting: Command, patience_s: float) -> Nodes:
    hosts, path, options = parse_hosts(url, SENTINEL_PORT)
    if not path or not path[0]:
        raise ValueError("redis+sentinel:// needs the name of the service: redis+sentinel://host:port/service/db")
    options["db"] = int(path[1]) if len(path) > 1 and path[1] else 0
    # Half of a batch's time and no second try, so that a dead sentinel leaves the next one a chance.
    patience: dict[str, Any] = {"socket_timeout": patience_s / 2, "socket_connect_timeout": patience_s / 2}
    asking = patience | {"protocol": 2, "retry": Retry(NoBackoff(), 0)}
    for name in [name for name in options if name.startswith("sentinel_")]:
        asking[name.removeprefix("sentinel_")] = options.pop(name)
    sentinel = Sentinel(hosts, sentinel_kwargs=asking)  # type: ignore[no-untyped-call]  # redis-py leaves it bare
    options |= CONNECTION
    pool = SentinelConnectionPool(path[0], sentinel, **options)  # type: ignore[no-untyped-call]  # as above
    return OneNode(Line(pool.make_connection, greeting, patience_s), sentinel)


def _cluster(url: str, greeting: Command, patience_s: float) -> Nodes:
    hosts, _, options = parse_hosts(url, REDIS_PORT)
    return Cluster(hosts, options, greeting, patience_s)


SCHEMES: dict[str, Callable[[str, Command, float], Nodes]] = {
    "redis": _single,
    "rediss": _single,
    "redis+sentinel": _sentinel,
    "redis+cluster": _cluster,
}


def open_nodes(url: str, greeting: Command, patience_s: float) -> Nodes:
    """The nodes behind `url`; nothing is connected yet. Raises `ValueError`."""
    scheme = urlsplit(url).scheme
    if scheme not in SCHEMES:
        raise ValueError(f"{scheme}:// is no Redis; known are {', '.join(SCHEMES)}")
    return SCHEMES[scheme](url, greeting, patience_s)
