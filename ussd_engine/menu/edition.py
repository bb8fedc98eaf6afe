"""One version of all menus, with its words and data: what a running dialog holds on to until it ends."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ussd_engine.catalog import Catalog, languages_in
from ussd_engine.country import Country
from ussd_engine.deadlines import Deadlines
from ussd_engine.errors import Fault, MenuError
from ussd_engine.institutions import Institutions
from ussd_engine.menu.answers import answers_of
from ussd_engine.menu.compile import Menu, compile_service
from ussd_engine.menu.keywords import check_keywords
from ussd_engine.menu.load import Node, load_file
from ussd_engine.menu.names import check_names, check_no_data, check_services
from ussd_engine.menu.pilots import hide
from ussd_engine.menu.schema import Service, read_service
from ussd_engine.menu.smsbook import check_book

SERVICE_FILE = "service.yaml"
DATA_FILE = "institutions.csv"
ALONE = "*0#"
"""The code that stands for the one of a service that is looked at by itself."""
RESERVED = ("countries", "transcripts")


@dataclass
class Cut:
    """The pages of a list as far as somebody has looked, how many lines they hold, and whether those are all."""

    pages: list[list[str]] = field(default_factory=list)
    at: int = 0
    whole: bool = False


@dataclass(frozen=True)
class Edition:
    """All services that are dialled together. Never changes; a reload makes a new one."""

    version: bytes
    """6 octets of a hash over every file that it was made from."""
    services: Mapping[str, Menu]
    codes: Mapping[str, str]
    """Dialled code to root service."""
    catalog: Catalog
    languages: Mapping[str, tuple[str, ...]]
    """By service, its own language first."""
    data: Mapping[str, Institutions]
    deadlines: Mapping[str, Deadlines]
    country: Country
    settings: Mapping[str, str]
    """What `{site}`, `{sc}` and their like show."""
    paths: Mapping[str, tuple[str, tuple[str, ...]]]
    """Service to the code and the digits that lead to it."""
    nodes: Mapping[str, list[Node]] = field(default_factory=dict, repr=False)
    """Service to its files as read, for the proofs."""
    inputs: dict[tuple[str, str], tuple[str, ...] | None] = field(default_factory=dict, repr=False, compare=False)
    """By service and screen: what its text depends on; `None` where it is not to be remembered."""
    texts: dict[object, str] = field(default_factory=dict, repr=False, compare=False)
    """Screens that were rendered; nothing that a citizen typed."""
    pages: dict[object, Cut] = field(default_factory=dict, repr=False, compare=False)
    """Lists, each cut once for this edition; nothing that a citizen typed."""
    above: dict[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)
    """By service, screen and locale: the lines that can stand above it."""

    @property
    def hosted(self) -> frozenset[str]:
        """The services of other institutions."""
        return frozenset(name for name, menu in self.services.items() if menu.service.hosted)

    def code(self, service: str, passes_digits: bool) -> str:
        """What to dial to reach a service: at once where the digits are passed through, else one by one."""
        code, digits = self.paths.get(service, ("", ()))
        if not digits:
            return code
        return f"{code[:-1]}*{'*'.join(digits)}#" if passes_digits else f"{code} {' '.join(digits)}"

    def knows(self, service: str, institution: str) -> bool:
        """Whether a service has an institution; where it has no list of them, any."""
        data = self.data.get(service)
        return data is None or data.get(institution) is not None

    def speaks(self, service: str) -> bool:
        """Whether a service words what is said by SMS; one that is hosted need not."""
        return service in self.services and bool(self.services[service].service.sms)

    def higher(self, service: str, institution: str) -> str:
        """The code of the next higher level; empty where there is none."""
        data = self.data.get(service)
        return data.higher(institution) if data else ""

    def due(self, service: str, institution: str, type: str, day: date) -> date | None:
        """The day by which what comes on `day` is to be answered, by the service's table; `None` where no answer is."""
        data, deadlines = self.data.get(service), self.deadlines.get(service)
        row = data.get(institution) if data else None
        return deadlines.due(row, type, day, self.country) if row and deadlines else None


def load_edition(menus: Path, locales: Path, codes: Mapping[str, str], country: Country) -> Edition:
    """The edition of a menu folder. Raises `MenuError` with every fault of names; the proofs come after that."""
    return _load(service_files(menus), menus, locales, codes, country)


def load_service(path: Path, locales: Path, country: Country) -> Edition:
    """The edition of one service, a folder or a file, as if a code were dialled for it. Raises `MenuError`.

    Where its lines lead to other services is not looked at.
    """
    files = _files(path.resolve())
    root = files[0].parent.parent if files[0].name == SERVICE_FILE else files[0].parent
    return _load([files], root, locales, None, country)


def is_service(path: Path) -> bool:
    """Whether a path is one service, or a file of one, and not a folder of services."""
    return path.is_file() or (path / SERVICE_FILE).exists()


def _files(path: Path) -> list[Path]:
    folder = path.parent if path.is_file() else path
    if not (folder / SERVICE_FILE).exists():
        return [path]
    return [folder / SERVICE_FILE, *sorted(file for file in folder.glob("*.yaml") if file.name != SERVICE_FILE)]


def _load(
    folders: list[list[Path]], root: Path, locales: Path, codes: Mapping[str, str] | None, country: Country
) -> Edition:
    """`codes` is `None` for a service that stands alone."""
    read, nodes, homes = _read(folders, root)
    if codes is None:
        codes = dict.fromkeys([ALONE], next(iter(read)))
        _check_names(read, None, codes, locales, homes)
    else:
        _check_names(read, read, codes, locales, homes)
    languages = {name: _languages(service, locales) for name, service in read.items()}
    every = sorted({language for each in languages.values() for language in each})
    hide(read)
    catalog = Catalog.load(locales, tuple(read), every)
    data = {name: Institutions.load(home) for name, home in homes.items() if (home / DATA_FILE).exists()}
    return Edition(
        _version([file for files in folders for file in files], root, locales),
        {name: compile_service(service) for name, service in read.items()},
        dict(codes),
        catalog,
        languages,
        data,
        {name: Deadlines.load(homes[name] / "deadlines.csv", data[name]) for name in data},
        country,
        country.settings,
        _paths(read, codes),
        nodes,
    )


def _read(folders: list[list[Path]], root: Path) -> tuple[dict[str, Service], dict[str, list[Node]], dict[str, Path]]:
    """By name: the services, their files as read, their folders."""
    faults: list[Fault] = []
    read: dict[str, Service] = {}
    nodes: dict[str, list[Node]] = {}
    homes: dict[str, Path] = {}
    for files in folders:
        found = _nodes(files, root, faults)
        if len(found) == len(files):
            service = read_service(found, faults)
            _put(service, found, read, nodes, faults)
            homes[service.name] = files[0].parent
    if faults:
        raise MenuError(faults)
    return read, nodes, homes


def _check_names(
    read: Mapping[str, Service],
    known: Mapping[str, Service] | None,
    codes: Mapping[str, str],
    locales: Path,
    homes: Mapping[str, Path],
) -> None:
    faults: list[Fault] = []
    for service in read.values():
        languages = _languages(service, locales)
        check_names(service, known, languages, faults)
        check_book(service.sms, service.places, faults)
        if service.keywords:
            check_keywords(service.keywords, languages, service.forms, answers_of(service), faults)
        if not (homes[service.name] / DATA_FILE).exists():
            check_no_data(service, DATA_FILE, faults)
    if known is not None:
        check_services(known, codes, faults)
    if faults:
        raise MenuError(faults)


def service_files(menus: Path) -> list[list[Path]]:
    """The files of each service: a YAML at the top, or a folder with `service.yaml` (that one first)."""
    if not menus.is_dir():
        raise MenuError([Fault(str(menus), 0, "is not a folder: name the folder of the menus", "file")])
    found = [[file] for file in sorted(menus.glob("*.yaml"))]
    for folder in sorted(path for path in menus.iterdir() if path.is_dir() and path.name not in RESERVED):
        files = _files(folder)
        if files != [folder]:
            found.append(files)
        elif any(folder.glob("*.yaml")):
            raise MenuError([Fault(f"{menus.name}/{folder.name}", 0, f"has no {SERVICE_FILE}", "file")])
    if not found:
        raise MenuError([Fault(str(menus), 0, "holds no menus: a service is a YAML file or a folder", "file")])
    return found


def _nodes(files: list[Path], root: Path, faults: list[Fault]) -> list[Node]:
    nodes = []
    for file in files:
        try:
            nodes.append(load_file(file, f"{root.name}/{file.relative_to(root).as_posix()}"))
        except MenuError as error:
            faults += error.faults
    return nodes


def _put(
    service: Service, found: list[Node], read: dict[str, Service], nodes: dict[str, list[Node]], faults: list[Fault]
) -> None:
    if service.name in read:
        first = read[service.name].place
        faults.append(found[0].fault(f'service "{service.name}" stands twice (first in {first.file})', "duplicates"))
        return
    read[service.name] = service
    nodes[service.name] = found


def _languages(service: Service, locales: Path) -> tuple[str, ...]:
    others = [language for language in languages_in(locales) if language != service.language]
    have = [language for language in others if (locales / language / "LC_MESSAGES" / f"{service.name}.po").exists()]
    return (service.language, *have)


def _paths(services: Mapping[str, Service], codes: Mapping[str, str]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The first path to each service, in the order of codes and lines, by breadth."""
    paths: dict[str, tuple[str, tuple[str, ...]]] = {}
    for code, root in codes.items():
        if root not in services:
            continue
        queue: list[tuple[str, str, tuple[str, ...]]] = [(root, services[root].start, ())]
        paths.setdefault(root, (code, ()))
        seen = set()
        while queue:
            name, screen, digits = queue.pop(0)
            if (name, screen) in seen or screen not in services[name].screens:
                continue
            seen.add((name, screen))
            for line in services[name].screens[screen].lines:
                for case in line.target:
                    if case.dest.verb == "service" and case.dest.name in services:
                        paths.setdefault(case.dest.name, (code, (*digits, line.number)))
                        queue.append((case.dest.name, services[case.dest.name].start, (*digits, line.number)))
                    elif case.dest.verb == "to" and name == root and case.dest.name in services[name].screens:
                        queue.append((name, case.dest.name, (*digits, line.number)))
    return paths


def _version(files: list[Path], root: Path, locales: Path) -> bytes:
    tables = [(file, root) for file in (*files, *sorted(root.rglob("*.csv")))]
    tables += [(file, locales) for file in sorted(locales.rglob("*.po"))]
    digest = hashlib.blake2b(digest_size=6)
    for file, folder in tables:
        digest.update(f"{file.relative_to(folder).as_posix()}\0".encode())
        digest.update(file.read_bytes())
    return digest.digest()
