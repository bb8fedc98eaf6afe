"""The simulator's own words. They stand in English in the code; `locales/LANGUAGE/LC_MESSAGES/simulator.po` has them in
another language, and `python -m simulator.speech` brings those files up to date.

A word is told by `told`, as a `Note` that can be said in any language, or said at once by a `Speech` called `say` or
`speech`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

from babel.messages import catalog as po
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

from ussd_engine.catalog import po_path
from ussd_engine.config import HOME
from ussd_engine.menu.page import own_words
from ussd_engine.pofile import read_po

DOMAIN: Final = "simulator"
LANGUAGES: Final = ("sw", "en")
OWN: Final = "en"
"""The language of the code."""
KEYWORDS: Final = {"told": None, "say": None, "speech": None, "_say": None}
WIDTH: Final = 100


class Note(NamedTuple):
    """Words for the person at the simulator, in no language yet. A value that is a note is said too."""

    text: str
    values: Mapping[str, str | Note | Foreign] = {}


class Foreign(NamedTuple):
    """Words of another's, in the language of the code alone; `place` is where the fault lies, if anywhere."""

    text: str
    place: str = ""


def told(text: str, /, **values: str | Note | Foreign) -> Note:
    """A note."""
    return Note(text, values)


class Speech:
    """Says words in one language; what is not translated is said as it stands in the code."""

    def __init__(self, language: str, locales: Path = HOME / "locales") -> None:
        self._locales = locales
        self.speak(language)

    def speak(self, language: str) -> None:
        """Another language from here on, for whoever holds this one."""
        self.language = language
        self._words = {} if language == OWN else words_of(self._locales, language)

    def __call__(self, text: str, /, **values: str) -> str:
        return self.plain(text).format(**values)

    def plain(self, text: str) -> str:
        """The words with their placeholders, for whoever fills those in."""
        return self._words.get(text, text)

    _say = __call__

    def note(self, note: Note) -> str:
        """The words of a note."""
        return self(note.text, **{name: self._value(one) for name, one in note.values.items()})

    def _value(self, value: str | Note | Foreign) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, Note):
            return self.note(value)
        if self.language == OWN:
            return value.text
        return self._foreign(value)

    def _foreign(self, value: Foreign) -> str:
        """Where to look, and in which language it is told."""
        if value.place:
            return self._say("a fault at {place}; it is told in English: change the language", place=value.place)
        return self._say("it is told in English: change the language")


def words_of(locales: Path, language: str) -> dict[str, str]:
    """The translations of a language. Raises `MenuError` where its file cannot be read."""
    entries = read_po(po_path(locales, language, DOMAIN), language)
    return {str(one.id): str(one.string) for one in entries if one.id and one.string and not one.fuzzy}


def texts() -> Iterator[tuple[str, str]]:
    """The file and the words of every text in the code, and of the page that draws menus, each as often as it stands
    there."""
    home = Path(__file__).parent
    for file in sorted(home.rglob("*.py")):
        for _, message, _, _ in extract_from_file("python", file, keywords=KEYWORDS):
            yield file.relative_to(home.parent).as_posix(), str(message)
    yield from ((f"ussd_engine/{name}", text) for name, text in own_words())


def renew(locales: Path) -> list[Path]:
    """Bring the files of every other language up to date with the code; translations stay. Those that changed."""
    template = po.Catalog()
    for name, text in texts():
        template.add(text, locations=[(name, 0)])
    changed = []
    for language in LANGUAGES:
        path = po_path(locales, language, DOMAIN)
        if language != OWN and _renewed(path, language, template):
            changed.append(path)
    return changed


def _renewed(path: Path, language: str, template: po.Catalog) -> bool:
    entries = read_po(path, language)
    entries.update(template, no_fuzzy_matching=True, update_creation_date=False)
    entries.obsolete.clear()
    stream = BytesIO()
    write_po(stream, entries, width=WIDTH, include_lineno=False)
    # Babel's version would change the file without a change of its words
    new = b"".join(line for line in stream.getvalue().splitlines(True) if not line.startswith(b'"Generated-By:'))
    if path.exists() and path.read_bytes() == new:
        return False
    path.write_bytes(new)
    return True


if __name__ == "__main__":
    for one in renew(Path(sys.argv[1] if sys.argv[1:] else "locales")):
        print(f"updated {one}")
