"""What an operator has stopped, and who is in a pilot, as each database keeps it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from ussd_engine.ledger import Ledger, PurgeLog
from ussd_engine.ledger.switches import LISTED_MS, MOST_LISTED, Kind, Stop, TooMany, tags_of
from ussd_engine.ledger.tables import pilots, stops
from ussd_engine.testing.sms_specimens import HOUR_MS
from ussd_engine.testing.specimens import MSISDN, SPELLINGS, StoppedClock, rows
from ussd_engine.tracking import Erase

OTHER = "255700000002"


def stop(at_ms: int, **changes: object) -> Stop:
    return msgspec.structs.replace(Stop(Kind.SERVICE, "emrejesho", None, "the core moves", at_ms), **changes)


async def test_what_is_stopped_stands_until_its_end_or_until_it_is_started(ledger: Ledger, clock: StoppedClock) -> None:
    switches, now = ledger.switches, clock()
    ends = stop(now, until_ms=now + HOUR_MS)
    channel = stop(now, kind=Kind.CHANNEL, name="beem")
    for one in (ends, channel):
        await switches.stop(one)
    assert await switches.stopped(now) == [channel, ends]
    assert await switches.stopped(now + HOUR_MS) == [channel]
    assert await switches.start(Kind.CHANNEL, "beem", now)
    assert not await switches.start(Kind.CHANNEL, "beem", now)
    assert not await switches.start(Kind.SERVICE, "emrejesho", now + HOUR_MS), "it was over"
    assert await switches.stopped(now) == []


async def test_a_service_and_a_channel_of_one_name_are_two(ledger: Ledger, clock: StoppedClock) -> None:
    await ledger.switches.stop(stop(clock(), name="generic"))
    assert not await ledger.switches.start(Kind.CHANNEL, "generic", clock())
    assert len(await ledger.switches.stopped(clock())) == 1


async def test_the_last_word_holds_and_what_is_over_goes(ledger: Ledger, clock: StoppedClock) -> None:
    now = clock()
    await ledger.switches.stop(stop(now, name="gmp", until_ms=now + 1))
    await ledger.switches.stop(stop(now))
    last = stop(now + HOUR_MS, until_ms=now + 2 * HOUR_MS, why="later")
    await ledger.switches.stop(last)
    assert await ledger.switches.stopped(now + HOUR_MS) == [last]
    assert len(await rows(ledger, stops)) == 1


async def test_many_who_stop_at_once_leave_one_stop(ledger: Ledger, clock: StoppedClock) -> None:
    await asyncio.gather(*(ledger.switches.stop(stop(clock(), why=f"{n}")) for n in range(8)))
    assert len(await ledger.switches.stopped(clock())) == 1


async def test_a_phone_is_listed_once_and_without_its_number(ledger: Ledger, clock: StoppedClock) -> None:
    switches = ledger.switches
    assert await switches.list_phones("survey", [MSISDN, OTHER, MSISDN], clock()) == 2
    assert await switches.list_phones("survey", [MSISDN], clock() + 1) == 2
    assert await switches.list_phones("other", [OTHER], clock()) == 1
    assert await switches.counted() == {"other": 1, "survey": 2}
    listed = await switches.listed()
    assert switches.tags(MSISDN)[0] in listed["survey"]
    assert not listed["other"].intersection(switches.tags(MSISDN))
    stored = repr(await rows(ledger, pilots))
    assert not any(spelling in stored for spelling in SPELLINGS)


async def test_who_is_taken_off_a_list_is_on_the_others(ledger: Ledger, clock: StoppedClock) -> None:
    switches = ledger.switches
    for service in ("survey", "other"):
        await switches.list_phones(service, [MSISDN, OTHER], clock())
    assert await switches.unlist("survey", [MSISDN, "255700000003"]) == 1
    assert await switches.counted() == {"other": 2, "survey": 1}
    assert await switches.unlist_all("other") == 2
    assert await switches.counted() == {"survey": 1}


async def test_more_than_a_pilot_takes_is_refused_whole(ledger: Ledger, clock: StoppedClock) -> None:
    numbers = [f"2557100{n:05d}" for n in range(MOST_LISTED)]
    assert await ledger.switches.list_phones("survey", numbers, clock()) == MOST_LISTED
    with pytest.raises(TooMany, match="1001 phones"):
        await ledger.switches.list_phones("survey", [MSISDN], clock())
    assert await ledger.switches.counted() == {"survey": MOST_LISTED}


async def test_a_phone_is_found_after_the_key_was_changed(ledger: Ledger, clock: StoppedClock) -> None:
    await ledger.switches.list_phones("survey", [MSISDN], clock())
    keyring = ledger._keyring
    before = tags_of(keyring, MSISDN)[0]
    keyring._file = keyring.rotate("vault_tag", None)._file
    assert tags_of(keyring, MSISDN)[0] != before
    assert (await ledger.switches.listed())["survey"].intersection(ledger.switches.tags(MSISDN))
    assert await ledger.switches.list_phones("survey", [MSISDN], clock()) == 1
    assert await ledger.switches.unlist("survey", [MSISDN]) == 1


async def test_who_erases_her_number_is_in_no_pilot(ledger: Ledger, clock: StoppedClock) -> None:
    for service in ("survey", "other"):
        await ledger.switches.list_phones(service, [MSISDN, OTHER], clock())
    await ledger.act(Erase(key=b"e" * 16, msisdn=MSISDN, at_ms=clock()))
    assert await ledger.switches.counted() == {"other": 1, "survey": 1}


async def test_a_phone_is_forgotten_after_twelve_months(ledger: Ledger, clock: StoppedClock, log: PurgeLog) -> None:
    await ledger.switches.list_phones("survey", [MSISDN], clock())
    await ledger.switches.list_phones("survey", [OTHER], clock() + LISTED_MS)
    clock.move(LISTED_MS + 1)
    assert (await ledger.purge(log))["phones of pilots"] == 1
    assert await ledger.switches.counted() == {"survey": 1}
