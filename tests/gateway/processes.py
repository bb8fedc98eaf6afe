"""Gateways as real processes, and the phones that call them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.gateway.house import CODE

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-c", "from ussd_engine.cli import main; main()")
START_S = 60
CHANNEL = "africastalking"


def environment(**settings: str) -> dict[str, str]:
    """This process's variables, with those settings alone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("USSD_ENGINE_")}
    return {**kept, "PYTHONPATH": str(ROOT), **{f"USSD_ENGINE_{name.upper()}": one for name, one in settings.items()}}


class Served:
    """A gateway that runs. What it says on stderr is gathered; its log stands in a file."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self.log = log
        self.said = ""
        self._more = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            self.said += line.decode()
            self._more.set()
        self._more.set()

    async def says(self, pattern: str, after: int = 0) -> re.Match[str]:
        """Wait until it says so, behind the first `after` characters."""
        async with asyncio.timeout(START_S):
            while (found := re.search(pattern, self.said[after:])) is None:
                if self._reading.done():
                    pytest.fail(f"ended with {self.process.returncode}, having said: {self.said}")
                self._more.clear()
                await self._more.wait()
        return found

    async def url(self) -> str:
        return (await self.says(r"listens on (\S+)"))[1]

    def logged(self) -> list[dict[str, Any]]:
        """The lines of its log."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    async def ended(self) -> int:
        """Its exit code."""
        async with asyncio.timeout(START_S):
            code = await self.process.wait()
            await self._reading
        return code


@asynccontextmanager
async def served(
    folder: Path,
    *arguments: str,
    command: tuple[str, ...] = COMMAND,
    env: Mapping[str, str] | None = None,
    **settings: str,
) -> AsyncIterator[Served]:
    """A gateway started in `folder`; killed afterwards if it still runs."""
    log = folder / f"log-{secrets.token_hex(4)}.jsonl"
    with log.open("wb") as lines:
        process = await asyncio.create_subprocess_exec(
            *command,
            "serve",
            "--port",
            "0",
            *arguments,
            cwd=folder,
            env=env or environment(**settings),
            stdout=lines,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    gateway = Served(process, log)
    try:
        yield gateway
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await gateway.ended()


class Phone:
    """A phone on the shipped cumulative channel."""

    def __init__(self, client: aiohttp.ClientSession, url: str, msisdn: str, token: str = "") -> None:
        self.client = client
        self.url = f"{url}/ussd/{CHANNEL}" + (f"/{token}" if token else "")
        self.msisdn = msisdn
        self.dialogue = secrets.token_hex(8)
        self.inputs: tuple[str, ...] = ()

    async def dial(self) -> str:
        self.dialogue, self.inputs = secrets.token_hex(8), ()
        return await self.leg()

    async def type(self, *texts: str) -> str:
        for text in texts:
            self.inputs = (*self.inputs, text)
            screen = await self.leg()
        return screen

    async def leg(self) -> str:
        """The newest leg, perhaps again."""
        fields = {
            "sessionId": self.dialogue,
            "phoneNumber": f"+{self.msisdn}",
            "networkCode": "64004",
            "serviceCode": CODE,
            "text": "*".join(self.inputs),
        }
        async with self.client.post(self.url, data=fields) as answer:
            assert answer.status == 200
            return await answer.text()


def number(index: int) -> str:
    return f"2557000{index:05d}"


def reference_in(screen: str) -> str:
    found = re.search(r"Namba: ([0-9]{9})", screen)
    assert found, screen
    return found[1]
