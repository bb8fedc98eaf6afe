"""Where a core may stand: on the public net, in a network that the settings name, or, to try things out, right here.

Names are looked up by us, for each connection, and what they lead to is judged then: a name that was public when the
gateway started may not be turned on the inside of the operator's network later.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import Final, NamedTuple

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from ussd_engine.errors import ConfigError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOCALHOST: Final = "localhost"
_CARRIERS: Final = tuple(
    map(
        ipaddress.IPv6Network,
        ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"),
    )
)
"""Addresses of IPv6 that lead on to one of IPv4, which may be private. Mapped ones are judged as what they map."""
_SITE: Final = ipaddress.IPv6Network("fec0::/10")
"""Private once, by RFC 3513; RFC 3879 gave it up, and sites have it still. Python counts it as global."""


class Whom(NamedTuple):
    """Whose address it is, in the words of its faults."""

    place: str
    """Where the settings have it."""
    who: str
    example: str
    allow: str
    """The setting that names private networks."""


CORE: Final = Whom("feedback", "core", "webhook+https://core.example.org/feedback", "`allow` in feedback_settings")


def parse(setting: str, *, production: bool, allow: Sequence[Network], whom: Whom = CORE) -> URL:
    """The address of a core, from `NAME+https://…`. `ConfigError` where none may stand there."""
    _, _, text = setting.partition("+")
    place, who, example, names = whom
    try:
        url = URL(text)
        host = url.host or ""
    except ValueError:
        raise ConfigError(f"{place}: the {who}'s address is none") from None
    if url.scheme not in ("https", "http") or not host:
        raise ConfigError(f"{place}: the {who} is set with its address, as {example}")
    if is_local(host) and production:
        raise ConfigError(f"{place}: in production the {who} stands on no loopback address")
    if url.scheme == "http" and not is_local(host):
        raise ConfigError(f"{place}: without TLS the {who} may stand on a loopback address alone, to try things out")
    literal = _address(host)
    if literal is not None and not may_stand(literal, allow, local=is_local(host)):
        raise ConfigError(f"{place}: the {who}'s address is private; {names} names its network")
    return url


def is_local(host: str) -> bool:
    """Whether a setting names this machine."""
    address = _address(host)
    return host.lower() == LOCALHOST if address is None else address.is_loopback


def may_stand(address: Address, allow: Sequence[Network], *, local: bool) -> bool:
    """Whether a core may have an address. `local`: this machine is meant, and nothing else is."""
    plain = getattr(address, "ipv4_mapped", None) or address
    if local or plain.is_loopback:
        return local and plain.is_loopback
    if any(plain in network for network in allow):
        return True
    return plain.is_global and not plain.is_multicast and not any(plain in barred for barred in (*_CARRIERS, _SITE))


class Lookup(AbstractResolver):
    """Looks a name up and passes over the addresses where no core may stand."""

    def __init__(self, allow: Sequence[Network], resolver: AbstractResolver | None = None) -> None:
        self._allow = tuple(allow)
        self._resolver = resolver or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses behind a name; `OSError` where none may be used."""
        found = await self._resolver.resolve(host, port, family)
        usable = [one for one in found if self._usable(host, one["host"])]
        if not usable:
            raise OSError("the core's name leads to no address where a core may stand")
        return usable

    async def close(self) -> None:
        """Give the resolver back."""
        await self._resolver.close()

    def _usable(self, host: str, text: str) -> bool:
        address = _address(text)
        return address is not None and may_stand(address, self._allow, local=is_local(host))


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
