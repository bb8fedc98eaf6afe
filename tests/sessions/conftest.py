"""Redis as a fake over TCP and as a real server, and a look behind both."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from fakeredis import TcpFakeServer
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoRedis

from sessions import Seal
from sessions.redis import RedisSessions
from ussd_engine.testing.wire import Answer, Answers, greeted, listening

Told = tuple[RedisSessions, Answers]

REAL = ("127.0.0.1", 6379)


class Unmoved(TcpFakeServer):
    """A client that is cut off in the middle of a command is what these tests are about, not a fault of the fake."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nobody is told."""


@pytest.fixture(scope="session")
def fake_redis() -> Iterator[tuple[str, int]]:
    server = Unmoved(("127.0.0.1", 0), server_version=(7, 0))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield str(server.server_address[0]), server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
async def real_redis() -> tuple[str, int]:
    # The client's own retries would wait for seconds at every test where no server is.
    client = Redis(host=REAL[0], port=REAL[1], retry=Retry(NoBackoff(), 0))
    try:
        await client.ping()
    except NoRedis:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("no Redis listens on 127.0.0.1:6379")
    finally:
        await client.aclose()
    return REAL


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.redis)])
def redis_server(request: pytest.FixtureRequest) -> tuple[str, int]:
    place: tuple[str, int] = request.getfixturevalue(f"{request.param}_redis")
    return place


@pytest.fixture
async def behind(redis_server: tuple[str, int]) -> AsyncIterator[Redis]:
    """A plain client of the server under test."""
    client = Redis(host=redis_server[0], port=redis_server[1])
    yield client
    await client.aclose()


@pytest.fixture
def seal() -> Seal:
    return Seal({1: os.urandom(32)}, write=1)


@pytest.fixture
async def opened(seal: Seal) -> AsyncIterator[Callable[..., RedisSessions]]:
    """Opens stores, and closes them whatever happened."""
    stores: list[RedisSessions] = []

    def open_store(url: str, timeout_s: float = 5) -> RedisSessions:
        stores.append(RedisSessions.from_url(url, seal, timeout_s))
        return stores[-1]

    yield open_store
    for store in stores:
        await store.close()


@pytest.fixture
def told(opened: Callable[..., RedisSessions]) -> Callable[..., AbstractAsyncContextManager[Told]]:
    """A store on a server that answers as told."""

    @asynccontextmanager
    async def store_on(answer: Answer) -> AsyncIterator[Told]:
        server = Answers(greeted(answer))
        async with listening(server) as port:
            yield opened(f"redis://127.0.0.1:{port}"), server

    return store_on
