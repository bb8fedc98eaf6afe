"""Which hosts are of one's own network, whatever release of Python reads their addresses."""

from __future__ import annotations

import pytest

from ussd_engine.network import is_ours


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "kannel",
        "ussd_gw-1",
        "127.0.0.1",
        "127.8.8.8",
        "::1",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.7.7",
        "fd00::1",
        "fe80::1",
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
    ],
)
def test_a_private_address_and_a_name_without_a_dot_are_ours(host: str) -> None:
    assert is_ours(host)


@pytest.mark.parametrize(
    "host",
    [
        "smsc.example.org",
        "localhost.",
        "",
        "172.15.255.255",
        "172.32.0.1",
        "192.169.0.1",
        "8.8.8.8",
        "::ffff:8.8.8.8",
        "2001:db8::7",
        # for documentation, for benchmarks, of carriers: nobody's own, and Python calls some of them private
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "100.64.0.1",
        "240.0.0.1",
        "0.0.0.0",
        "10.1",
    ],
)
def test_what_others_may_hold_is_not(host: str) -> None:
    assert not is_ours(host)
