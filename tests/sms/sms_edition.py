"""The shipped service, as it hears SMS and says them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ussd_engine.country import Country
from ussd_engine.menu.edition import Edition, load_edition
from ussd_engine.sms import words
from ussd_engine.sms.keywords import Ear, Heard
from ussd_engine.sms.message import Notice, Priority

ROOT = Path(__file__).parents[2]
SERVICE = "emrejesho"
LANGUAGES = ("sw", "en")
OURS = "482173657"
"""References that can be."""
OTHER, THIRD = "634011274", "501234567"
UNLIKE_OURS = "482173659"
"""Its check digit fails."""
EXTRA = {"code": "*152*00*9*2#", "sc": "15200", "days": "90"}
"""What only the engine knows."""


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


def said(
    template: str, locale: str = "sw", extra: dict[str, str] = EXTRA, /, *, prefix: str = "", **values: str
) -> str:
    """The text of a template with its values, as they are stored."""
    notice = Notice(
        key=b"",
        service=SERVICE,
        template=template,
        values=values,
        locale=locale,
        priority=Priority.REPLY,
        push=False,
        at_ms=0,
    )
    return words.text(shipped(), notice, locale, extra, prefix)


def lines(name: str) -> list[str]:
    return (Path(__file__).parent / name).read_text().splitlines()
