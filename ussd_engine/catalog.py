"""The words of every service in every language: gettext catalogues for menus whose message ids are their own words.

`locales/LANGUAGE/LC_MESSAGES/SERVICE.po` are read as they stand, so an edited file is seen at the next start. The
contexts are those of `ussd_engine.texts`. `python -m ussd_engine.catalog [MENUS [LOCALES]]` brings them up to date.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import IO, NamedTuple

from babel.dates import format_date as babel_format_date
from babel.messages import catalog as po
from babel.messages.pofile import write_po

from ussd_engine import texts
from ussd_engine.errors import Fault, MenuError
from ussd_engine.pofile import PoFile, read_po
from ussd_engine.texts import Text


@lru_cache(maxsize=1024)
def format_date(locale: str, date: dt.date) -> str:
    """A date as screens and SMS show it: dd/mm/yyyy."""
    return babel_format_date(date, "dd/MM/yyyy", locale=locale)


def languages_in(folder: Path) -> list[str]:
    """The languages that have a folder under `folder`."""
    return sorted(path.parent.name for path in folder.glob("*/LC_MESSAGES"))


def po_path(folder: Path, locale: str, service: str) -> Path:
    return folder / locale / "LC_MESSAGES" / f"{service}.po"


class Catalog:
    """The words of several services in several languages."""

    def __init__(self, files: Mapping[tuple[str, str], PoFile]) -> None:
        """`files` by locale and service."""
        self._files = files

    @classmethod
    def load(cls, folder: Path, services: Iterable[str], locales: Sequence[str]) -> Catalog:
        """Reads the .po files under `folder`. Raises `MenuError` with a fault for each that cannot be read."""
        files: dict[tuple[str, str], PoFile] = {}
        faults: list[Fault] = []
        for service in services:
            for locale in locales:
                try:
                    files[locale, service] = PoFile(po_path(folder, locale, service), locale)
                except MenuError as error:
                    faults += error.faults
        if faults:
            raise MenuError(faults)
        return cls(files)

    def forms(self, locale: str, service: str, context: str, msgid: str) -> tuple[str, ...]:
        """See `PoFile.forms`; for whoever prepares screens at load."""
        return self._files[locale, service].forms(context, msgid)

    def said(self, service: str, language: str) -> Iterator[tuple[str, str]]:
        """All that a service says in more than one language: language and words; the menus speak `language`."""
        for (locale, name), file in self._files.items():
            for msgid, forms in file.translated() if name == service else ():
                yield from ((language, text) for text in [msgid] if locale != language)
                yield from ((locale, text) for text in forms)

    def plural(self, locale: str, service: str, n: int) -> int:
        """See `PoFile.plural`."""
        return self._files[locale, service].plural(n)

    def plurals(self, locale: str, service: str) -> int:
        """How many plural forms the language has."""
        return self._files[locale, service].plurals

    def gettext(self, locale: str, service: str, context: str, msgid: str) -> str:
        """The words for a text without a count."""
        return self.forms(locale, service, context, msgid)[0]

    def ngettext(self, locale: str, service: str, context: str, msgid: str, n: int) -> str:
        """The words for a text whose one count is `n`; the placeholder is still in them."""
        forms = self.forms(locale, service, context, msgid)
        return forms[self.plural(locale, service, n)] if len(forms) > 1 else forms[0]

    def check(self, service: str, language: str, asked: Iterable[Text]) -> list[Fault]:
        """What is missing, fuzzy, unused or different, in the files of a service that is written in `language`."""
        asked = list(asked)
        return sorted(
            fault
            for (locale, name), file in self._files.items()
            if name == service
            for fault in file.faults(asked, own=locale == language)
        )


def extract(
    fileobj: IO[bytes], keywords: object, comment_tags: object, options: object
) -> Iterator[tuple[int, str, tuple[str, ...], list[str]]]:
    """Babel's extractor `ussd_menu`: line, function, its arguments and a comment for each text of a menu file."""
    for text in texts.texts_of(texts.compose(fileobj, str(getattr(fileobj, "name", "menu")))):
        plural = texts.count_of(text.msgid) is not None
        arguments = (text.context, text.msgid, text.msgid) if plural else text.key
        yield text.line, "npgettext" if plural else "pgettext", arguments, [text.role]


class Service(NamedTuple):
    """What a translator needs to know of a service."""

    name: str
    language: str
    texts: list[Text]


class Report(NamedTuple):
    """What an update did, and what is left for a person."""

    changed: list[Path]
    faults: list[Fault]


def services_in(menus: Path) -> list[Service]:
    """The services under `menus`: a file, or a folder with a `service.yaml`. Raises `MenuError`."""
    found = [[path] for path in sorted(menus.glob("*.yaml"))]
    for frame in sorted(menus.glob("*/service.yaml")):
        found.append([frame, *sorted(set(frame.parent.glob("*.yaml")) - {frame})])
    return [_service(files) for files in found]


def _service(files: list[Path]) -> Service:
    frame = texts.read_tree(files[0]).value
    scalars = {name: str(node.value) for name, node in frame.items()} if isinstance(frame, Mapping) else {}
    asked: dict[tuple[str, str], Text] = {}
    for text in (text for file in files for text in texts.texts_in(file)):
        asked.setdefault(text.key, text)
    for name in ("service", "language"):
        if name not in scalars:
            raise MenuError([Fault(str(files[0]), 1, f'"{name}" is missing', name)])
    return Service(scalars["service"], scalars["language"], list(asked.values()))


def update_messages(menus: Path, locales: Path) -> Report:
    """Brings the .po files up to date with the menus; translations and comments stay. Raises `MenuError`.

    The file of a menu's own language holds only what is worded otherwise there: nothing is added to it.
    """
    services, languages = services_in(menus), languages_in(locales)
    paths = [(po_path(locales, locale, service.name), locale, service) for service in services for locale in languages]
    changed = [path for path, locale, service in paths if _update(path, locale, service, menus)]
    catalog = Catalog.load(locales, [service.name for service in services], languages)
    return Report(changed, [fault for service in services for fault in catalog.check(*service)])


def _update(path: Path, locale: str, service: Service, menus: Path) -> bool:
    """Whether the file changed."""
    entries = read_po(path, locale)
    own = locale == service.language
    asked = [text for text in service.texts if not own or entries.get(text.msgid, text.context)]
    template = _template(asked, menus)
    _revive(entries, template)
    entries.update(template, update_creation_date=False)
    old = path.read_bytes() if path.exists() else b""
    new = _dump(entries)
    if new == old or (own and not old):
        return False
    path.write_bytes(new)
    return True


def _revive(entries: po.Catalog, template: po.Catalog) -> None:
    """Takes back the translations of texts that had gone from the menu and stand there again."""
    for key, message in list(entries.obsolete.items()):
        if template.get(message.id, message.context):
            entries[message.id] = message
            del entries.obsolete[key]


def _dump(entries: po.Catalog) -> bytes:
    stream = BytesIO()
    write_po(stream, entries, width=100, include_lineno=False)
    # Babel's version would change the file without a change of its words
    return b"".join(line for line in stream.getvalue().splitlines(True) if not line.startswith(b'"Generated-By:'))


def _template(asked: Iterable[Text], menus: Path) -> po.Catalog:
    template = po.Catalog()
    for text in asked:
        place = Path(text.file).relative_to(menus.parent).as_posix()
        msgid = (text.msgid, text.msgid) if texts.count_of(text.msgid) else text.msgid
        template.add(msgid, locations=[(place, text.line)], auto_comments=[text.role], context=text.context)
    return template


def main(menus: str = "menus", locales: str = "locales") -> int:
    """Updates, prints what is left to do, and returns the exit code."""
    try:
        report = update_messages(Path(menus), Path(locales))
    except MenuError as error:
        print(error, file=sys.stderr)
        return 1
    for line in (*(f"updated {path}" for path in report.changed), *report.faults):
        print(line)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
