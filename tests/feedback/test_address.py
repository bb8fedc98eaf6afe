"""Where a core may stand, and where it may not be turned to."""

import ipaddress
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from ussd_engine.errors import ConfigError, DeliveryError
from ussd_engine.feedback import Surroundings, address, open_feedback
from ussd_engine.feedback.address import Lookup, may_stand, parse
from ussd_engine.keys import Keyring
from ussd_engine.ledger.schema import connect
from ussd_engine.testing.feedback_contract import submission
from ussd_engine.testing.specimens import DAY, StoppedClock

INSIDE = (ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("fd00:20::/32"))
PUBLIC = ("1.1.1.1", "197.149.0.1", "2606:4700::1111", "::ffff:1.1.1.1")
LISTED = ("10.20.0.1", "fd00:20::1", "::ffff:10.20.0.1")
PRIVATE = (
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "192.0.2.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "fc00::1",
    "fe80::1",
    "ff02::1",
    "fec0::1",
    "feff:ffff::1",
    "::10.0.0.1",
    "::1.1.1.1",
    "::ffff:10.0.0.1",
    "::ffff:a00:1",
    "::ffff:172.16.0.1",
    "::ffff:192.168.1.1",
    "::ffff:100.64.0.1",
    "::ffff:0:a00:1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
)
LOOPBACK = ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1")


@pytest.mark.parametrize("text", [*PUBLIC, *LISTED, *PRIVATE, *LOOPBACK])
def test_a_core_stands_on_the_public_net_or_where_the_settings_say(text: str) -> None:
    found = ipaddress.ip_address(text)
    assert may_stand(found, INSIDE, local=False) == (text in (*PUBLIC, *LISTED))
    assert may_stand(found, (), local=False) == (text in PUBLIC)
    assert may_stand(found, (), local=True) == (text in LOOPBACK)


def test_loopback_is_never_opened_by_a_network() -> None:
    every = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
    assert not any(may_stand(ipaddress.ip_address(text), every, local=False) for text in LOOPBACK)


@pytest.mark.parametrize(
    ("setting", "production", "message"),
    [
        ("webhook+https://core.example.org/hook?t=1", True, ""),
        ("webhook+https://1.1.1.1/", True, ""),
        ("webhook+https://10.20.0.1/", True, ""),
        ("webhook+http://127.0.0.1:8090/", False, ""),
        ("webhook+http://localhost:8090/", False, ""),
        ("webhook+https://[::1]/", False, ""),
        ("webhook+http://127.0.0.1:8090/", True, "in production"),
        ("webhook+https://localhost/", True, "in production"),
        ("webhook+http://core.example.org/", False, "without TLS"),
        ("webhook+http://10.20.0.1/", False, "without TLS"),
        ("webhook+https://10.0.0.1/", False, "is private"),
        ("webhook+https://[::ffff:10.0.0.1]/", False, "is private"),
        ("webhook+https://[::10.0.0.1]/", False, "is private"),
        ("webhook+https://[fec0::1]/", False, "is private"),
        ("webhook+https://169.254.169.254/", True, "is private"),
        ("webhook+ftp://core.example.org/", False, "with its address"),
        ("webhook+https:///hook", False, "with its address"),
        ("webhook", False, "with its address"),
        ("webhook+https://core.example.org:port/", False, "is none"),
    ],
)
def test_a_setting_is_judged_at_the_start(setting: str, production: bool, message: str) -> None:
    if not message:
        assert str(parse(setting, production=production, allow=INSIDE)) == setting.removeprefix("webhook+")
        return
    with pytest.raises(ConfigError, match=message):
        parse(setting, production=production, allow=INSIDE)


class Names(AbstractResolver):
    """Gives what it was told to give."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        self.asked.append(host)
        plain = {"hostname": host, "port": port, "family": family, "proto": 0, "flags": 0}
        return [ResolveResult(**plain, host=address) for address in self.addresses]  # type: ignore[typeddict-item]

    async def close(self) -> None:
        return None


async def test_a_name_may_not_lead_inside() -> None:
    found = await Lookup(INSIDE, Names("10.0.0.1", "1.1.1.1", "fe80::1%eth0", "10.20.0.9")).resolve("core.example.org")
    assert [one["host"] for one in found] == ["1.1.1.1", "10.20.0.9"]
    for addresses in (("10.0.0.1",), ("127.0.0.1",), ()):
        with pytest.raises(OSError, match="no address where a core may stand"):
            await Lookup(INSIDE, Names(*addresses)).resolve("core.example.org")


async def test_this_machine_is_no_other() -> None:
    found = await Lookup((), Names("1.1.1.1", "127.0.0.1")).resolve("localhost")
    assert [one["host"] for one in found] == ["127.0.0.1"]


async def test_a_store_asks_it_and_goes_nowhere_else(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names("10.0.0.1", "127.0.0.1")
    monkeypatch.setattr(address, "ThreadedResolver", lambda: names)
    database = connect(sqlite_url)
    secrets = {"secrets": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"}
    surroundings = Surroundings(database, Keyring.random(DAY), StoppedClock(), secrets)
    store = await open_feedback("webhook+https://core.example.org/hook", surroundings)
    with pytest.raises(DeliveryError, match="was not reached"):
        await store.submit(submission())
    assert names.asked == ["core.example.org"]
    await store.close()
    await database.close()
