"""Parts of long SMS, on each database: whole once all are there, whatever comes twice, late or in another order."""

from __future__ import annotations

from collections.abc import Sequence

from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.smspieces import WAITS_MS, SmsPieces, Whole
from ussd_engine.sms.message import Incoming, Piece
from ussd_engine.testing.specimens import MSISDN, StoppedClock


class Parts:
    def __init__(self, ledger: Ledger, keyring: Keyring, clock: StoppedClock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.pieces = SmsPieces(keyring)

    async def put(
        self, number: int, text: str, total: int = 2, msisdn: str = MSISDN, reference: int = 7
    ) -> Whole | None:
        incoming = Incoming(channel="smpp", id="", msisdn=msisdn, to="15200", text=text)
        piece = Piece(reference=reference, total=total, number=number)
        return await self.ledger.database.write(lambda conn: self.pieces.put(conn, incoming, piece, self.clock()))

    async def taken(self, whole: Whole) -> None:
        await self.ledger.database.write(lambda conn: self.pieces.taken(conn, whole))

    async def overdue(self) -> Sequence[Whole]:
        return await self.ledger.database.read(lambda conn: self.pieces.overdue(conn, self.clock(), 100))


async def test_the_last_part_makes_it_whole_and_again_until_it_is_taken(
    ledger: Ledger, keyring: Keyring, clock: StoppedClock
) -> None:
    parts = Parts(ledger, keyring, clock)
    assert await parts.put(2, "saba") is None
    first = await parts.put(1, "moja ")
    again = await parts.put(1, "moja ")
    assert first is not None
    assert again is not None
    assert first.incoming == again.incoming
    assert (first.incoming.text, first.incoming.msisdn, first.incoming.to) == ("moja saba", MSISDN, "15200")
    await parts.taken(first)
    assert await parts.put(1, "moja ") is None


async def test_halves_of_one_sign_are_joined(ledger: Ledger, keyring: Keyring, clock: StoppedClock) -> None:
    parts = Parts(ledger, keyring, clock)
    await parts.put(1, "a\ud83d")
    whole = await parts.put(2, "\ude00b")
    assert whole is not None
    assert whole.incoming.text == "a\U0001f600b"


async def test_others_do_not_mix(ledger: Ledger, keyring: Keyring, clock: StoppedClock) -> None:
    parts = Parts(ledger, keyring, clock)
    await parts.put(1, "moja ")
    assert await parts.put(2, "mbili", msisdn="255700000002") is None
    assert await parts.put(2, "mbili", reference=8) is None
    assert await parts.put(2, "mbili", total=3) is None


async def test_what_waited_in_vain_comes_as_far_as_it_is_and_once(
    ledger: Ledger, keyring: Keyring, clock: StoppedClock
) -> None:
    parts = Parts(ledger, keyring, clock)
    await parts.put(1, "moja ", total=3)
    await parts.put(3, "tatu", total=3)
    clock.move(WAITS_MS)
    assert await parts.overdue() == []
    clock.move(1)
    (whole,) = await parts.overdue()
    assert whole.incoming.text == "moja ...tatu"
    await parts.taken(whole)
    assert await parts.overdue() == []
    # the part that was missing is not lost, and not joined to what is done with
    assert await parts.put(2, "mbili ", total=3) is None
    clock.move(WAITS_MS + 1)
    (late,) = await parts.overdue()
    assert late.incoming.text == "...mbili ..."
    assert late.incoming.id != whole.incoming.id


async def test_a_phone_that_repeats_its_reference_loses_nothing(
    ledger: Ledger, keyring: Keyring, clock: StoppedClock
) -> None:
    parts = Parts(ledger, keyring, clock)
    await parts.put(1, "moja ", total=3)
    await parts.put(2, "mbili ", total=3)
    clock.move(1)
    assert await parts.put(1, "maji ", total=3) is None
    assert await parts.put(2, "hakuna ", total=3) is None
    newer = await parts.put(3, "kabisa", total=3)
    assert newer is not None
    assert newer.incoming.text == "maji hakuna kabisa"
    await parts.taken(newer)
    clock.move(WAITS_MS)
    (older,) = await parts.overdue()
    assert older.incoming.text == "moja mbili ..."
    await parts.taken(older)
    assert await parts.overdue() == []


async def test_what_was_taken_makes_room_for_good(ledger: Ledger, keyring: Keyring, clock: StoppedClock) -> None:
    parts = Parts(ledger, keyring, clock)
    await parts.put(1, "moja ")
    whole = await parts.put(2, "mbili")
    assert whole is not None
    await parts.taken(whole)
    await parts.put(1, "maji ")
    clock.move(WAITS_MS + 1)
    assert [one.incoming.text for one in await parts.overdue()] == ["maji ..."]


async def test_what_begins_while_another_is_being_taken_stays(
    ledger: Ledger, keyring: Keyring, clock: StoppedClock
) -> None:
    parts = Parts(ledger, keyring, clock)
    await parts.put(1, "moja ")
    whole = await parts.put(2, "mbili")
    assert whole is not None
    await parts.put(1, "maji ")
    await parts.taken(whole)
    clock.move(WAITS_MS + 1)
    found = {one.incoming.text: one.incoming.id for one in await parts.overdue()}
    assert found == {"maji ...": found["maji ..."], "moja mbili": whole.incoming.id}, "known by its id, and taken once"
