"""A small service with its English words, and what the tests of catalogues do to its files."""

from __future__ import annotations

from pathlib import Path

from ussd_engine.catalog import Catalog, po_path, services_in
from ussd_engine.errors import Fault

MENU = """\
service: demo
language: sw
keys: {back: 0. Rudi, home: "00"}
errors:
  words: Eleza kwa maneno {n} au zaidi.
words:
  status:
    opened: {complaint: Limefunguliwa, opinion: Yamefunguliwa}
screens:
  people:
    input: Watu wangapi?
    again: ""
    skip: 1. Ruka
  case:
    list: "{ref}"
    row: "{ref} {status}"
    go: {1. Soma jibu: {if: {can: read}, go: answer}, "2. Hapana, rudi": home}
"""

HEADER = """\
msgid ""
msgstr ""
"Language: en\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""

ENGLISH = {
    "keys": [("Rudi", "Back")],
    "words.status": [("Limefunguliwa", "Opened"), ("Yamefunguliwa", "Opened")],
    "people": [("Watu wangapi?", "How many people?"), ("Ruka", "Skip")],
    "case": [("Soma jibu", "Read answer"), ("Hapana, rudi", "No, back")],
}
PLURAL = """\
msgctxt "errors"
msgid "Eleza kwa maneno {n} au zaidi."
msgid_plural "Eleza kwa maneno {n} au zaidi."
msgstr[0] "Use {n} word or more."
msgstr[1] "Use {n} words or more."
"""


def entry(context: str, msgid: str, msgstr: str) -> str:
    return f'msgctxt "{context}"\nmsgid "{msgid}"\nmsgstr "{msgstr}"\n\n'


def english() -> str:
    entries = [entry(context, *pair) for context, pairs in ENGLISH.items() for pair in pairs]
    return HEADER + "".join(entries) + PLURAL


class Demo:
    """The service in a folder of its own, complete in English and without a Swahili file."""

    def __init__(self, folder: Path) -> None:
        self.menus = folder / "menus"
        self.locales = folder / "locales"
        self.menu = self.menus / "demo.yaml"
        self.menus.mkdir()
        self.menu.write_text(MENU)
        for language in ("sw", "en"):
            self.po(language).parent.mkdir(parents=True)
        self.po("en").write_text(english())

    def po(self, language: str) -> Path:
        return po_path(self.locales, language, "demo")

    def load(self) -> Catalog:
        return Catalog.load(self.locales, ["demo"], ["sw", "en"])

    def faults(self) -> list[Fault]:
        (service,) = services_in(self.menus)
        return self.load().check(*service)

    def rewrite(self, old: str, new: str) -> int:
        """Replaces `old`, which must be there, in the English file and returns its line."""
        before, found, after = self.po("en").read_text().partition(old)
        assert found
        self.po("en").write_text(before + new + after)
        return before.count("\n") + 1
