"""Whoever carries the stores away in the middle of the day finds no number, no word and no PIN in them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from sessions.seal import Seal
from tests.load.crowd import CANARY, Crowd, crowd_gateway, lines, people
from tests.load.crowd_gateway import NOON_S
from tests.load.pins import Kept, Pins, leaves, of_redis, of_tables
from tests.load.stores import files_octets, postgres_rows, postgres_wal, redis_octets, sqlite_octets
from tests.load.traces import Traces, packed, spellings
from tests.servers.postgres_server import PostgresServer
from ussd_engine.keys import Keyring
from ussd_engine.ledger import upgrade

NAMED_SHARE = 4
"""One citizen in so many lets the institution see her number and a name, which are sealed like all else."""
LEDGER = "ledger.db"
NUMBER = "255700012345"
WORD = f"{CANARY}zzyyxxww"
ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda octets: octets,
    "base64": base64.b64encode,
    "url-safe base64": base64.urlsafe_b64encode,
    "base64 behind one octet": lambda octets: base64.b64encode(b"\xff" + octets),
    "base64 behind two octets": lambda octets: base64.b64encode(b"\xff\xfe" + octets),
    "hex": lambda octets: octets.hex().encode(),
    "capital hex": lambda octets: octets.hex().upper().encode(),
    "hex of base64": lambda octets: base64.b64encode(octets).hex().encode(),
    "reversed": lambda octets: octets[::-1],
}


class Ledger(NamedTuple):
    """A database of the test's own, and what gives its octets."""

    url: str
    octets: Callable[[], Awaitable[bytes]]


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    """On a server of its own: the log is of all that a server writes, and other tests write beside this one."""
    with PostgresServer() as server:
        asyncio.run(upgrade(server.url))
        yield server.url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each kind of database in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / LEDGER}"
    url: str = request.getfixturevalue("database_url")
    return url


@pytest.fixture
async def ledger(ledger_url: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    """SQLite's files; of PostgreSQL the rows, and its log since the test began."""
    if ledger_url.startswith("sqlite"):
        yield Ledger(ledger_url, lambda: asyncio.to_thread(sqlite_octets, tmp_path / LEDGER))
        return
    async with postgres_wal(ledger_url) as wal:

        async def octets() -> bytes:
            return await postgres_rows(ledger_url) + await wal.octets()

        yield Ledger(ledger_url, octets)


@pytest.mark.redis
@pytest.mark.parametrize("count", [24, pytest.param(400, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
async def test_a_dump_in_mid_load_tells_no_number_and_no_word(
    tmp_path: Path, redis_url: str, redis_folder: Path, ledger: Ledger, count: int
) -> None:
    citizens = people(count, named_share=NAMED_SHARE)
    traces = Traces([citizen.msisdn for citizen in citizens], CANARY)
    async with (
        crowd_gateway(tmp_path, sessions=redis_url, database=ledger.url) as gateway,
        lines(gateway.url) as ways,
    ):
        crowd = Crowd(citizens, ways, held=count // 4)
        load = asyncio.create_task(crowd.run(gateway))
        await asyncio.wait([load, asyncio.create_task(crowd.half_sent.wait())], return_when=asyncio.FIRST_COMPLETED)
        sent = len(crowd.sent)
        keyring = Keyring.load(tmp_path / "keys.json")
        kept, in_tables = await of_tables(ledger.url, keyring)
        in_redis = await of_redis(redis_url, Seal(keyring.ring("session").keys, keyring.ring("session").write, noon))
        taken = {
            "ledger": await ledger.octets(),
            "Redis": await redis_octets(redis_url),
            "Redis's files": files_octets(redis_folder),
        }
        crowd.go_on.set()
        await load
    assert count // 2 <= sent < count
    taken["log"] = (tmp_path / "gateway.log").read_bytes()
    assert any(citizen.reference.encode() in taken["ledger"] for citizen in citizens), "the dump holds what it should"
    assert {(one.reference, one.pin) for one in kept} >= {(one.reference, one.pin) for one in crowd.sent[:sent]}
    for values in (in_tables, in_redis):
        assert any(one.reference in leaves(value) for one in kept for value in values), "they were opened"
        assert Pins(kept).find(values) == set()
    for store, octets in taken.items():
        assert traces.find(octets) == set(), store
        planted = spellings(citizens[-1].msisdn)[3].encode() + b" " + citizens[-1].words.encode()
        assert len(traces.find(octets + b"\0" + planted)) == 1 + citizens[-1].words.count(CANARY), store


def noon() -> float:
    """The day of the sessions."""
    return NOON_S


# the search itself


KEPT = Kept("482173657", bytes(range(16)), "7302")
SAID = f"PIN ya 482173657: {KEPT.pin}. Itunze"


@pytest.mark.parametrize(
    "value",
    [
        KEPT.pin,
        SAID,
        int(KEPT.pin),
        msgspec.msgpack.encode([1, {"end": [SAID]}]),
        msgspec.json.encode({"values": {"pin": KEPT.pin}}).decode(),
        msgspec.msgpack.encode(["draft", msgspec.msgpack.encode([int(KEPT.pin)])]),
        hashlib.sha256(KEPT.pin.encode()).digest(),
        hashlib.sha256(KEPT.case + KEPT.pin.encode()).hexdigest(),
        b"\x01" + hashlib.blake2b(f"{KEPT.reference}:{KEPT.pin}".encode(), digest_size=16).digest(),
        base64.b64encode(hashlib.sha1(KEPT.pin.encode() + KEPT.case).digest()).decode(),
    ],
)
def test_a_pin_is_found_however_it_is_kept(value: object) -> None:
    assert Pins([KEPT]).find([None, value, True]) == {KEPT.pin}


def test_no_pin_is_found_in_what_holds_its_digits_by_chance() -> None:
    others = [
        "17302",
        17302,
        "7302-01-15",
        "15/01/7302",
        "a7302f",
        b"\x007302\xff",
        hashlib.sha256(b"7303").hexdigest(),
        NUMBER,
        5,
    ]
    assert Pins([KEPT, Kept("482173665", bytes(16), "0005")]).find(others) == set()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", range(6))
def test_a_number_is_found_in_every_spelling_and_encoding(form: int, encoding: str) -> None:
    spelt = ENCODINGS[encoding](spellings(NUMBER)[form].encode())
    found = Traces([NUMBER, "255700054321"], CANARY).find(b"x\0\x81" + spelt + b"\0\xfe")
    assert found
    assert all(NUMBER in trace for trace in found)


@pytest.mark.parametrize("encoding", [name for name in ENCODINGS if name != "reversed"])
def test_a_word_and_a_packed_number_are_found_in_every_encoding(encoding: str) -> None:
    traces = Traces([NUMBER], CANARY)
    for octets in (WORD.encode(), WORD.upper().encode(), *packed(NUMBER)):
        assert traces.find(b"\xc3" + ENCODINGS[encoding](octets) + b"\0")


def test_nothing_is_found_where_nothing_is() -> None:
    others = b"255700054321 +255 700 054 321 054321000 kanar"
    assert Traces([NUMBER], CANARY).find(others + others.hex().encode() + base64.b64encode(others)) == set()
