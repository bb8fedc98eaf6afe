"""The port on which the gateway listens: one process has it alone, workers share it."""

from __future__ import annotations

import socket
from typing import Final

from ussd_engine.config import Config
from ussd_engine.errors import EngineError

BACKLOG: Final = 2048
"""Connections that wait to be taken. With the usual 128 half a thousand dials at once wait for seconds."""


def listen(config: Config) -> socket.socket:
    """The socket of this process: every worker opens one more on the same port."""
    if config.workers > 1:
        # Two gateways that both share their port would share it with each other: nobody else may have it.
        bind(config, shared=False).close()
    return bind(config, shared=config.workers > 1)


def bind(config: Config, shared: bool) -> socket.socket:
    """A socket on the port; `shared`: others may open it too. Raises `EngineError` where it is in use."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        found.bind((config.host, config.port))
        if not shared:
            found.listen(BACKLOG)
    except OSError as error:
        found.close()
        raise EngineError(f"{config.host}:{config.port}: {error.strerror}. Name another with --port") from None
    return found


def address_of(found: socket.socket) -> str:
    """The URL at which a socket is reached."""
    host, port = found.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
