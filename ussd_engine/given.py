"""What a process was told of its settings: by its environment, and by the file that this names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ussd_engine.errors import ConfigError, did_you_mean

PREFIX = "USSD_ENGINE_"
FILE = f"{PREFIX}CONFIG"
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_BEGINS = re.compile(r"""\s*(\[{0,2})\s*["']?([\w-]+)""")
USUAL = "ussd-engine.toml"
"""Read where no file is named, and this one lies in the working folder."""


def read_given(environ: Mapping[str, str], known: Collection[str]) -> tuple[dict[str, tuple[object, str]], list[str]]:
    """What file and environment say, by setting, with its source; and what is no setting. Raises `ConfigError`."""
    given: dict[str, tuple[object, str]] = {}
    faults = []
    for source, name, value in (*_from_file(environ.get(FILE, "") or _usual()), *_from_environment(environ)):
        if name in known:
            given[name] = (value, source)
        else:
            faults.append(f"{place(name, source)}: no such setting{did_you_mean(name, known)}")
    return given, faults


def place(name: str, source: str) -> str:
    """Where a setting stands, for who has to mend it."""
    return f"{PREFIX}{name.upper()}" if source in ("environment", "default") else f"{source}: {name}"


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, str, object]]:
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable != FILE and environ[variable].strip():
            yield "environment", variable.removeprefix(PREFIX).lower(), environ[variable].strip()


def _usual() -> str:
    return USUAL if Path(USUAL).is_file() else ""


def _from_file(name: str) -> Iterator[tuple[str, str, object]]:
    if not name:
        return
    try:
        text = Path(name).read_bytes().decode()
        table = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{FILE}: {name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{name}:{line}: is not TOML: a character that is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_not_toml(name, text, str(error))) from None
    lines = _lines(text)
    for key, value in table.items():
        yield f"{name}:{lines[key]}" if key in lines else name, key, value


def _not_toml(name: str, text: str, problem: str) -> str:
    """Where a file is no TOML; what stands there may be a secret, and so is not told."""
    found = _PLACE.search(problem)
    line, column = (int(found[1]), int(found[2])) if found else (text.count("\n") + 1, 1)
    way_out = "a text stands in quotes, a key before its =, a table in [brackets] once"
    return f"{name}:{line}: is not TOML from column {column} on: {way_out}"


def _lines(text: str) -> dict[str, int]:
    """By setting the line on which it begins: with its key, or with its table."""
    lines: dict[str, int] = {}
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if found := _BEGINS.match(line):
            table, key = found.groups()
            inside = inside or bool(table)
            if table or not inside:
                lines.setdefault(key, number)
    return lines
