"""Whose bind it is, to where, and how it behaves."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, Protocol
from urllib.parse import urlsplit

import msgspec

from ussd_engine.network import is_ours
from ussd_engine.secret import Secret

PORTS: Final = {"smpp": 2775, "smpps": 3550}
VERSIONS: Final = {"3.4": 0x34, "5.0": 0x50}

Version = Literal["3.4", "5.0"]


class Options(Protocol):
    """What of a channel's settings makes a bind, under the same names on both its sides."""

    @property
    def url(self) -> str: ...
    @property
    def system_id(self) -> str: ...
    @property
    def password(self) -> Secret: ...
    @property
    def system_type(self) -> str: ...
    @property
    def version(self) -> Version: ...
    @property
    def window(self) -> int: ...
    @property
    def connect_s(self) -> float: ...
    @property
    def answer_s(self) -> float: ...
    @property
    def enquire_s(self) -> float: ...
    @property
    def ca(self) -> str: ...
    @property
    def tunnel(self) -> bool: ...


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds."""

    host: str
    port: int
    tls: bool
    system_id: str
    password: Secret
    system_type: str = ""
    version: int = VERSIONS["3.4"]
    window: int = 10
    """Messages that are under way at once, without an answer."""
    connect_s: float = 5.0
    answer_s: float = 10.0
    """How long an answer may take."""
    enquire_s: float = 30.0
    """After how long a silence the line is asked whether it stands."""
    ca: str = ""
    """A file of certificates that are trusted besides the machine's own; empty: none."""


def account(options: Options) -> Account:
    """The bind that settings describe. Raises `ValueError` with words for an operator."""
    try:
        parts = urlsplit(options.url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.scheme not in PORTS or parts.path.strip("/") or parts.username or parts.query:
        raise ValueError("url: expected smpps://HOST:PORT, or smpp://HOST:PORT")
    if parts.scheme == "smpp" and not options.tunnel and not is_ours(host):
        raise ValueError(
            "url: expected smpps://; without TLS only a host of your own network may be named, or one at the end of a "
            "tunnel, which tunnel = true says"
        )
    for name, most in (("system_id", 15), ("password", 8), ("system_type", 12)):
        value = getattr(options, name)
        if len(value.reveal() if isinstance(value, Secret) else value) > most:
            raise ValueError(f"{name}: SMPP has room for {most} characters")
    if options.ca and not Path(options.ca).is_file():
        raise ValueError(f"ca: there is no file {options.ca}")
    return Account(
        host=host,
        port=port or PORTS[parts.scheme],
        tls=parts.scheme == "smpps",
        system_id=options.system_id,
        password=options.password,
        system_type=options.system_type,
        version=VERSIONS[options.version],
        window=options.window,
        connect_s=options.connect_s,
        answer_s=options.answer_s,
        enquire_s=options.enquire_s,
        ca=options.ca,
    )
