"""Gateways as processes: killed, doubled, reloaded, drained, installed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
from redis.asyncio import Redis
from sqlalchemy import select

from tests.gateway.house import NUMBER, REVIEW, SEND, WORDS
from tests.gateway.processes import (
    COMMAND,
    ROOT,
    Phone,
    Served,
    environment,
    number,
    reference_in,
    served,
)
from tests.servers.redis_server import RedisServer
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.schema import connect
from ussd_engine.ledger.tables import cases
from ussd_engine.logs import Notice
from ussd_engine.testing.databases import dump, postgres_database


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as found:
        yield found


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as redis:
        yield redis.url


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with postgres_database() as url:
        yield url


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, env=environment(**settings), capture_output=True, text=True, timeout=60
    )


def copied_menus(folder: Path) -> dict[str, Any]:
    """Menus of the test's own, as settings."""
    for name in ("menus", "locales"):
        shutil.copytree(ROOT / name, folder / name)
    return {name: str(folder / name) for name in ("menus", "locales")}


def edit(folder: Path, old: str, new: str) -> None:
    file = folder / "menus" / "emrejesho" / "service.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


# one process


async def test_a_reference_that_was_shown_is_found_after_a_kill(tmp_path: Path, client: aiohttp.ClientSession) -> None:
    async with served(tmp_path) as gateway:
        phone = Phone(client, await gateway.url(), NUMBER)
        await phone.dial()
        reference = reference_in(await phone.type(*REVIEW, SEND))
        os.killpg(gateway.process.pid, signal.SIGKILL)
        await gateway.ended()
    async with served(tmp_path) as gateway:
        await gateway.url()
        keyring = Keyring.load(tmp_path / "var" / "keys.json")
        ledger = await Ledger.open(f"sqlite:///{tmp_path}/var/ussd-engine.db", keyring, lambda: 0)
        sent = await ledger.submission(reference)
        await ledger.close()
    assert sent is not None
    assert sent.answers["message"] == WORDS


async def test_good_and_bad_reloads_break_no_dialog(tmp_path: Path, client: aiohttp.ClientSession) -> None:
    settings = copied_menus(tmp_path)
    async with served(tmp_path, **settings) as gateway:
        await reloads(gateway, tmp_path, client)


async def reloads(gateway: Served, folder: Path, client: aiohttp.ClientSession) -> None:
    """100 dialogs while menus are changed for the better, for the worse, and mended again."""
    url = await gateway.url()

    async def whole(phone: Phone, gates: list[asyncio.Event]) -> str:
        screens = [await phone.dial()]
        for step, text in enumerate((*REVIEW, SEND)):
            await gates[min(step // 4, len(gates) - 1)].wait()
            screens.append(await phone.type(text))
        assert not any("Samahani" in screen for screen in screens)
        return reference_in(screens[-1])

    gates = [asyncio.Event() for _ in range(3)]
    dialogs = [asyncio.create_task(whole(Phone(client, url, number(index)), gates)) for index in range(100)]
    gates[0].set()

    async def reload(pattern: str) -> str:
        said = len(gateway.said)
        gateway.signal(signal.SIGHUP)
        return (await gateway.says(pattern, said))[0]

    edit(folder, "menu: Karibu e-Mrejesho", "menu: Karibu tena e-Mrejesho")
    edit(folder, "8. Msaada: help", "8. Msaada: helpp")
    refused = await reload(r"menus not reloaded, the old ones stay:\n.*helpp?.*\n")
    assert "menus/emrejesho/service.yaml:" in refused
    gates[1].set()
    edit(folder, "8. Msaada: helpp", "8. Msaada: help")
    (folder / "locales" / "en" / "LC_MESSAGES" / "emrejesho.po").write_text(
        (folder / "locales" / "en" / "LC_MESSAGES" / "emrejesho.po")
        .read_text()
        .replace('msgid "Karibu e-Mrejesho"', 'msgid "Karibu tena e-Mrejesho"')
    )
    await reload(r"menus reloaded: version [0-9a-f]+\n")
    gates[2].set()
    references = await asyncio.gather(*dialogs)
    assert len(set(references)) == 100
    new = Phone(client, url, number(1000))
    await new.dial()
    assert "Karibu tena e-Mrejesho" in await new.type("9", "2", "1")


# several processes


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"sessions": "memory://", "database": "postgresql://127.0.0.1/none"}, "memory:// is seen by one process"),
        ({"sessions": "redis://127.0.0.1:1"}, "a SQLite file has one writer"),
    ],
    ids=["memory", "sqlite"],
)
def test_what_would_need_sharing_refuses_two_workers_and_says_why(
    tmp_path: Path, settings: dict[str, str], reason: str
) -> None:
    found = run(tmp_path, "serve", "--workers", "2", **settings)
    assert found.returncode == 1
    assert reason in found.stderr
    assert "Traceback" not in found.stderr


def test_a_worker_without_the_private_key_does_not_start(tmp_path: Path) -> None:
    Keyring.random(date(2026, 1, 15)).public().save(tmp_path / "public.json")
    settings = {"keys": str(tmp_path / "public.json"), "database": "postgresql://127.0.0.1:1/none"}
    found = run(tmp_path, "serve", "--role", "worker", "--port", "0", **settings)
    assert found.returncode == 1
    assert "holds no private key" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_port_in_use_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = run(tmp_path, "serve", "--port", str(port))
    assert found.returncode == 1
    assert found.stderr == f"127.0.0.1:{port}: Address already in use. Name another with --port\n"


@pytest.mark.redis
@pytest.mark.postgres
async def test_two_workers_break_no_dialog_over_good_and_bad_reloads(
    tmp_path: Path, client: aiohttp.ClientSession, redis_url: str, database_url: str
) -> None:
    settings: dict[str, Any] = {**copied_menus(tmp_path), "sessions": redis_url, "database": database_url}
    async with served(tmp_path, "--workers", "2", **settings) as gateway:
        await reloads(gateway, tmp_path, client)
        gateway.signal(signal.SIGTERM)
        assert await gateway.ended() == 0
        ends = [line["event"] for line in gateway.logged() if line["event"] in (Notice.DRAINING, Notice.STOPPED)]
        assert sorted(ends) == [Notice.DRAINING] * 2 + [Notice.STOPPED] * 2, "each worker tells of itself"


@pytest.mark.redis
@pytest.mark.postgres
async def test_a_dead_worker_is_started_again_and_numbers_of_all_are_told(
    tmp_path: Path, client: aiohttp.ClientSession, redis_url: str, database_url: str
) -> None:
    async with served(tmp_path, "--workers", "2", sessions=redis_url, database=database_url) as gateway:
        url = await gateway.url()
        for index in range(10):
            await Phone(client, url, number(2000 + index)).dial()
        async with client.get(f"{url}/metrics") as answer:
            assert 'ussd_turns_total{channel="africastalking",outcome="continued"} 10.0' in await answer.text()
        children = psutil.Process(gateway.process.pid).children()
        victim = next(child for child in children if "spawn_main" in " ".join(child.cmdline()))
        victim.kill()
        await gateway.says(rf"worker {victim.pid} ended with -9: started again")


@pytest.mark.redis
@pytest.mark.postgres
@pytest.mark.parametrize("times", [20, pytest.param(200, marks=pytest.mark.long)])
async def test_the_same_confirmation_at_two_gateways_at_once_is_one_case(
    tmp_path: Path, client: aiohttp.ClientSession, redis_url: str, database_url: str, times: int
) -> None:
    settings: dict[str, Any] = {"sessions": redis_url, "database": database_url}
    async with served(tmp_path, **settings) as first:
        urls = [await first.url()]
        async with served(tmp_path, **settings) as second:
            urls.append(await second.url())
            for index in range(times):
                phone = Phone(client, urls[0], number(3000 + times * 10 + index))
                await phone.dial()
                await phone.type(*REVIEW)
                twin = Phone(client, urls[1], phone.msisdn)
                twin.dialogue = phone.dialogue
                twin.inputs = phone.inputs = (*phone.inputs, SEND)
                screens = await asyncio.gather(phone.leg(), twin.leg())
                assert reference_in(screens[0]) == reference_in(screens[1])
                shown = {reference_in(screen) for screen in screens}
                assert await cases_of(database_url, shown) == 1


async def cases_of(url: str, references: set[str]) -> int:
    database = connect(url)
    try:
        query = select(cases.c.reference).where(cases.c.reference.in_(references))
        return len(await database.read(lambda conn: conn.execute(query).all()))
    finally:
        await database.close()


@pytest.mark.redis
@pytest.mark.postgres
async def test_no_store_tells_a_number_or_a_word_without_keys(
    tmp_path: Path, client: aiohttp.ClientSession, redis_url: str, database_url: str
) -> None:
    caller, name = number(77), "Neema Mfano"
    async with served(tmp_path, sessions=redis_url, database=database_url) as gateway:
        url = await gateway.url()
        for path in ((*REVIEW, SEND), (*REVIEW[:-1], "2", name, SEND), REVIEW):
            phone = Phone(client, url, caller)
            again = "Ujumbe wako" in await phone.dial()
            await phone.type(*(("1", *path[3:]) if again else path))
    database = connect(database_url)
    rows = await dump(database)
    await database.close()
    store = Redis.from_url(redis_url)
    keys: list[Any] = await store.keys("*")
    values = [await store.dump(key) or b"" for key in keys]
    assert all([await store.pttl(key) > 0 for key in keys])
    await store.aclose()
    everything = b"\n".join([rows.encode(), *keys, *values]).lower()
    spellings = (caller, caller[3:], "0" + caller[3:], "+" + caller, caller.encode().hex(), f"{int(caller):x}")
    for canary in (*spellings, WORDS, WORDS.encode().hex(), name, name.encode().hex(), b"tanesco".hex()):
        assert canary.lower().encode() not in everything


# installed


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The command of a wheel of this tree in an empty environment, which borrows the packages that it asks for."""
    tree, dist, home = (tmp_path / name for name in ("tree", "dist", "home"))
    ignored = shutil.ignore_patterns(".git", ".venv", "var", "build", "dist", "*.egg-info", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, tree, ignore=ignored)
    python = str(home / "bin" / "python")
    for command in (
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--skip-dependency-check",
            "--outdir",
            str(dist),
            str(tree),
        ],
        [sys.executable, "-m", "venv", str(home)],
    ):
        subprocess.run(command, check=True, capture_output=True, timeout=100)
    (wheel,) = dist.glob("*.whl")
    install = [python, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=100)
    packages = next((home / "lib").glob("python*/site-packages"))
    (packages / "borrowed.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    return home / "bin" / "ussd-engine"


@pytest.mark.long
async def test_a_wheel_in_an_empty_environment_serves_a_dialog_from_an_empty_folder(
    tmp_path: Path, client: aiohttp.ClientSession, installed: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    env = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
    async with served(empty, command=(str(installed),), env=env) as gateway:
        phone = Phone(client, await gateway.url(), NUMBER)
        await phone.dial()
        assert reference_in(await phone.type(*REVIEW, SEND))
