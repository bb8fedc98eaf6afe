"""One number for the SMS of two services: an answer finds the one that asked."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from tests.gateway.test_http import Edge
from tests.gateway.test_services import SURVEY
from tests.gateway.texting import ROOT, Exchange, Writer, carrying, reference_in
from ussd_engine.menu.keywords import ACTIONS


def with_a_survey(folder: Path) -> Path:
    """The shipped menus, and a survey that takes SMS too and needs no prefix."""
    menus = folder / "menus"
    shutil.copytree(ROOT / "menus", menus, ignore=shutil.ignore_patterns("transcripts"))
    book = yaml.safe_load((menus / "emrejesho" / "sms.yaml").read_text())
    sections = {
        "sms": dict.fromkeys(book["sms"], "Utafiti"),
        "words": book["words"],
        "keywords": {name: {"sw": []} for name in ACTIONS} | {"help": {"sw": ["USAIDIZI"]}},
    }
    (menus / "survey.yaml").write_text(SURVEY + yaml.safe_dump(sections, allow_unicode=True))
    root = menus / "gmp.yaml"
    line = "go: {2. e-Mrejesho: service emrejesho}"
    text = root.read_text()
    assert line in text
    root.write_text(text.replace(line, "go: {2. e-Mrejesho: service emrejesho, 3. Utafiti: service survey}"))
    return menus


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[tuple[Edge, Exchange]]:
    menus = str(with_a_survey(tmp_path))
    async with carrying(tmp_path, sms_prefixes="emrejesho=EM", menus=menus) as made:
        yield made


async def test_a_choice_without_the_prefix_is_for_the_service_that_asked(shared: tuple[Edge, Exchange]) -> None:
    phone = Writer(*shared)
    asked, _ = await phone.write("EM LALAMIKO umeme umekatika siku tatu", replies=2)
    assert asked.startswith("Taasisi ipi? Tuma EM 1, 2 au 3 kwenda 15200:")
    (received,) = await phone.write("1")
    assert received.startswith("Tumepokea. Namba: ")
    ref = reference_in(received)
    (status,) = await phone.write(ref)
    assert status.startswith(f"{ref}: Imepokelewa")
    assert (await phone.write("Usaidizi"))[0] == "Utafiti", "a keyword is for the service that needs no prefix"
    assert (await phone.write("Habari za leo"))[0] == "Utafiti", "nothing of the other one is open"
