"""What a process was told of its settings: by its environment, and by the file that this names."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ussd_engine.errors import ConfigError, did_you_mean

PREFIX = "USSD_ENGINE_"
FILE = f"{PREFIX}CONFIG"
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
        table = tomllib.loads(Path(name).read_bytes().decode())
    except OSError as error:
        raise ConfigError(f"{FILE}: {name} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"{FILE}: {name} is not TOML") from None
    for key, value in table.items():
        yield name, key, value
