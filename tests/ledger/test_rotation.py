"""Keys are changed while submissions run, in processes that look at the file when it suits them: nothing is lost."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Thread

import pytest

from tests.feedback.carrying import Core
from ussd_engine import keyfile
from ussd_engine.delivery import Delivery
from ussd_engine.errors import ConfigError
from ussd_engine.keys import CannotOpen, Keyring, Purpose
from ussd_engine.keywatch import LOOK_S, KeyWatch
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.tables import contacts, outbox, submissions
from ussd_engine.model import Committed, Mode, Submission
from ussd_engine.reference import derive_pin
from ussd_engine.testing.specimens import DAY, TEXT, StoppedClock, rows, submit
from ussd_engine.tracking import LookUp

WAIT_S = 4 * int(LOOK_S)
PURPOSES: tuple[Purpose, ...] = ("data", "vault_tag", "box")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    Keyring.create(tmp_path / "keys.json", DAY)
    return tmp_path / "keys.json"


class Process:
    """A gateway's process, as far as it has keys: a keyring, a ledger, a worker, and the look at the file."""

    def __init__(self, ledger: Ledger, keyring: Keyring, file: Path, core: Core, clock: StoppedClock) -> None:
        self.ledger = ledger
        self.keyring = keyring
        self.happened = Counter[str]()
        self.worker = Delivery(ledger.outbox, core, clock, count=lambda what: self.happened.update([what]))
        self.watch = KeyWatch(keyring, file, lambda: clock() / 1000, lambda _: None)
        self.looked_ms = clock()


@pytest.fixture
async def processes(
    url: str, file: Path, core: Core, clock: StoppedClock, request: pytest.FixtureRequest
) -> AsyncIterator[list[Process]]:
    found = []
    for answers_alone in (False, True):
        keyring = Keyring.load(file)
        keyring = keyring.public() if answers_alone else keyring
        found.append(Process(await Ledger.open(url, keyring, clock), keyring, file, core, clock))
    yield found
    for process in found:
        await process.ledger.close()


@pytest.fixture
def core() -> Core:
    return Core()


async def test_new_keys_under_load_change_no_pin_and_lose_nothing(
    processes: list[Process], file: Path, core: Core, clock: StoppedClock
) -> None:
    chance = random.Random(1)
    working, answering = processes
    sent: dict[str, tuple[str, Committed]] = {}

    async def send(process: Process, number: int) -> None:
        msisdn = f"2557000001{number:02}"
        mode = chance.choice([Mode.NAMED, Mode.CONFIDENTIAL])
        found = await process.ledger.act(submit(mode=mode, msisdn=msisdn, caller=msisdn, at_ms=clock()))
        sent[found.reference] = (msisdn, found)

    pins: dict[str, str] = {}
    for round in range(60):
        if round % 20 == 5:
            purpose = PURPOSES[round // 20]
            Keyring.change(file, lambda keys: keys.plan(purpose, clock() / 1000, _in(clock), DAY))  # noqa: B023  # called at once
        await asyncio.gather(*(send(chance.choice(processes), round) for _ in range(2)))
        await working.worker.step()
        for reference, (_, found) in sent.items():
            pins.setdefault(reference, derive_pin(answering.keyring.pin, found.case, 0).reveal())
        clock.move(chance.randrange(0, int(LOOK_S * 1000)))
        for process in processes:
            if clock() - process.looked_ms > LOOK_S * 1000 or chance.random() < 0.3:
                await process.watch.look()
                process.looked_ms = clock()
    while await working.worker.step():
        continue
    assert {purpose: working.keyring.ring(purpose).write for purpose in PURPOSES} == dict.fromkeys(PURPOSES, 2)
    taken = {one.reference: one for one in core.taken if isinstance(one, Submission)}
    assert len(core.taken) == len(taken)
    assert taken.keys() == sent.keys()
    assert working.happened == {"delivered": len(sent)}, "no row met a process that could not open it"
    for reference, (msisdn, _) in sent.items():
        assert taken[reference].answers["message"] == TEXT
        assert taken[reference].number == (msisdn if taken[reference].mode is Mode.NAMED else None)
        for process in processes:
            assert reference in [case.reference for case in await process.ledger.own_cases(msisdn)]
            assert await process.ledger.language(msisdn) == "en"
        ask = LookUp(reference=reference, msisdn=None, pin=pins[reference], at_ms=clock())
        assert (await answering.ledger.look_up(ask)).outcome == "found"
    for table in (submissions, contacts):
        assert {row.sealed[0] for row in await rows(working.ledger, table)} == {1, 2}, "both keys have sealed something"
    assert await rows(working.ledger, outbox) == []
    assert answering.keyring.private == {}


def _in(clock: StoppedClock) -> int:
    return clock() // 1000 + WAIT_S


async def test_a_new_key_reads_at_once_and_writes_when_its_time_has_come(
    processes: list[Process], file: Path, clock: StoppedClock
) -> None:
    one, other = processes
    Keyring.change(file, lambda keys: keys.plan("data", clock() / 1000, _in(clock), DAY))
    assert [await process.watch.look() for process in processes] == [True, True]
    assert not await one.watch.look()
    assert one.keyring.ring("data").write == 1
    clock.move(WAIT_S * 1000 - 1)
    assert not await one.watch.look()
    clock.move(1)
    assert await one.watch.look()
    assert other.keyring.open("p", b"r", one.keyring.seal("p", b"r", b"x")) == b"x", "who has not looked yet reads it"
    assert one.keyring.seal("p", b"r", b"x")[0] == 2


async def test_a_process_without_private_keys_is_given_none(processes: list[Process], file: Path) -> None:
    Keyring.change(file, lambda keys: keys.rotate("box"))
    for process in processes:
        await process.watch.look()
    assert [sorted(process.keyring.private) for process in processes] == [[1, 2], []]
    assert [process.keyring.ring("box").write for process in processes] == [2, 2]


async def test_a_file_that_cannot_be_used_changes_nothing_and_is_told(
    processes: list[Process], file: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring, told = processes[0].keyring, asyncio.Queue[Exception]()
    before = keyring.pin
    await asyncio.to_thread(file.write_text, "{")
    with pytest.raises(ConfigError, match="is not JSON"):
        await processes[0].watch.look()
    watch = KeyWatch(keyring, file, lambda: clock() / 1000, lambda _: None, told.put_nowait)
    running = asyncio.create_task(watch.run())
    assert "is not JSON" in str(await told.get())
    running.cancel()
    assert keyring.pin == before


async def test_a_file_is_in_use_while_a_process_runs_with_it(
    processes: list[Process], file: Path, clock: StoppedClock
) -> None:
    assert not keyfile.in_use(file)
    running = [asyncio.create_task(process.watch.run()) for process in processes]
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(keyfile.in_use, file):
            pass
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    assert not keyfile.in_use(file)


def test_a_second_key_waits_until_the_first_one_writes(file: Path, clock: StoppedClock) -> None:
    now_s = clock() / 1000
    Keyring.change(file, lambda keys: keys.plan("data", now_s, _in(clock), DAY))
    with pytest.raises(ConfigError, match="a new key waits for its time already"):
        Keyring.change(file, lambda keys: keys.plan("data", now_s + WAIT_S - 1, 0, DAY))
    third = Keyring.change(file, lambda keys: keys.plan("data", now_s + WAIT_S, _in(clock) * 2, DAY)).ring("data")
    assert (third.write, sorted(third.keys), third.next and third.next.key) == (2, [1, 2, 3], 3)


def test_of_those_who_change_the_file_at_once_nobody_undoes_what_another_did(file: Path) -> None:
    threads = [Thread(target=Keyring.change, args=(file, lambda keys: keys.add("data"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Keyring.load(file).ring("data").keys) == list(range(1, 18))


def test_a_changed_file_stays_as_readable_as_it_was(file: Path) -> None:
    file.chmod(0o640)
    Keyring.change(file, lambda keys: keys.add("data"))
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_key_that_was_taken_away_no_longer_opens(file: Path) -> None:
    keyring = Keyring.load(file)
    sealed = keyring.seal("p", b"r", b"x")
    Keyring.change(file, lambda keys: keys.rotate("data").retire("data", 1))
    keyring.renew(Keyring.load(file)._current())
    with pytest.raises(CannotOpen):
        keyring.open("p", b"r", sealed)
