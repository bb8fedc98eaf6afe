"""The habits of the house, read from the tree itself: who imports whom, how long things are, what stands nowhere."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ussd_engine.counts import Count
from ussd_engine.settingspage import markdown

ROOT = Path(__file__).parent.parent
ROOMS = ("sessions", "ussd_engine", "simulator")
CODE = (*ROOMS, "tests", "benchmarks", "docs")
MADE = {".git", ".venv", "var", "build", "dist", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
COPIED = {"LICENSE", "requirements.txt", "requirements-dev.txt"}

LONGEST_FUNCTION = 60
LONGEST_FILE = 350

ABOVE_THE_WATERLINE = """
errors plugins model messages tracking lifecycle counts secret gsm words reference msisdn
sms.message sms.lattice sms.parts sms.matrix
table keyfile keys country until network
roster search institutions deadlines
texts pofile catalog
facts registry actions sms.templates
menu.syntax menu.load menu.rules menu.template
screens
menu.shapes menu.smsbook menu.keywords sms.prefix menu.schema menu.answers
menu.plan menu.conditions menu.course menu.trail menu.graph menu.compile menu.chains
menu.order menu.names menu.pilots menu.edition
scope memo doorway
render
menu.lint menu.check menu.watch menu.draw menu.page menu.publish
steps run walk answer entry machine found unfinished acts leg dialog editions view rehearsal
sms.addressee sms.spelling sms.numbers sms.keywords sms.tongues sms.services sms.talk sms.words
"""
BELOW_THE_WATERLINE = """
answered logs
vault
ledger
fieldtable
feedback
smpp channels
delivery news
sms.pace sms.rest sms.hold sms.sender sms.wording sms.filling sms.written sms.oncase sms.ontext sms.waiting sms.deeds
sms.reading sms.answering sms.clockwork
background place commits looks doors apology gateway
forms.attempts forms.became forms.fields forms.finding forms.checking forms.fieldmap forms.collecting
readers given openings config settingspage metrics binds sms.joining sms.copies sms.taking
peers callback lines posting port admission upkeep keywatch
livesessions carrier hosting errands forms.opening agreement
engine events sms.door forms.door premises
listing smstold app office cases casework operate smsdesk switchdesk sessionsdesk sample menudesk fieldsdesk drain serve
cli
testing
"""
"""A module imports only from those that stand before it. A folder that is named as a whole is one room."""

ORDER = [*ABOVE_THE_WATERLINE.split(), *BELOW_THE_WATERLINE.split()]

# What the pure part may not know: time, chance, waiting, the world outside.
WORLDLY = {"asyncio", "random", "secrets", "socket", "time", "logging", "structlog", "aiohttp", "redis", "sqlalchemy"}
PURE = [
    "screens",
    "scope",
    "render",
    "run",
    "doorway",
    "walk",
    "answer",
    "entry",
    "machine",
    "found",
    "unfinished",
    "acts",
    "leg",
    "dialog",
    "view",
]


def python_files(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


def written_files() -> Iterator[Path]:
    """All that a person wrote."""
    for file in sorted(ROOT.rglob("*")):
        inside = file.relative_to(ROOT).parts
        made = MADE.intersection(inside) or any(part.endswith((".egg-info", "__pycache__")) for part in inside)
        if file.is_file() and not made and file.name not in COPIED:
            yield file


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def shown(file: Path, line: int = 0) -> str:
    return f"{file.relative_to(ROOT)}:{line}" if line else str(file.relative_to(ROOT))


def imports_of(file: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a file imports, `from package import module` as `package.module`."""
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def place_of(dotted: str) -> str | None:
    """The entry of `ORDER` to which a name of `ussd_engine` belongs."""
    parts = dotted.split(".")[1:]
    candidates = (".".join(parts[:size]) for size in range(len(parts), 0, -1))
    return next((name for name in candidates if name in ORDER), None)


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def engine_modules() -> list[Path]:
    """The modules that have a place: not the bare packages, not the migrations, which no code imports."""
    files = python_files("ussd_engine")
    return [
        file
        for file in files
        if tree_of(file).body and len(module_name(file).split(".")) > 1 and "migrations" not in file.parts
    ]


def test_every_module_has_a_place_in_the_order() -> None:
    assert [shown(file) for file in engine_modules() if place_of(module_name(file)) is None] == []


def test_a_module_imports_only_from_those_above_it() -> None:
    wrong = []
    for file in engine_modules():
        own = place_of(module_name(file))
        for line, name in imports_of(file):
            other = place_of(name) if name.startswith("ussd_engine.") else None
            if own and other and ORDER.index(other) > ORDER.index(own):
                wrong.append(f"{shown(file, line)}: {own} imports {other}, which stands below it")
    assert wrong == []


@pytest.mark.parametrize(("room", "barred"), [("sessions", ROOMS[1:]), ("ussd_engine", ROOMS[2:])])
def test_the_arrows_between_the_packages_point_one_way(room: str, barred: tuple[str, ...]) -> None:
    barred = (*barred, "tests", "benchmarks")
    wrong = [
        f"{shown(file, line)}: {name}"
        for file in python_files(room)
        for line, name in imports_of(file)
        if name.split(".")[0] in barred
    ]
    assert wrong == []


def test_nothing_waits_above_the_waterline() -> None:
    wrong = [
        shown(file, node.lineno)
        for file in engine_modules()
        if place_of(module_name(file)) in ABOVE_THE_WATERLINE.split()
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith)
    ]
    assert wrong == []


def test_the_machine_knows_neither_time_nor_chance_nor_the_world() -> None:
    wrong = [
        f"{shown(file, line)}: {name}"
        for file in engine_modules()
        if place_of(module_name(file)) in PURE
        for line, name in imports_of(file)
        if name.split(".")[0] in WORLDLY
    ]
    assert wrong == []


def test_no_function_is_long() -> None:
    long = []
    for file in python_files(*CODE):
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long.append(f"{shown(file, node.lineno)}: {node.name} has {lines} lines")
    assert long == []


def test_no_file_is_long() -> None:
    lengths = {shown(file): len(file.read_text().splitlines()) for file in python_files(*CODE)}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_every_module_says_what_it_is() -> None:
    silent = [
        shown(file) for file in python_files(*ROOMS) if tree_of(file).body and not ast.get_docstring(tree_of(file))
    ]
    assert silent == []


def test_nothing_is_left_for_later_and_no_machine_is_named() -> None:
    # put together here, so that this file does not name them
    words = [
        "TO" + "DO",
        "FIX" + "ME",
        "X" * 3,
        "share" + "d/",
        "/wor" + "k/",
        "/tm" + "p/",
        "/ro" + "ot/",
        "/ho" + "me/",
    ]
    pattern = re.compile(rf"(?<![A-Za-z_])(?:{'|'.join(map(re.escape, words))})")
    found = []
    for file in written_files():
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{shown(file, number)}: {pattern.findall(line)}")
    assert found == []


def test_locked_packages_are_hashed_and_name_no_registry() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert re.search(r"https?://|file://|--(?:extra-)?index|--find-links|--trusted", text) is None
        packages = re.findall(r"^[a-z0-9][^\n]*==[^\n]*(?:\n .*--hash=sha256:[0-9a-f]{64}.*)+", text, re.MULTILINE)
        assert len(packages) == len(re.findall(r"^[A-Za-z0-9]", text, re.MULTILINE)) > 20


def test_every_setting_is_documented() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == markdown(), "run `make docs`"


def test_what_a_turn_counts_has_a_name_and_a_meaning() -> None:
    appended = re.compile(r'counts(?:\.append\(|=\()"([a-z_]+)"')
    for file in python_files("ussd_engine"):
        for name in appended.findall(file.read_text()):
            assert name in list(Count), f"{shown(file)}: {name} is not in ussd_engine/counts.py"


def test_every_package_that_is_imported_is_asked_for() -> None:
    asked = (ROOT / "setup.cfg").read_text().lower().replace("-", "_")
    named = {"yaml": "pyyaml", "nacl": "pynacl", "prometheus_client": "prometheus_client"}
    known = set(ROOMS) | {"__future__"} | set(sys.stdlib_module_names)
    outside = {name.split(".")[0] for file in python_files(*ROOMS) for _, name in imports_of(file)} - known
    assert {name for name in outside if named.get(name, name) not in asked} == set()


def test_every_page_of_the_documents_is_found_from_the_first() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = [page.relative_to(ROOT / "docs") for page in (ROOT / "docs").glob("*.md") if page.name != "README.md"]
    assert [str(page) for page in pages if f"({page})" not in index] == []


def test_every_link_of_the_documents_leads_somewhere() -> None:
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            if not (page.parent / target).exists():
                broken.append(f"{shown(page)}: {target}")
    assert broken == []
