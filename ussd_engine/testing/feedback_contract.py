"""What every feedback store must do.

Subclass `FeedbackContract` and give it two fixtures: `store`, which takes everything, and `held`, a coroutine that
returns how many cases the core behind it has. Run pytest with `asyncio_mode = auto`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import msgspec
import pytest

from ussd_engine import reference
from ussd_engine.feedback import FeedbackStore
from ussd_engine.model import Mode, Submission

Held = Callable[[], Awaitable[int]]
FACTS = {"place", "date"}


def submission(**changes: Any) -> Submission:
    """A confidential complaint; any field may be given."""
    made = Submission(
        idempotency_key=secrets.token_hex(16),
        reference=reference.draw(),
        service="emrejesho",
        type="complaint",
        mode=Mode.CONFIDENTIAL,
        institution="DUWASA",
        handle=secrets.token_hex(16),
        answers={"message": "Maji hayatoki; <b>'\"\n%s {ref} \u2019 \U0001f4a7", "place": None},
        locale="sw",
        submitted=date(2025, 11, 25),
        due=date(2025, 12, 15),
    )
    return msgspec.structs.replace(made, **changes)


EVERY_KIND: dict[str, Callable[[], Submission]] = {
    "confidential": submission,
    "named": lambda: submission(mode=Mode.NAMED, number="255700000001", name="Neema Mfano"),
    "named, name skipped": lambda: submission(mode=Mode.NAMED, number="255700000001"),
    "anonymous": lambda: submission(mode=Mode.ANONYMOUS, handle=""),
    "opinion without due date": lambda: submission(type="opinion", due=None),
    "long": lambda: submission(answers={"message": "m" * 480}),
}


class FeedbackContract:
    """The suite."""

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
        assert isinstance(store.capabilities, frozenset)
        assert store.wants <= FACTS

    async def test_closing_twice_is_closing(self, store: FeedbackStore) -> None:
        await store.close()
        await store.close()
