"""A gateway that hosts the service of the page about hosting, and on loopback the institution whose service it is."""

from __future__ import annotations

import contextlib
import json
import re
import tomllib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import aiohttp

from tests.gateway.house import NUMBER
from tests.gateway.test_http import Edge
from tests.gateway.texting import country_with_a_number
from ussd_engine import app, config
from ussd_engine.channels.base import Dial
from ussd_engine.feedback import Opener, open_feedback
from ussd_engine.testing.provider import Asked, Provider, Says, playing

PAGE: Final = Path(__file__).parents[2] / "docs" / "hosting.md"
CODE: Final = "*150*01#"
METER: Final = "12345678"
WORDS: Final = "Bomba limepasuka barabarani"
TO_REVIEW: Final = ("1", "1", METER, "1", WORDS)
SEND: Final = "1"
OWNER: Final = "Asha Juma, Mikocheni"
ELSEWHERE: Final = "/kwingine"
MOVED: Final = Says(307, b"", {"Location": ELSEWHERE})
"""Leads to where whatever comes is taken."""


def blocks() -> dict[str, str]:
    """The files of the page."""
    return dict(re.findall(r"^```file ([^\n]+)\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE))


class Body:
    """The institution: what it was asked and given, and what it is to say."""

    def __init__(self) -> None:
        self.forms: list[dict[str, Any]] = []
        self.queries: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.check: Says | None = answer(success=True, name=OWNER)
        self.form: Says | None = answer(status=True, sms_reply=True, sms_text="Taarifa yako imepokelewa.")
        self.provider: Provider
        self.led = 0
        """How often a redirect was followed."""

    def play(self, asked: Asked) -> Says | None:
        split, given = urlsplit(asked.target), json.loads(asked.body)
        self.queries.append(split.query)
        assert asked.method == "POST"
        assert asked.headers["Content-Type"] == "application/json"
        if split.path == "/fomu/check":
            self.asked.append((parse_qs(split.query)["field"][0], given["data"]))
            return self.check
        if split.path == ELSEWHERE:
            self.led += 1
            return answer(success=True, status=True)
        assert split.path == "/fomu"
        self.forms.append(given)
        return self.form


def answer(status: int = 200, /, **document: object) -> Says:
    return Says(status, json.dumps(document).encode(), {"Content-Type": "application/json"})


class Line:
    """A citizen's phone at an edge, on the channel whose text holds all that she typed."""

    def __init__(self, edge: Edge, msisdn: str = NUMBER) -> None:
        self.edge = edge
        self.msisdn = msisdn
        self.inputs: tuple[str, ...] = ()
        self.dialogue = "d"

    async def dial(self) -> str:
        self.inputs, self.dialogue = (), self.dialogue + "'"
        return await self.leg()

    async def type(self, *inputs: str) -> str:
        said = ""
        for one in inputs:
            self.inputs += (one,)
            said = await self.leg()
        return said

    async def leg(self) -> str:
        self.edge.now += 8
        dial = Dial(dialogue=self.dialogue, dialled=CODE, msisdn=self.msisdn, inputs=self.inputs)
        request = self.edge.engine.channels["africastalking"].build(dial)
        status, said = await self.edge.post("/ussd/africastalking", request.body, headers=request.headers)
        assert status == 200
        return said


def settings(
    folder: Path, url: str, own: Mapping[str, object] = {}, sms: str = "", menu: str = "", beside: str = "", **more: str
) -> dict[str, str]:
    """The page's files in a folder, and the variables of a gateway on them. `url`: the institution's; the rest as in
    `hosting`."""
    files = blocks()
    (folder / "menus").mkdir(exist_ok=True)
    (folder / "locales").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(menu if menu and name == "menus/maji.yaml" else text)
    if beside:
        (folder / f"menus/{beside}.yaml").write_text(
            files["menus/maji.yaml"].replace("service: maji", f"service: {beside}")
        )
        root = files["menus/mlango.yaml"].replace("service maji}", f"service maji, 2. Pia: service {beside}}}")
        (folder / "menus/mlango.yaml").write_text(root)
    table = tomllib.loads(files["ussd-engine.toml"])["hosted"]
    table["maji"] |= {"url": url, **own}
    if beside:
        table[beside] = {"url": "http://127.0.0.1:9/fomu"}
    names = {
        "var": str(folder),
        "menus": str(folder / "menus"),
        "locales": str(folder / "locales"),
        "country": str(country_with_a_number(folder)),
        "codes": f"{CODE}=mlango",
        "channels": "africastalking loopback" if sms else "africastalking",
        "channel_settings": json.dumps({"loopback": {"sms": {"url": sms, "per_second": 200}}} if sms else {}),
        "hosted": json.dumps(table),
        **more,
    }
    return {f"USSD_ENGINE_{name.upper()}": value for name, value in names.items() if value != "{}"}


@contextlib.asynccontextmanager
async def hosting(
    folder: Path,
    own: Mapping[str, object] = {},
    sms: str = "",
    open_core: Opener = open_feedback,
    menu: str = "",
    beside: str = "",
    query: str = "",
    **changes: str,
) -> AsyncIterator[tuple[Edge, Body]]:
    """`own`: what the table of the service says besides; `sms`: where a gateway of SMS stands; `menu`: other words of
    the service's; `beside`: another service like it, whose institution is not there;
    `query`: what stands behind the institution's address."""
    body = Body()
    async with playing(body.play) as body.provider:
        given = settings(folder, f"{body.provider.url}/fomu{query}", own, sms, menu, beside, **changes)
        edge = Edge(config.load(given), open_core=open_core)
        async with app.running(edge.app) as edge.url, aiohttp.ClientSession() as edge.client:
            yield edge, body
