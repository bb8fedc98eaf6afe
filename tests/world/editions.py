"""The menus of the world: the small service and what became of it since, and the shipped ones."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from ussd_engine.country import Country
from ussd_engine.menu.edition import Edition, load_edition

CODE = "*152*00#"
SERVICE = "service.yaml"
"""The file of the small service that changes."""
HERE = Path(__file__).parent
ROOT = HERE.parent.parent
ASKED = "ask: [message, identity, review]"
NATURE = """  nature:
    menu: Ni kero ya aina gani?
    save: nature
    choose: {1. Ucheleweshaji: delay, 2. Huduma mbovu: poor_service}
  review:"""
IDENTITY = """  identity:
    menu: Nani ajue wewe ni nani?
    save: identity
    choose:
      1. Siri: {is: confidential, if: {can: be_reached}}
      3. Bila kujulikana: anonymous
"""
LONGER = {ASKED: "ask: [message, nature, identity, review]", "  review:": NATURE}
CHANGES: dict[str, dict[str, str]] = {
    "first": {},
    "longer": LONGER,
    "another question": {
        name: text.replace("nature", "kind").replace("delay", "late") for name, text in LONGER.items()
    },
    "turned": {ASKED: "ask: [identity, message, review]"},
    "renamed": {
        ASKED: "ask: [story, who, last_look]",
        "  message:": "  story:",
        "  identity:\n": "  who:\n",
        "  review:": "  last_look:",
        "change message": "change story",
        "add message": "add story",
        "change identity": "change who",
    },
    "shorter": {
        ASKED: "ask: [message, review]",
        IDENTITY: "",
        "Hakiki: {identity}": "Hakiki:",
        "      4. Badili utambulisho: change identity\n": "",
    },
    "another form": {"  complaint:": "  report:", "1. Lalamiko: complaint": "1. Lalamiko: report"},
}
"""By the name of an edition: what of the small service reads otherwise there."""
MESSAGES, REVIEWS = ("message", "story"), ("review", "last_look")
IDENTITIES = ("identity", "identity_no_sms", "who")
"""What these screens are called, from edition to edition."""


@cache
def edition(name: str) -> Edition:
    """The small service as it is in one of `CHANGES`, or `shipped`."""
    menus = ROOT / "menus"
    country = Country.load(menus / "countries" / "tanzania.yaml")
    if name == "shipped":
        return load_edition(menus, ROOT / "locales", {CODE: "gmp"}, country)
    with tempfile.TemporaryDirectory() as folder:
        menus = HERE / "menus"
        for file in menus.rglob("*.*"):
            copy = Path(folder) / file.relative_to(menus)
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(_changed(file, name))
        return load_edition(Path(folder), ROOT / "locales", {CODE: "mzizi"}, country)


def _changed(file: Path, name: str) -> str:
    text = file.read_text()
    for old, new in CHANGES[name].items() if file.name == SERVICE else ():
        assert text.count(old) == 1, f"{file.name} holds {old!r} {text.count(old)} times"
        text = text.replace(old, new)
    return text


def by_version() -> dict[bytes, Edition]:
    """Every edition that a run can be on."""
    return {edition(name).version: edition(name) for name in (*CHANGES, "shipped")}
