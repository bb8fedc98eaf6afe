"""The gateway as processes: one that answers, or several under one parent that share a port.

SIGTERM drains and ends. SIGHUP, to the parent where there is one, reads the menus again. They are proven once; then
every worker reads them, and only when each of them can run dialogs on them do new dialogs begin there.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import multiprocessing
import os
import shlex
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

import aiohttp
from aiohttp import web
from prometheus_client.multiprocess import mark_process_dead

from ussd_engine.app import ENGINE, IDLE_S, create_app
from ussd_engine.carrier import foreseen
from ussd_engine.config import Config
from ussd_engine.country import Country
from ussd_engine.drain import DRAIN_S, drain
from ussd_engine.engine import Engine, load_menus, open_keys
from ussd_engine.errors import EngineError
from ussd_engine.logs import Log, redirect
from ussd_engine.menu.edition import Edition
from ussd_engine.metrics import SHARED
from ussd_engine.port import BACKLOG, address_of, bind, listen

COLLECT = (20_000, 20, 20)
"""After how many new objects the collector looks for circles: a turn makes some hundred and leaves none."""
KILL_S = 9.5
"""How long the parent waits for a worker, which has less time than that."""
BACK_S = 1.0
"""How long the parent waits before it starts a dead worker again."""
READ_S = 60.0
"""What a worker may take to read menus."""
READ = b"read"

Say = Callable[[str], None]


def serve(config: Config, say: Say) -> int:
    """Answer until SIGTERM or SIGINT; the exit code. Raises `ConfigError` or `MenuError` where it cannot start."""
    with contextlib.closing(listen(config)) as listening:
        if config.workers == 1:
            return asyncio.run(_answer(config, listening, say))
        with _shared_numbers():
            return asyncio.run(_parent(config, listening, say))


# one process that answers


async def _answer(config: Config, listening: socket.socket, say: Say, parent: Connection | None = None) -> int:
    """Answer until told to stop, by a signal or because the parent is gone."""
    log = Log(config.log_level)
    redirect(log, config.log_level)
    stop, asked = _told_by_signals()
    runner = web.AppRunner(
        create_app(config, log=log), access_log=None, keepalive_timeout=IDLE_S, shutdown_timeout=DRAIN_S
    )
    await runner.setup()
    _settle()
    engine = runner.app[ENGINE]
    try:
        await web.SockSite(runner, listening, backlog=BACKLOG).start()
        if parent is None:
            complaints = [f"{one}; callers get an apology until that is mended" for one in await engine.ready()]
            greeting(config, engine.editions.current, address_of(listening), [*engine.warnings, *complaints], say)
            heeding = asyncio.create_task(_heed_signals(asked, engine, say))
        else:
            heeding = asyncio.create_task(_heed_parent(parent, engine, say, stop))
        await stop.wait()
        heeding.cancel()
        return 0
    finally:
        await drain(runner, engine.admission, log)


def _told_by_signals() -> tuple[asyncio.Event, asyncio.Event]:
    """What SIGTERM and SIGINT set, and what SIGHUP sets; before anything is said, for a signal may come at once."""
    stop, asked = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number, event in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, asked)):
        loop.add_signal_handler(number, event.set)
    return stop, asked


async def _heed_signals(asked: asyncio.Event, engine: Engine, say: Say) -> None:
    """Read the menus again at each SIGHUP."""
    while await asked.wait():
        asked.clear()
        await _reload(engine, say)


async def _reload(engine: Engine, say: Say) -> None:
    try:
        edition = await engine.reload()
    except EngineError as error:
        say(f"menus not reloaded, the old ones stay:\n{error}")
    else:
        _settle()
        say(f"menus reloaded: version {edition.version.hex()}")


def _settle() -> None:
    """Keep the collector away from what stays: it would look through all menus while a citizen waits, which is a tenth
    of a turn on average and a standstill where they are large."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)


def greeting(config: Config, edition: Edition, address: str, warnings: Sequence[str], say: Say) -> None:
    """What to do next: dial, down to the service that lies deepest behind the code."""
    for warning in warnings:
        say(f"warning: {warning}")
    say(f"ussd-engine listens on {address}")
    code = next(iter(config.codes))
    names = [one.name for one in config.channels if not one.tokens]
    if not names or config.role == "worker":
        return
    say("dial it:")
    digits = max((way for begins, way in edition.paths.values() if begins == code), key=len, default=())
    say(f"  {' '.join([_command(), 'dial', shlex.quote(code), *digits, '--url', address])}")
    if "generic" in names:
        number = Country.load(config.country).numbers.specimen()
        query = f"id=S1&msisdn={number}&new=1&code={code.replace('#', '%23')}&text="
        say(f"  curl '{address}/ussd/generic?{query}'")


def _command() -> str:
    """How this program was called, so that the line works where it is read."""
    called = Path(sys.argv[0])
    return called.name if shutil.which(called.name) else str(called)


# workers and their parent


class Worker(NamedTuple):
    """A worker, as its parent has it."""

    process: BaseProcess
    pipe: Connection

    def tell(self, message: bytes) -> None:
        """Say something to the worker; a dead one hears nothing."""
        with contextlib.suppress(OSError):
            self.pipe.send_bytes(message)

    def told(self) -> bytes | None:
        """What the worker answers; `None` where it died or took too long."""
        try:
            return self.pipe.recv_bytes() if self.pipe.poll(READ_S) else None
        except (EOFError, OSError):
            return None


async def _heed_parent(parent: Connection, engine: Engine, say: Say, stop: asyncio.Event) -> None:
    """Read menus when asked to, and begin dialogs on a version when told; stop where the parent is gone."""
    loop = asyncio.get_running_loop()
    heard = asyncio.Event()
    loop.add_reader(parent.fileno(), heard.set)
    try:
        while await heard.wait():
            heard.clear()
            while parent.poll():
                await _heed(parent, engine, parent.recv_bytes(), say)
    except (EOFError, OSError):
        loop.remove_reader(parent.fileno())
        stop.set()


async def _heed(parent: Connection, engine: Engine, message: bytes, say: Say) -> None:
    if message == READ:
        try:
            parent.send_bytes((await engine.read_again()).version)
        except EngineError as error:
            say(str(error))
            parent.send_bytes(b"")
    elif edition := engine.editions.of(message):
        engine.editions.swap(edition)
        _settle()


def _work(config: Config, parent: Connection) -> None:
    """A worker process: its own socket on the parent's port."""
    try:
        with contextlib.closing(bind(config, shared=True)) as listening:
            sys.exit(asyncio.run(_answer(config, listening, _to_stderr, parent)))
    except EngineError as error:
        _to_stderr(str(error))
        sys.exit(1)


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def _shared_numbers() -> Iterator[None]:
    """A folder in which the workers add their numbers up; named before they start, for they look at it at once."""
    with tempfile.TemporaryDirectory(prefix="ussd-engine-") as folder:
        os.environ[SHARED] = folder
        try:
            yield
        finally:
            del os.environ[SHARED]


class Parent:
    """Starts the workers, starts dead ones again, hands new menus on, stops all."""

    def __init__(self, config: Config, say: Say) -> None:
        self._config = config
        self._say = say
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[Worker] = []

    def start(self) -> None:
        self._workers += [self._started() for _ in range(self._config.workers)]

    def _started(self) -> Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(self._config, theirs))
        process.start()
        theirs.close()
        return Worker(process, ours)

    @property
    def alive(self) -> list[Worker]:
        return [worker for worker in self._workers if worker.process.is_alive()]

    def restart(self) -> None:
        """Start again what has ended."""
        for index, (process, pipe) in enumerate(self._workers):
            if not process.is_alive():
                self._say(f"worker {process.pid} ended with {process.exitcode}: started again")
                mark_process_dead(process.pid)  # type: ignore[no-untyped-call]  # prometheus-client leaves it untyped
                pipe.close()
                self._workers[index] = self._started()

    async def reload(self) -> None:
        """Prove the menus once; let every worker read them; only then let dialogs begin there."""
        try:
            edition = await asyncio.to_thread(load_menus, self._config)
        except EngineError as error:
            self._say(f"menus not reloaded, the old ones stay:\n{error}")
            return
        workers = self.alive
        for worker in workers:
            worker.tell(READ)
        read = await asyncio.gather(*(asyncio.to_thread(worker.told) for worker in workers))
        living = [version for worker, version in zip(workers, read, strict=True) if worker.process.is_alive()]
        if any(version != edition.version for version in living):
            self._say("menus not reloaded, the old ones stay: they changed while they were read. Send SIGHUP again")
            return
        for worker in workers:
            worker.tell(edition.version)
        self._say(f"menus reloaded: version {edition.version.hex()}")

    async def stop(self) -> None:
        """Let every worker finish, for `KILL_S` at most."""
        for worker in self._workers:
            worker.process.terminate()
        ends = time.monotonic() + KILL_S
        for worker in self._workers:
            await asyncio.to_thread(worker.process.join, max(0.0, ends - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()

    async def until_answering(self, address: str) -> None:
        """Wait until a worker takes requests. Raises `EngineError` where all have ended."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as client:
            while self.alive:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with client.get(f"{address}/healthz"):
                        return
                await asyncio.sleep(0.05)
        raise EngineError("no worker could start; what each said stands above")


async def _parent(config: Config, listening: socket.socket, say: Say) -> int:
    """Watch over the workers until SIGTERM or SIGINT."""
    edition = load_menus(config)
    warnings = foreseen(config, edition)
    open_keys(config, edition.country, time.time, warnings)
    stop, reload = _told_by_signals()
    parent = Parent(dataclasses.replace(config, port=listening.getsockname()[1]), say)
    parent.start()
    try:
        await parent.until_answering(address_of(listening))
        greeting(config, edition, address_of(listening), warnings, say)
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BACK_S):
                    await stop.wait()
            if reload.is_set() and not stop.is_set():
                reload.clear()
                await parent.reload()
            if not stop.is_set():
                parent.restart()
    finally:
        await parent.stop()
    return 0
