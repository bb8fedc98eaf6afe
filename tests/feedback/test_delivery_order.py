"""What follows a submission: every kind of message, of each case in its order and one at a time."""

import asyncio
import random
import secrets
from collections import Counter, defaultdict
from datetime import date

import msgspec
import pytest

from tests.feedback.carrying import Core, addition, queue, state_of
from ussd_engine.delivery import Delivery, Happening
from ussd_engine.errors import DeliveryError, Rejected
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.outbox import LEASE_MS
from ussd_engine.ledger.queue import decoded, encoded
from ussd_engine.ledger.tables import outbox
from ussd_engine.messages import Addition, Appeal, Erasure, Message, Rating, Withdrawal
from ussd_engine.model import CaseState, Mode, Submission
from ussd_engine.testing.specimens import DAY, DAY_MS, TEXT, StoppedClock, rows, submit

DUE = date(2026, 1, 15)


def following(reference: str) -> list[Message]:
    """One of each kind."""

    def key() -> str:
        return secrets.token_hex(16)

    return [
        addition(reference),
        Rating(idempotency_key=key(), reference=reference, rating="no", at_ms=1),
        Appeal(
            idempotency_key=key(),
            reference=reference,
            reason="unhappy",
            text=TEXT,
            institution="MAJI",
            due=DUE,
            at_ms=2,
        ),
        Withdrawal(idempotency_key=key(), reference=reference, at_ms=3),
        Erasure(idempotency_key=key(), reference=reference, at_ms=4),
    ]


async def submitted(ledger: Ledger) -> str:
    return (await ledger.act(submit(caller=None))).reference


async def delivered(worker: Delivery) -> None:
    """Rounds until nothing is due."""
    while await worker.step():
        continue


async def test_every_kind_reaches_the_core_in_its_order_one_a_round(
    ledger: Ledger, worker: Delivery, core: Core, keyring: Keyring
) -> None:
    reference = await submitted(ledger)
    after = following(reference)
    await queue(ledger, keyring, *after)
    for count in range(1, len(after) + 2):
        assert await worker.step() == 1
        assert len(core.taken) == count
    assert isinstance(core.taken[0], Submission)
    assert core.taken[1:] == after
    assert await state_of(ledger, reference) == CaseState.RECEIVED


async def test_only_a_submission_makes_a_case_received(
    ledger: Ledger, worker: Delivery, core: Core, keyring: Keyring
) -> None:
    reference = await submitted(ledger)
    await delivered(worker)
    before = await ledger.case(reference)
    await queue(ledger, keyring, *following(reference))
    await delivered(worker)
    assert await ledger.case(reference) == before
    assert (await ledger.outbox.backlog()).waiting == 0


async def test_nothing_overtakes_a_message_that_has_to_wait_and_other_cases_go_on(
    ledger: Ledger, worker: Delivery, core: Core, clock: StoppedClock, keyring: Keyring
) -> None:
    held, free = await submitted(ledger), await submitted(ledger)
    await queue(ledger, keyring, addition(held), addition(free))
    core.failure, core.poison = DeliveryError("busy"), held
    await delivered(worker)
    assert [sent.reference for sent in core.taken] == [free, free]
    core.failure = None
    clock.move(DAY_MS)
    await delivered(worker)
    assert [type(sent) for sent in core.taken if sent.reference == held] == [Submission, Addition]


async def test_two_workers_never_have_two_messages_of_one_case(
    ledger: Ledger, worker: Delivery, core: Core, clock: StoppedClock, keyring: Keyring
) -> None:
    reference, other = await submitted(ledger), await submitted(ledger)
    await delivered(worker)
    await queue(ledger, keyring, addition(reference, "1"), addition(reference, "2"))
    core.open.clear()
    core.entered.clear()
    slow = asyncio.create_task(worker.step())
    await core.entered.wait()
    await queue(ledger, keyring, addition(other))
    claims = await ledger.outbox.claim(clock(), 10)
    assert [claim.reference for claim in claims] == [other]
    core.open.set()
    await slow
    assert [claim.turn for claim in await ledger.outbox.claim(clock(), 10)] == [2]


async def test_what_the_core_cannot_do_is_a_dead_letter_that_says_so_and_holds_up_nothing(
    ledger: Ledger, worker: Delivery, core: Core, keyring: Keyring, counted: Counter[Happening]
) -> None:
    core.capabilities = frozenset({"withdraw"})
    reference = await submitted(ledger)
    await queue(ledger, keyring, *following(reference))
    await delivered(worker)
    assert [type(sent) for sent in core.taken] == [Submission, Withdrawal]
    letters = {letter.kind: letter.reason for letter in await ledger.outbox.letters()}
    assert letters == {
        "addition": "the core cannot append",
        "rating": "the core cannot rate",
        "appeal": "the core cannot appeal",
    }
    assert (counted["dead"], (await ledger.outbox.backlog()).waiting) == (3, 0)


async def test_a_case_whose_submission_was_given_up_waits_until_it_is_put_back(
    ledger: Ledger, worker: Delivery, core: Core, keyring: Keyring, clock: StoppedClock
) -> None:
    reference, other = await submitted(ledger), await submitted(ledger)
    core.failure, core.poison = Rejected("never"), reference
    await delivered(worker)
    await queue(ledger, keyring, addition(reference), addition(other))
    core.failure = None
    clock.move(DAY_MS)
    await delivered(worker)
    assert {sent.reference for sent in core.taken} == {other}
    (letter,) = await ledger.outbox.letters()
    assert await ledger.outbox.retry([letter.key]) == 1
    await delivered(worker)
    assert [type(sent) for sent in core.taken if sent.reference == reference] == [Submission, Addition]


async def test_a_row_of_the_time_of_submissions_alone_is_carried(
    ledger: Ledger, worker: Delivery, core: Core, keyring: Keyring
) -> None:
    reference = await submitted(ledger)
    (row,) = await rows(ledger, outbox)
    bare = msgspec.msgpack.encode(decoded(keyring.open("outbox", row.key, row.sealed)))
    old = keyring.seal("outbox", row.key, bare)
    await ledger.database.write(lambda conn: conn.execute(outbox.update().values(sealed=old)).rowcount)
    await delivered(worker)
    assert [sent.reference for sent in core.taken] == [reference]


def test_every_kind_comes_back_as_it_was() -> None:
    submission = Submission(
        idempotency_key="00",
        reference="123456789",
        service="s",
        type="complaint",
        mode=Mode.NAMED,
        institution="MAJI",
        handle="",
        answers={"message": TEXT},
        locale="sw",
        submitted=DAY,
        name="N",
    )
    for message in [submission, *following("123456789")]:
        assert decoded(encoded(message)) == message


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_fails_each_case_is_told_in_its_order_and_whole(
    ledger: Ledger, clock: StoppedClock, keyring: Keyring, seed: int
) -> None:
    chance = random.Random(seed)
    sent: dict[str, list[str]] = defaultdict(list)
    core = Flaky(chance)

    async def act() -> None:
        if not sent or chance.random() < 0.3:
            message = submit(caller=None)
            sent[(await ledger.act(message)).reference].append(message.key.hex())
        else:
            more = addition(chance.choice(list(sent)))
            await queue(ledger, keyring, more)
            sent[more.reference].append(more.idempotency_key)

    workers = [Delivery(ledger.outbox, core, clock, uniform=chance.uniform) for _ in range(2)]
    for _ in range(40):
        await act()
        await asyncio.gather(*(worker.step() for worker in workers))
        clock.move(chance.choice([0, 1_000, LEASE_MS]))
    core.fails = 0.0
    while (await ledger.outbox.backlog()).waiting:
        clock.move(DAY_MS)
        await asyncio.gather(*(worker.step() for worker in workers))
    assert (await ledger.outbox.backlog()).dead == 0
    told: dict[str, list[str]] = defaultdict(list)
    for message in core.taken:
        if message.idempotency_key not in told[message.reference]:
            told[message.reference].append(message.idempotency_key)
    assert told == sent


class Flaky(Core):
    """Fails by chance, before or after it took what came."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance
        self.fails = 0.2

    async def _take(self, message: Message) -> None:
        if self.chance.random() < self.fails / 2:
            raise DeliveryError("before")
        await super()._take(message)
        await asyncio.sleep(0)
        if self.chance.random() < self.fails / 2:
            raise DeliveryError("after")
