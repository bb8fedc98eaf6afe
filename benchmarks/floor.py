"""The floor: the least that an aiohttp server with a session in Redis can do for a callback. It runs alone.

It reads the form, asks Redis for a GET and a SET in one pipeline, and answers with a text: no menu, no seal, no
submission, no log.
"""

from __future__ import annotations

import argparse
import socket

import hiredis  # noqa: F401  # where it is missing, redis would fall back to its slow parser without a word
from aiohttp import web
from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis

BACKLOG = 2048
TTL_MS = 600_000


def create_floor(redis: Redis | None, value: bytes, screen: str) -> web.Application:
    """The application: a value as long as a sealed session, an answer as long as a screen. Without Redis it is what
    HTTP takes alone."""

    async def turn(request: web.Request) -> web.Response:
        form = await request.post()
        key = str(form["phoneNumber"])
        if redis is not None:
            pipeline = redis.pipeline(transaction=False)
            pipeline.get(key)
            pipeline.set(key, value, px=TTL_MS)
            await pipeline.execute()
        return web.Response(text=screen)

    app = web.Application()
    app.router.add_post("/ussd", turn)
    return app


def connect(url: str, pool: int) -> Redis | None:
    """A client with so many connections, `None` for none; whoever finds the only one in use waits for it."""
    if pool == 0:
        return None
    if pool == 1:
        return Redis(connection_pool=BlockingConnectionPool.from_url(url, max_connections=1, timeout=None))
    return Redis(connection_pool=ConnectionPool.from_url(url, max_connections=pool))


def main() -> None:
    parser = argparse.ArgumentParser(prog="floor", description=__doc__)
    parser.add_argument("--redis", required=True, help="the address of the Redis")
    parser.add_argument("--pool", type=int, required=True, help="connections to it; 0: Redis is not asked")
    parser.add_argument("--value", type=int, required=True, help="octets of a stored value")
    parser.add_argument("--screen", type=int, required=True, help="characters of an answer")
    asked = parser.parse_args()
    listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    print("listens on http://{}:{}".format(*listening.getsockname()), flush=True)
    app = create_floor(connect(asked.redis, asked.pool), bytes(asked.value), "x" * asked.screen)
    web.run_app(app, sock=listening, backlog=BACKLOG, access_log=None, print=None)


if __name__ == "__main__":
    main()
