"""The gateway as processes: one that answers, or several under one parent that share a port.

SIGTERM drains and ends. SIGHUP reads the menus again: the parent proves them once, then each worker swaps.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import signal
import socket
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess

from aiohttp import web

from ussd_engine.app import ENGINE, create_app
from ussd_engine.config import Config
from ussd_engine.engine import load_menus
from ussd_engine.errors import EngineError, MenuError

BACKLOG = 2048
DRAIN_S = 8.0
BACK_S = 1.0
"""How long the parent waits before it starts a dead worker again."""

Say = Callable[[str], None]


def serve(config: Config, say: Say) -> int:
    """Answer until SIGTERM or SIGINT; the exit code. Raises `ConfigError` or `MenuError` where it cannot start."""
    listening = _listen(config)
    if config.workers == 1:
        return asyncio.run(_answer(config, listening, say, greet=True))
    load_menus(config)
    return asyncio.run(_parent(config, listening, say))


def _listen(config: Config) -> socket.socket:
    """The socket of this process: every worker opens one more on the same port."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if config.workers > 1:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        found.bind((config.host, config.port))
    except OSError as error:
        found.close()
        raise EngineError(f"{config.host}:{config.port}: {error.strerror}. Name another with --port") from None
    return found


def _address(found: socket.socket) -> str:
    host, port = found.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _answer(config: Config, listening: socket.socket, say: Say, greet: bool) -> int:
    """One process that answers."""
    app = create_app(config)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=DRAIN_S)
    await runner.setup()
    try:
        await web.SockSite(runner, listening, backlog=BACKLOG).start()
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        reloads: set[asyncio.Task[None]] = set()

        def reload() -> None:
            task = asyncio.ensure_future(_reload(app, say))
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        loop.add_signal_handler(signal.SIGHUP, reload)
        if greet:
            for warning in app[ENGINE].warnings:
                say(f"warning: {warning}")
            greeting(config, _address(listening), say)
        await stop.wait()
        return 0
    finally:
        await runner.cleanup()


async def _reload(app: web.Application, say: Say) -> None:
    try:
        edition = await app[ENGINE].reload()
    except EngineError as error:
        say(f"menus not reloaded, the old ones stay:\n{error}")
    else:
        say(f"menus reloaded: version {edition.version.hex()}")


def greeting(config: Config, address: str, say: Say) -> None:
    """What to do next."""
    say(f"ussd-engine listens on {address}")
    code = next(iter(config.codes))
    names = [one for one in config.channels if not one.tokens]
    if not names:
        return
    say("dial it:")
    say(f"  ussd-engine dial '{code}' 9 2 --url {address}")
    if any(one.name == "generic" for one in names):
        query = f"id=S1&msisdn=255700000001&new=1&code={code.replace('#', '%23')}&text="
        say(f"  curl '{address}/ussd/generic?{query}'")


def _worker(config: Config, port: int) -> None:
    """A worker process: its own socket on the parent's port."""
    import dataclasses

    config = dataclasses.replace(config, port=port)
    listening = _listen(config)
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(_answer(config, listening, _to_stderr, greet=False)))


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def _parent(config: Config, listening: socket.socket, say: Say) -> int:
    """Start the workers, start dead ones again, pass signals on."""
    port: int = listening.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    workers: list[BaseProcess] = []

    def start() -> BaseProcess:
        process = context.Process(target=_worker, args=(config, port))
        process.start()
        return process

    stop = asyncio.Event()
    reload = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    workers += [start() for _ in range(config.workers)]
    await _until_answering(_address(listening), workers)
    greeting(config, _address(listening), say)
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BACK_S):
                await stop.wait()
        if reload.is_set():
            reload.clear()
            await _reload_all(config, workers, say)
        for index, process in enumerate(workers):
            if not process.is_alive() and not stop.is_set():
                say(f"worker {process.pid} ended with {process.exitcode}: started again")
                workers[index] = start()
    for process in workers:
        process.terminate()
    for process in workers:
        await asyncio.to_thread(process.join, DRAIN_S + 2)
        if process.is_alive():
            process.kill()
    listening.close()
    return 0


async def _reload_all(config: Config, workers: list[BaseProcess], say: Say) -> None:
    """Prove the menus once; only then tell the workers."""
    import os

    try:
        edition = await asyncio.to_thread(load_menus, config)
    except MenuError as error:
        say(f"menus not reloaded, the old ones stay:\n{error}")
        return
    for process in workers:
        if process.is_alive() and process.pid:
            os.kill(process.pid, signal.SIGHUP)
    say(f"menus reloaded: version {edition.version.hex()}")


async def _until_answering(address: str, workers: list[BaseProcess]) -> None:
    """Wait until a worker takes requests, or all have ended."""
    import aiohttp

    async with aiohttp.ClientSession() as client:
        while any(process.is_alive() for process in workers):
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with client.get(f"{address}/healthz", timeout=aiohttp.ClientTimeout(total=1)):
                    return
            await asyncio.sleep(0.05)
    raise EngineError("no worker could start; what each said stands above")
