"""What the hostile tests share: one gateway for a whole module, on the module's own loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest_asyncio

from tests.hostile.front import Citizen, Front, opened

HONEST = "255700000001"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(tmp_path_factory: Any) -> AsyncIterator[Front]:
    async with opened(tmp_path_factory.mktemp("front")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def honest(front: Front, client: aiohttp.ClientSession) -> Citizen:
    return Citizen(front.url, client, HONEST)
