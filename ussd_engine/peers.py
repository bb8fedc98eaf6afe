"""From which addresses callbacks are taken."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from aiohttp import web

from ussd_engine.readers import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Peers:
    """An allow-list on the socket's address. `X-Forwarded-For` is believed from a configured proxy alone, from the
    right."""

    def __init__(self, allowed: Sequence[Network], proxies: Sequence[Network]) -> None:
        self._allowed = tuple(allowed)
        self._proxies = tuple(proxies)

    def allow(self, request: web.Request) -> bool:
        """Whether the request comes from where callbacks may come."""
        if not self._allowed:
            return True
        address = self._origin(request)
        return address is not None and any(address in network for network in self._allowed)

    def _origin(self, request: web.Request) -> Address | None:
        address = _address(request.remote or "")
        hops = [hop for header in request.headers.getall("X-Forwarded-For", []) for hop in header.split(",")]
        while address is not None and hops and any(address in proxy for proxy in self._proxies):
            address = _address(hops.pop().strip())
        return address


def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    # A socket that listens on IPv6 shows callers of IPv4 so.
    return getattr(found, "ipv4_mapped", None) or found
