"""The page about adding a provider, followed; and a package outside that was written by it, of another provider: each
is installed, found by its entry point, and dialled over HTTP until a reference is shown."""

from __future__ import annotations

import ast
import io
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guides.guide import File, Reader, Typed, steps
from tests.guides.test_operator_pages import free_port

TOKEN = "5b1f0c7de2a94836b7c1d0e9f8a70623"
OUTSIDE = Path(__file__).parent.parent / "provider"
SECOND = Path(__file__).parent.parent / "second" / "menus"
INSTALL = "pip install ."
MOST_LINES = 30
COMPLAINT = ("1", "2", "Falta luz ha tres dias", "1", "1")
PAGE = {step.name: step.text for step in steps("adding.md") if isinstance(step, File)}
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def reading(folder: Path, **other: str) -> Reader:
    """A reader whose `pip` builds the package and installs it beside the tests' own environment, without a network."""
    site = folder / "site"
    offline = f"{sys.executable} -m pip install --quiet --no-index --no-deps --no-build-isolation --target {site} ."
    reader = Reader(folder, **{INSTALL: offline, **other})
    reader.environ["PYTHONPATH"] = str(site)
    return reader


def lines_of_code(text: str) -> int:
    """Lines that hold something else than a comment or a docstring."""
    places = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    ]
    docstrings = [node.body[0] for node in places if ast.get_docstring(node)]
    said = {line for one in docstrings for line in range(one.lineno, (one.end_lineno or one.lineno) + 1)}
    found = [one for one in tokenize.generate_tokens(io.StringIO(text).readline) if one.type not in NO_CODE]
    return len({line for one in found for line in range(one.start[0], one.end[0] + 1)} - said)


@pytest.mark.timeout(300)
def test_the_provider_of_the_page_passes_the_contract_and_dials_to_a_reference(tmp_path: Path) -> None:
    with reading(tmp_path, _18081=free_port()) as reader:
        reader.follow("adding.md")
    said = reader.said
    assert re.search(r"\b\d+ passed", said["pytest"])
    assert "failed" not in said["pytest"]
    assert "no faults" in said["ussd-engine check"]
    (asked,) = [text for line, text in said.items() if line.startswith("curl")]
    assert asked.startswith("CON ")
    *_, dialled = [text for line, text in said.items() if line.startswith("ussd-engine dial")]
    assert "Namba: " in dialled


@pytest.mark.parametrize("text", [PAGE["acme.py"], (OUTSIDE / "zonda.py").read_text()], ids=["acme", "zonda"])
def test_a_provider_is_no_longer_than_a_screenful(text: str) -> None:
    assert 20 < lines_of_code(text) <= MOST_LINES


def test_the_package_of_another_provider_is_as_the_page_says() -> None:
    assert sorted(file.name for file in OUTSIDE.iterdir() if file.is_file()) == sorted(
        name.replace("acme", "zonda") for name in PAGE if name != "ussd-engine.toml"
    )
    for name in ("pyproject.toml", "test_acme.py"):
        expected = PAGE[name].replace("acme", "zonda").replace("Acme", "Zonda")
        assert (OUTSIDE / name.replace("acme", "zonda")).read_text() == expected


@pytest.fixture
def ruritania(tmp_path: Path) -> Iterator[Reader]:
    """A folder with the package of another country's provider, and settings that name it; nothing is installed yet."""
    folder = shutil.copytree(OUTSIDE, tmp_path / "zonda", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "ussd-engine.toml").write_text(
        f'menus = "{SECOND}"\nlocales = "{tmp_path}"\ncountry = "{SECOND}/countries/ruritania.yaml"\n'
        f'host = "127.0.0.1"\nport = {free_port()}\n[codes]\n"*77#" = "voz"\n[channels]\nzonda = "{TOKEN}"\n',
        encoding="utf-8",
    )
    with reading(tmp_path) as reader:
        reader.folder = folder
        yield reader


@pytest.mark.timeout(300)
def test_a_package_outside_is_found_by_name_once_it_is_installed(ruritania: Reader) -> None:
    def said(line: str, fails: bool = False) -> str:
        return ruritania.type(Typed(line, fails))

    assert "channels: a channel that does not exist; there are africastalking, " in said(
        "ussd-engine check", fails=True
    )
    said(INSTALL)
    assert "no faults" in said("ussd-engine check")
    dial = f"ussd-engine dial '*77#' {shlex.join(COMPLAINT)} --msisdn 8500001 --provider zonda"
    address = said("ussd-engine serve &").split()[-1]
    for line in (dial, f"{dial} --url {address} --token {TOKEN}"):
        assert re.search(r"^  Obrigado\. Numero: \d{9}$", said(line), re.MULTILINE)
    assert "1 as written, 0 not" in said(
        f"ussd-engine replay --twice --provider zonda {SECOND / 'voz' / 'transcripts'}"
    )


@pytest.mark.timeout(300)
def test_the_simulator_takes_a_provider_of_a_package_outside(ruritania: Reader) -> None:
    ruritania.type(Typed(INSTALL, fails=False))
    words = ["ussd-engine", "simulate", "--web", "--port", "0", "--provider", "zonda", "--msisdn", "8500001"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=ruritania.folder, env=ruritania.environ, text=True, stdout=pipe) as phone:
        assert phone.stdout
        assert phone.stdout.readline().startswith("The phone is at http://127.0.0.1:")
        phone.send_signal(signal.SIGINT)
        assert phone.wait(timeout=30) == 0
