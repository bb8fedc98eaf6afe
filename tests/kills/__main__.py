"""`python -m tests.kills [redis://…]`: print the points at which each story is killed."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.kills.coming import IN, Coming
from tests.kills.going import OUT, Going
from tests.kills.points import KINDS
from tests.kills.post import Post, post_office
from tests.kills.story import STORIES, Stories, stories

REDIS = "redis://127.0.0.1:6379"
"""One key is written there and taken away."""


def heading() -> str:
    """What the lines under the stories say."""
    kinds = (_columns(kind, meaning) for kind, meaning in KINDS.items())
    return "\n".join(["Where the process is killed in each story, in the order of its way:", *kinds, ""])


def shown(story: str, points: Sequence[str]) -> str:
    """A story with its points, each in its columns."""
    rows = (_columns(*point.split(" ", 1)) for point in points)
    return "\n".join([story, _columns("kind", "place, and #N: the N-th time that it is reached"), *rows, ""])


def _columns(kind: str, words: str) -> str:
    return f"  {kind:<8}{words}"


async def show(found: Stories) -> None:
    await found.prepare()
    for story in STORIES:
        print(shown(story, (await found.play(story, "")).points), flush=True)


async def show_sms(post: Post) -> None:
    going, coming = Going(post), Coming(post)
    await going.prepare()
    for story in OUT:
        print(shown(story, (await going.play(story, "")).points), flush=True)
    for story in IN:
        await coming.prepare(story)
        print(shown(story, (await coming.play(story, "")).points), flush=True)


def main() -> None:
    url = sys.argv[1] if len(sys.argv) > 1 else REDIS
    print(heading(), flush=True)
    with tempfile.TemporaryDirectory() as folder, stories(Path(folder), url) as found:
        asyncio.run(show(found))
    with tempfile.TemporaryDirectory() as folder, post_office(Path(folder)) as post:
        asyncio.run(show_sms(post))


if __name__ == "__main__":
    main()
