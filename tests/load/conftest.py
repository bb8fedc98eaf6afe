"""A Redis of the test's own, which also writes its file."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def redis_folder(tmp_path: Path) -> Path:
    """Where the Redis writes."""
    folder = tmp_path / "redis"
    folder.mkdir()
    return folder


@pytest.fixture
def redis_url(redis_folder: Path) -> Iterator[str]:
    """Its address. It keeps all that it is given, as in production."""
    port = free_port()
    where = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(redis_folder)]
    keeps = ["--save", "", "--appendonly", "yes", "--maxmemory-policy", "noeviction"]
    try:
        process = subprocess.Popen(
            ["redis-server", *where, *keeps], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except FileNotFoundError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("no redis-server on this machine")
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "Ready to accept connections" in line:
                break
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate()
