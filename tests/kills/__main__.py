"""`python -m tests.kills [redis://…]`: print the points at which each story is killed."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from .story import STORIES, Stories, stories

REDIS = "redis://127.0.0.1:6379"
"""One key is written there and taken away."""


async def show(found: Stories) -> None:
    await found.prepare()
    for story in STORIES:
        print(story)
        for point in await found.points(story):
            print(f"  {point}")


def main() -> None:
    url = sys.argv[1] if len(sys.argv) > 1 else REDIS
    with tempfile.TemporaryDirectory() as folder, stories(Path(folder), url) as found:
        asyncio.run(show(found))


if __name__ == "__main__":
    main()
