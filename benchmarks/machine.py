"""What a figure depends on beside the code: the machine, and the versions of everything under it."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.servers import ROOT

LIBRARIES = (
    "aiohttp",
    "redis",
    "hiredis",
    "msgspec",
    "transitions",
    "SQLAlchemy",
    "cryptography",
    "PyNaCl",
    "structlog",
)


def facts(folder: Path) -> dict[str, object]:
    """The facts of this machine now. `folder` is where the ledger is written."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load_before": [round(each, 2) for each in os.getloadavg()],
        "system": f"{platform.system()} {platform.release()}",
        "filesystem": filesystem(folder),
        "python": platform.python_version(),
        "redis_server": _said("redis-server", "--version", pattern=r"v=(\S+)"),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in LIBRARIES},
    }


def filesystem(folder: Path) -> str:
    """The type of the file system on which `folder` lies; on `tmpfs` a commit waits for no disk."""
    found = _said("stat", "--file-system", "--format=%T", str(folder))
    return found or "unknown"


def _commit() -> str:
    commit = _said("git", "-C", str(ROOT), "rev-parse", "HEAD")
    changed = _said("git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no")
    return (commit or "unknown") + (", with changes" if changed else "")


def _cpu() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _said(*command: str, pattern: str = r"(?s)(.*)") -> str:
    """What a program says of itself; empty where there is none."""
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    said = re.search(pattern, found.stdout.strip()) if found.returncode == 0 else None
    return said[1] if said else ""
