"""What every feedback store must do.

Subclass `FeedbackContract` and give it fixtures:

- `store`, which takes everything;
- `held`, a coroutine that returns how many cases the core behind it has;
- `acts`, a coroutine that gives what the core holds of a case beyond its submission, in the order in which it came:
  `append`, `rate`, `withdraw`, `appeal`, `erase`;
- `officer`, who works in that core, or `None` where nobody can be made to;
- `heard`, a coroutine that gives all events told so far; it need be given only where the core calls us;
- `away`, a store whose core does not answer, or `None`.

What a store says by its capabilities that it cannot do is not asked of it. Run pytest with `asyncio_mode = auto`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any, Protocol

import msgspec
import pytest

from ussd_engine import reference
from ussd_engine.errors import DeliveryError
from ussd_engine.feedback import FeedbackStore
from ussd_engine.feedback.base import CAPABILITIES
from ussd_engine.messages import Addition, Appeal, CaseEvent, Erasure, Message, Rating, Withdrawal
from ussd_engine.model import CaseState, Mode, Submission
from ussd_engine.testing.specimens import NOON_MS

Held = Callable[[], Awaitable[int]]
Acts = Callable[[str], Awaitable[Sequence[str]]]
Heard = Callable[[], Awaitable[Sequence[CaseEvent]]]

FACTS = {"place", "date"}
ROLES = {"officer", "desk", "head", "district", "region", "ministry", "national", "core"}
NUMBER = "255700000001"
NAME = "Neema Mfano"
OCTETS = {"submit": 8, "append": 12, "rate": 12, "withdraw": 12, "appeal": 8, "erase": 16}
"""Of the keys that the gateway gives: the run of a form; a dialog and its step; a digest."""
WORDS = "Maji hayatoki; <b>'\"\n%s {ref} \u2019 \U0001f4a7"
ANSWER = "Bomba limetengenezwa. Maji yanatoka tangu Jumanne. {ref} %s <b>"


class Officer(Protocol):
    """Who works in a core, as far as the suite needs it."""

    async def open(self, reference: str) -> None:
        """Open a case that was received, and begin to work on it."""

    async def answer(self, reference: str, words: str) -> None:
        """Answer a case that was opened."""


def submission(**changes: Any) -> Submission:
    """A confidential complaint; any field may be given."""
    made = Submission(
        idempotency_key=secrets.token_hex(OCTETS["submit"]),
        reference=reference.draw(),
        service="emrejesho",
        type="complaint",
        mode=Mode.CONFIDENTIAL,
        institution="DUWASA",
        handle=secrets.token_hex(16),
        answers={"message": WORDS, "place": None},
        locale="sw",
        submitted=date(2025, 11, 25),
        due=date(2025, 12, 15),
    )
    return msgspec.structs.replace(made, **changes)


def act(name: str, reference: str, **changes: Any) -> Message:
    """What a citizen does with her case, by the name of its capability; any field may be given."""
    key = secrets.token_hex(OCTETS[name])
    by: dict[str, Any] = {"idempotency_key": key, "reference": reference, "at_ms": NOON_MS}
    made: dict[str, Callable[[], Message]] = {
        "append": lambda: Addition(**by, text=WORDS),
        "rate": lambda: Rating(**by, rating="yes"),
        "withdraw": lambda: Withdrawal(**by),
        "appeal": lambda: Appeal(**by, reason="unhappy", text=WORDS, institution="MAJI", due=date(2026, 1, 15)),
        "erase": lambda: Erasure(**by),
    }
    return msgspec.structs.replace(made[name](), **changes)


async def send(store: FeedbackStore, message: Message) -> None:
    """Carry an act to a store."""
    match message:
        case Submission():
            await store.submit(message)
        case Addition():
            await store.append(message)
        case Rating():
            await store.rate(message)
        case Withdrawal():
            await store.withdraw(message)
        case Appeal():
            await store.appeal(message)
        case Erasure():
            await store.erase(message)


EVERY_KIND: dict[str, Callable[[], Submission]] = {
    "confidential": submission,
    "named": lambda: submission(mode=Mode.NAMED, number=NUMBER, name=NAME),
    "named, name skipped": lambda: submission(mode=Mode.NAMED, number=NUMBER),
    "anonymous": lambda: submission(mode=Mode.ANONYMOUS, handle=""),
    "opinion without due date": lambda: submission(type="opinion", due=None),
    "long": lambda: submission(answers={"message": "m" * 480}),
}
ACTS = ("append", "rate", "withdraw", "appeal", "erase")
AFTER_ANSWER = {"rate", "appeal"}
"""What is done only with a case that was answered."""


class FeedbackContract:
    """The suite."""

    @pytest.fixture
    def officer(self) -> Officer | None:
        return None

    @pytest.fixture
    def away(self) -> FeedbackStore | None:
        return None

    @pytest.fixture
    def heard(self, store: FeedbackStore) -> Heard:
        async def everything() -> Sequence[CaseEvent]:
            return await all_events(store, 100)

        return everything

    # what a core takes

    @pytest.mark.parametrize("kind", EVERY_KIND)
    async def test_a_submission_is_taken_under_a_reference(self, store: FeedbackStore, held: Held, kind: str) -> None:
        taken = await store.submit(EVERY_KIND[kind]())
        assert isinstance(taken, str)
        assert taken
        assert await held() == 1

    async def test_a_repeat_changes_nothing_and_gets_the_first_reference(
        self, store: FeedbackStore, held: Held
    ) -> None:
        once = submission()
        first = await store.submit(once)
        assert await store.submit(once) == first
        assert await store.submit(msgspec.structs.replace(once, institution="TANESCO")) == first
        assert await held() == 1

    async def test_a_repeat_at_once_changes_nothing_either(self, store: FeedbackStore, held: Held) -> None:
        once = submission()
        references = await asyncio.gather(*(store.submit(once) for _ in range(5)))
        assert len(set(references)) == 1
        assert await held() == 1

    async def test_two_submissions_are_two_cases(self, store: FeedbackStore, held: Held) -> None:
        same_words = [submission(), submission()]
        references = await asyncio.gather(*map(store.submit, same_words))
        assert len(set(references)) == 2
        assert await held() == 2

    async def test_it_says_what_it_can_do_and_what_it_wants(self, store: FeedbackStore) -> None:
        assert store.capabilities <= CAPABILITIES
        assert store.wants <= FACTS

    @pytest.mark.parametrize("name", ACTS)
    async def test_what_she_does_reaches_her_case_once(
        self, store: FeedbackStore, acts: Acts, held: Held, officer: Officer | None, name: str
    ) -> None:
        sent = await _ready(store, officer, name)
        other = submission()
        await store.submit(other)
        once = act(name, sent.reference)
        await asyncio.gather(*(send(store, once) for _ in range(3)))
        await send(store, msgspec.structs.replace(once, at_ms=NOON_MS + 1))
        assert await acts(sent.reference) == [name]
        assert await acts(other.reference) == []
        assert await held() == 2

    async def test_what_she_adds_twice_is_there_twice(self, store: FeedbackStore, acts: Acts) -> None:
        sent = await _ready(store, None, "append")
        for _ in range(2):
            await send(store, act("append", sent.reference))
        assert await acts(sent.reference) == ["append", "append"]

    async def test_taking_back_what_was_answered_is_no_error(
        self, store: FeedbackStore, heard: Heard, officer: Officer | None
    ) -> None:
        sent = await _answered(store, officer, "withdraw")
        await send(store, act("withdraw", sent.reference))
        states = [event.state for event in await heard() if event.reference == sent.reference and event.state]
        assert states[-1] == CaseState.ANSWERED

    # what a core tells

    async def test_there_is_nothing_to_read_of_an_unknown_reference(self, store: FeedbackStore) -> None:
        _needs(store, "read")
        await store.submit(submission())
        assert await store.view(reference.draw()) is None

    async def test_before_anybody_spoke_there_are_no_words(self, store: FeedbackStore) -> None:
        _needs(store, "read")
        sent = submission()
        await store.submit(sent)
        view = await store.view(sent.reference)
        assert view is None or view.words == ""

    async def test_the_answer_is_read_as_it_was_written(self, store: FeedbackStore, officer: Officer | None) -> None:
        sent = await _answered(store, officer, "read")
        view = await store.view(sent.reference)
        assert view is not None
        assert view.words == ANSWER

    async def test_who_handled_it_is_told_by_role_and_day(self, store: FeedbackStore, officer: Officer | None) -> None:
        sent = await _answered(store, officer, "read")
        view = await store.view(sent.reference)
        assert view is not None
        assert [line.act for line in view.history][-1] == "answered"
        assert {line.role for line in view.history} <= ROLES
        assert [line.day for line in view.history] == sorted(line.day for line in view.history)

    async def test_each_case_tells_its_own(self, store: FeedbackStore, officer: Officer | None) -> None:
        answered, other = await _answered(store, officer, "read"), submission()
        await store.submit(other)
        assert officer is not None
        await officer.open(other.reference)
        view = await store.view(other.reference)
        assert view is None or view.words == ""
        assert answered.reference != other.reference

    async def test_a_change_is_told_by_our_reference_in_its_order(
        self, store: FeedbackStore, heard: Heard, officer: Officer | None
    ) -> None:
        sent = await _answered(store, officer)
        mine = [event for event in await heard() if event.reference == sent.reference]
        assert mine[-1].state == CaseState.ANSWERED
        assert len({event.id for event in mine}) == len(mine) > 1
        order = [(event.at_ms, event.id) if event.sequence is None else (event.sequence, "") for event in mine]
        assert order == sorted(set(order))

    async def test_events_are_found_again_behind_their_mark(
        self, store: FeedbackStore, officer: Officer | None
    ) -> None:
        for _ in range(2):
            await _answered(store, officer)
        whole = await all_events(store, 100)
        assert await all_events(store, 1) == whole
        assert await all_events(store, 100) == whole
        first = await store.events("", 1)
        assert [*first.events, *(await store.events(first.mark, 100)).events] == whole

    # when a core does not answer

    @pytest.mark.parametrize("name", ["submit", *ACTS])
    async def test_a_core_that_is_away_is_tried_again_and_nothing_is_quoted(
        self, away: FeedbackStore | None, name: str
    ) -> None:
        if away is None:
            pytest.skip("nothing was given that is away")
        sent = submission(mode=Mode.NAMED, number=NUMBER, name=NAME)
        if name != "submit":
            _needs(away, name)
        message = sent if name == "submit" else act(name, sent.reference)
        with pytest.raises(DeliveryError) as failed:
            await send(away, message)
        assert (failed.value.retry, failed.value.pause) == (True, False)
        _quotes_nothing(failed.value, sent)

    @pytest.mark.parametrize("name", ACTS)
    async def test_of_a_case_that_is_not_there_nothing_is_quoted(self, store: FeedbackStore, name: str) -> None:
        _needs(store, name)
        sent, failed = submission(), DeliveryError()
        try:
            await send(store, act(name, sent.reference))
        except DeliveryError as error:
            failed = error
        assert not failed.pause
        _quotes_nothing(failed, sent)

    async def test_closing_twice_is_closing(self, store: FeedbackStore) -> None:
        await store.close()
        await store.close()


async def all_events(store: FeedbackStore, most: int) -> list[CaseEvent]:
    """Every event behind the empty mark, asked for in steps."""
    found: list[CaseEvent] = []
    mark = ""
    while True:
        batch = await store.events(mark, most)
        assert len(batch.events) <= most
        if not batch.events:
            return found
        found += batch.events
        mark = batch.mark


def _needs(store: FeedbackStore, capability: str) -> None:
    if capability not in store.capabilities:
        pytest.skip(f"the core cannot {capability}")


async def _ready(store: FeedbackStore, officer: Officer | None, name: str) -> Submission:
    """A case with which an act can be done."""
    _needs(store, name)
    if officer and name in AFTER_ANSWER:
        return await _answered(store, officer, name)
    sent = submission()
    await store.submit(sent)
    return sent


async def _answered(store: FeedbackStore, officer: Officer | None, *capabilities: str) -> Submission:
    for capability in capabilities:
        _needs(store, capability)
    if officer is None:
        pytest.skip("nobody works in this core")
    sent = submission()
    await store.submit(sent)
    await officer.open(sent.reference)
    await officer.answer(sent.reference, ANSWER)
    return sent


def _quotes_nothing(error: BaseException, sent: Submission) -> None:
    """Neither the error nor what it came from."""
    said = []
    while error is not None:
        said.append(str(error))
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    text = "\n".join(said)
    assert not [secret for secret in (NUMBER, NAME, WORDS[:12], sent.reference, sent.handle) if secret in text]
