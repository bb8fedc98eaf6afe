"""`ussd-engine simulate --web` as it is typed: what it prints, who is served, what it leaves."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from ussd_engine import cli

PROGRAM = Path(sys.executable).parent / "ussd-engine"


@asynccontextmanager
async def simulated(folder: Path, *options: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The program in an empty folder, and the address that it prints."""
    (folder / "scratch").mkdir()
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *("simulate", "--web", "--port", "0", *options),
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder / "scratch")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+/", (await process.stdout.readline()).decode())
        assert found, process.stderr and await process.stderr.read()
        yield process, found[0]
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def everything_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


@pytest.mark.parametrize("ends", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_phone_is_served_until_it_is_ended_and_nothing_is_left(ends: signal.Signals, tmp_path: Path) -> None:
    async with simulated(tmp_path, "--lang", "en") as (process, url), aiohttp.ClientSession() as client:
        assert url.startswith("http://127.0.0.1:")
        async with client.ws_connect(f"{url}room", headers={"Origin": url.rstrip("/")}) as socket:
            while "The gateway is ready." not in (await socket.receive_json())["state"]["note"]:
                pass
            await socket.send_json({"do": "send", "text": "*152*00#"})
            while not (found := (await socket.receive_json())["state"]["phone"])["text"]:
                pass
            assert found["text"].startswith("Huduma za Serikali")
            process.send_signal(ends)
            told, complained = await process.communicate()
    assert process.returncode == 0
    assert b"Ctrl+C ends it." in told
    assert complained == b""
    assert everything_in(tmp_path) == [tmp_path / "scratch"]


async def test_for_others_the_address_has_a_token_without_which_nothing_comes(tmp_path: Path) -> None:
    async with simulated(tmp_path, "--host", "0.0.0.0") as (_, url), aiohttp.ClientSession() as client:
        here = url.replace("0.0.0.0", "127.0.0.1")
        async with client.get(here) as answer:
            assert answer.status == 200
        async with client.get(here.rstrip("/").rpartition("/")[0] + "/") as answer:
            assert answer.status == 403


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "8089"], "--port and --host are for --web"),
        (["--host", "0.0.0.0"], "--port and --host are for --web"),
        (["--web", "--port", "70000"], "70000 is not in the range"),
        (["--web", "--host", "192.0.2.1"], "cannot listen on 192.0.2.1:8089"),
        (["--web", "--msisdn", "12"], "--msisdn is not a phone number"),
    ],
)
def test_what_cannot_be_served_is_refused_with_words(
    options: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["ussd-engine", "simulate", *options])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code
    assert words in capsys.readouterr().err
