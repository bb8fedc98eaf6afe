"""A gateway that takes forms which the national platform has collected in a menu of its own, and the platform."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aiohttp

from tests.gateway.house import NUMBER
from tests.gateway.test_http import Edge
from tests.gateway.texting import JSON, country_with_a_number
from ussd_engine import app, config
from ussd_engine.feedback import Opener, open_feedback

FIELDS: Final[dict[str, object]] = {
    "em_aina": {
        "answer": "form",
        "values": {"1": "complaint", "2": "opinion", "3": "question", "4": "compliment", "5": "leader"},
    },
    "em_taasisi": "institution",
    "em_kero": {"answer": "nature", "values": {"1": "delay", "3": "bribery", "7": "other"}},
    "em_maelezo": "message",
    "em_utambulisho": {"answer": "identity", "values": {"1": "confidential", "2": "named", "3": "anonymous"}},
    "em_jina": "name",
    "em_mkoa": "region",
    "em_halmashauri": "council",
    "em_mahali": "place",
}
TABLE: Final[dict[str, Any]] = {"service": "emrejesho", "fields": FIELDS}
WORDS: Final = "Umeme umekatika siku tatu Mtumba"
COMPLAINT: Final = {"em_aina": "1", "em_taasisi": "TANESCO", "em_maelezo": WORDS}


class Platform:
    """It hosts the menu, and calls us."""

    def __init__(self, edge: Edge, tail: str = "") -> None:
        self.edge = edge
        self.tail = tail

    async def form(self, msisdn: object = NUMBER, **fields: object) -> dict[str, Any]:
        """Deliver a form; the answer."""
        return await self.post("", {"msisdn": msisdn, **fields})

    async def check(self, field: str, text: object) -> dict[str, Any]:
        """Ask whether a field may stand so."""
        return await self.post("/check", {"data": text}, f"?field={quote(field)}" if field else "")

    async def post(self, place: str, body: Mapping[str, object], query: str = "") -> dict[str, Any]:
        where = f"/forms/mgov{place}{self.tail}{query}"
        status, said = await self.edge.post(where, json.dumps(body).encode(), headers=JSON)
        assert status == 200, said
        found = json.loads(said)
        assert isinstance(found, dict)
        return found


@contextlib.asynccontextmanager
async def collecting(
    folder: Path,
    own: Mapping[str, object] = {},
    open_core: Opener = open_feedback,
    sms: Mapping[str, object] | None = None,
    **changes: str,
) -> AsyncIterator[Platform]:
    """The platform of a gateway; `own`: what its table `forms` says besides; `sms`: its table of that name."""
    settings: dict[str, dict[str, object]] = {"mgov": {"forms": {**copy.deepcopy(TABLE), **own}}}
    if sms is not None:
        settings["mgov"]["sms"] = sms
    names = {
        "var": str(folder),
        "country": str(country_with_a_number(folder)),
        "channels": "mgov africastalking",
        "channel_settings": json.dumps(settings),
        **changes,
    }
    edge = Edge(
        config.load({f"USSD_ENGINE_{name.upper()}": value for name, value in names.items()}), open_core=open_core
    )
    async with app.running(edge.app) as edge.url, aiohttp.ClientSession() as edge.client:
        yield Platform(edge)
