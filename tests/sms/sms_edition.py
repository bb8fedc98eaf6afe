"""The shipped service, as it hears and words SMS."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ussd_engine.country import Country
from ussd_engine.menu.edition import Edition, load_edition
from ussd_engine.sms.keywords import Ear, Heard

ROOT = Path(__file__).parents[2]
SERVICE = "emrejesho"
LANGUAGES = ("sw", "en")
OURS = "482173657"
"""References that can be."""
OTHER, THIRD = "634011274", "501234567"
UNLIKE_OURS = "482173659"
"""Its check digit fails."""


@cache
def shipped() -> Edition:
    country = Country.load(ROOT / "menus/countries/tanzania.yaml")
    return load_edition(ROOT / "menus", ROOT / "locales", {"*152*00#": "gmp"}, country)


@cache
def ear(prefix: str = "") -> Ear:
    keywords = shipped().services[SERVICE].service.keywords
    assert keywords is not None
    return Ear(keywords, shipped().data[SERVICE], prefix)


def hear(text: str, locale: str = "sw", prefix: str = "") -> Heard:
    return ear(prefix).hear(text, locale)


def lines(name: str) -> list[str]:
    return (Path(__file__).parent / name).read_text().splitlines()
