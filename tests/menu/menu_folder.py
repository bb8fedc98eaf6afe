"""A small root of menus with its translations, in a folder of its own, that a test may damage."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.pofile import write_po

from ussd_engine.catalog import services_in, update_messages
from ussd_engine.country import Country
from ussd_engine.errors import Fault
from ussd_engine.menu.check import check
from ussd_engine.menu.edition import Edition, load_edition
from ussd_engine.model import Profile
from ussd_engine.pofile import read_po

ROOT = Path(__file__).parent.parent.parent
BASE = Path(__file__).parent / "base"
CODES = {"*150*00#": "root"}
PROFILES = {"generic": Profile()}
TABLES = ("institutions", "roles", "topics", "aliases", "stopwords", "deadlines")


@cache
def country() -> Country:
    return Country.load(ROOT / "menus/countries/tanzania.yaml")


@cache
def shipped() -> Edition:
    """The menus that are shipped."""
    return load_edition(ROOT / "menus", ROOT / "locales", {"*152*00#": "gmp"}, country())


class MenuFolder:
    """`menus` and `locales` below a folder: the base, its English the same words."""

    def __init__(self, folder: Path) -> None:
        self.menus = folder / "menus"
        self.locales = folder / "locales"
        shutil.copytree(BASE, self.menus)
        for name in TABLES:
            shutil.copy(ROOT / f"menus/emrejesho/{name}.csv", self.menus / "demo")
        for language in ("sw", "en"):
            (self.locales / language / "LC_MESSAGES").mkdir(parents=True)

    def translate(self) -> None:
        """Bring the English files up to date, each text in its own words."""
        update_messages(self.menus, self.locales)
        for service in services_in(self.menus):
            path = self.po(service.name)
            entries = read_po(path, "en")
            for message in entries:
                if message.id and not any(message.string or ""):
                    message.string = message.id
            stream = BytesIO()
            write_po(stream, entries, width=0)
            path.write_bytes(stream.getvalue())

    def po(self, service: str) -> Path:
        return self.locales / "en/LC_MESSAGES" / f"{service}.po"

    def replace(self, file: str, old: str, new: str) -> None:
        """Replace what stands exactly once in a file below the folder."""
        path = self.menus.parent / file
        text = path.read_text()
        assert text.count(old) == 1, f"{file} has {text.count(old)} × {old!r}"
        path.write_text(text.replace(old, new))

    def edition(self) -> Edition:
        return load_edition(self.menus, self.locales, CODES, country())

    def check(self, codes: Mapping[str, str] = CODES, path: Path | None = None) -> list[Fault]:
        """The faults, with files named from the folder."""
        faults = check(path or self.menus, self.locales, codes, country(), PROFILES)
        return [fault._replace(file=fault.file.replace(f"{self.menus.parent}/", "")) for fault in faults]
