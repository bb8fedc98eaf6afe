"""A Redis of the test's own, which also writes its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.redis_server import RedisServer

KEEPS = {"appendonly": "yes", "maxmemory-policy": "noeviction"}
"""All that it is given, as in production."""


@pytest.fixture
def redis_folder(tmp_path: Path) -> Path:
    """Where the Redis writes."""
    folder = tmp_path / "redis"
    folder.mkdir()
    return folder


@pytest.fixture
def redis_url(redis_folder: Path) -> Iterator[str]:
    """Its address."""
    with RedisServer(redis_folder, **KEEPS) as redis:
        yield redis.url
