"""A gateway in this process, behind HTTP, on stores that a test names."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import aiohttp

from ussd_engine import config, engine
from ussd_engine.app import ENGINE, create_app, running
from ussd_engine.engine import Engine
from ussd_engine.logs import Log
from ussd_engine.menu.edition import Edition


class Inside(NamedTuple):
    """Its address, what it runs, and a client for its providers."""

    url: str
    engine: Engine
    client: aiohttp.ClientSession


@contextlib.asynccontextmanager
async def answering(folder: Path, edition: Edition, **settings: str) -> AsyncIterator[Inside]:
    """A gateway that answers and carries nothing to the core, so that all it writes is what turns write."""
    named = {"var": str(folder), **settings}
    loaded = config.load({f"USSD_ENGINE_{name.upper()}": value for name, value in named.items()})
    app = create_app(dataclasses.replace(loaded, role="ussd"), log=Log("CRITICAL"), proven=True)
    with patch.object(engine, "read_menus", lambda config: edition):
        async with running(app) as url, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
            yield Inside(url, app[ENGINE], client)
