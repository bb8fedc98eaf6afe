"""A PostgreSQL cluster in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from tests.servers.process import ServerProcess, free_port

PLACES = "/usr/lib/postgresql"
"""Where distributions keep the servers' binaries, a folder a version, outside the path."""
ACCOUNT = "postgres"
READY = "database system is ready to accept connections"


def binaries() -> Path | None:
    """The folder of the newest server's binaries."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = sorted(Path(PLACES).glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


def _account() -> dict[str, Any]:
    """Root may not run a server: whom to run it as, as arguments of `Popen`."""
    if os.getuid() != 0:
        return {}
    found = pwd.getpwnam(ACCOUNT)
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


class PostgresServer:
    """One server; its port and its files outlive its process."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"postgresql://{ACCOUNT}@127.0.0.1:{self.port}/postgres"
        self._process: ServerProcess | None = None

    def __enter__(self) -> PostgresServer:
        found = binaries()
        if found is None:
            if os.environ.get("CI") == "true":
                pytest.fail("no PostgreSQL server on this machine")
            pytest.skip("no PostgreSQL server on this machine")
        self._binaries, self._as = found, _account()
        # Not below the tests' own folder: the server's account may not look into it.
        self._folder = Path(tempfile.mkdtemp(prefix="ussd-engine-postgres-"))
        if self._as:
            os.chown(self._folder, self._as["user"], self._as["group"])
        options = ["--auth", "trust", "--username", ACCOUNT, "--no-sync", "--locale", "C", "--encoding", "UTF8"]
        self._run("initdb", "--pgdata", str(self._folder / "data"), *options)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.crash()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Start, and return when it takes connections, whatever it had to recover."""
        settings = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": ""}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        server = [str(self._binaries / "postgres"), "-D", str(self._folder / "data")]
        self._process = ServerProcess([*server, *words], READY, cwd=self._folder, **self._as)

    def crash(self) -> None:
        """End at once, as `pg_ctl stop -m immediate`: every connection is lost, and the next start recovers."""
        process, self._process = self._process, None
        if process is not None:
            process.end(signal.SIGQUIT)

    def _run(self, command: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._binaries / command), *arguments], check=True, capture_output=True, cwd=self._folder, **self._as
        )
