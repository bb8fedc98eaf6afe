"""The network of one's own: which hosts may be told numbers and texts without TLS."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

OWN: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "127.0.0.0/8",
            "::1/128",
            "10.0.0.0/8",  # RFC 1918
            "172.16.0.0/12",
            "192.168.0.0/16",
            "fc00::/7",  # RFC 4193
            "169.254.0.0/16",  # RFC 3927
            "fe80::/10",  # RFC 4291
        ),
    )
)
"""Loopback, private, of one link. Python's `is_private` holds addresses for documentation and benchmarks too, and not
the same ones in every release."""

_LABEL = re.compile(r"[A-Za-z0-9_-]+")


def is_ours(host: str) -> bool:
    """Whether a host of a setting stands in the operator's own network: an address of `OWN`, or a name without a dot.

    A name with a dot may lead anywhere tomorrow.
    """
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return _LABEL.fullmatch(host) is not None
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in network for network in OWN)
