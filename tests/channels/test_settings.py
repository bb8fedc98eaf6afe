"""What a channel's settings may say, and how it answers to what they may not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ussd_engine.channels import CHANNELS, create
from ussd_engine.channels.base import Kind, Posting, path
from ussd_engine.cli import cli
from ussd_engine.config import load
from ussd_engine.errors import ConfigError
from ussd_engine.secret import Secret
from ussd_engine.testing.channel_contract import START, settings

ONE_SCREEN = """
service: one
language: sw
start: ask
keys: {back: 0. Rudi, more: 98. Zaidi, home: "00"}
tries: 3
too_many: over
system: {fault: over, old: over, busy: over, maint: over}
errors: {choice: Chaguo si sahihi., empty: Hujaandika kitu.}
screens:
  ask: {menu: Huduma, go: {1. Maliza: over}}
  over: {end: Huduma hii imekwisha sasa.}
"""

REFUSED = [
    ({"hold": 1}, 'setting "hold" does not exist (did you mean "hold_s"?)'),
    ({"hold_s": "soon"}, 'setting "hold_s": expected a number'),
    ({"code": "Karibu"}, "not a code that can be dialled"),
    ({"con": "CON"}, "con: write {text} where the screen goes"),
    ({"fields": {"new": ""}}, 'fields: "new" needs a name'),
    ({"fields": {"dialogue": "", "new": "n"}}, 'fields: "dialogue" needs a name'),
    ({"fields": {"sesion": "x"}}, "sesion"),
    ({"input": "both"}, "input"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_a_setting_that_cannot_be_used_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        create(settings("generic", **options))
    assert str(refusal.value).startswith('channel "generic": ')
    assert message in str(refusal.value)


def test_a_channel_that_does_not_exist_has_a_likely_name() -> None:
    with pytest.raises(ConfigError, match=r'did you mean "africastalking"'):
        create(settings("africatalking"))


def test_the_profile_is_made_of_settings() -> None:
    profile = create(settings("generic", septets=182, repeat_window_s="2.5", code="152*00")).profile
    assert (profile.septets, profile.repeat_window_s, profile.code) == (182, 2.5, "*152*00#")


def test_a_cumulative_text_needs_no_hold_unless_it_is_set() -> None:
    assert create(settings("generic")).profile.hold_s == 6
    assert create(settings("generic", input="cumulative")).profile.hold_s == 0
    assert create(settings("generic", input="cumulative", hold_s=3)).profile.hold_s == 3


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_check_proves_menus_on_every_channel_that_is_served(name: str, tmp_path: Path) -> None:
    menu = tmp_path / "one.yaml"
    menu.write_text(ONE_SCREEN)
    environ = {"USSD_ENGINE_CHANNEL_SETTINGS": json.dumps({name: {"septets": 25}})}
    ran = CliRunner().invoke(cli, ["check", str(menu)], env=environ, standalone_mode=False)
    assert ran.return_value == 1
    assert f"26 of 25 septets with the longest values ({name})" in ran.output


def test_the_page_of_channels_tells_their_profiles() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "channels.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \|((?: [0-9?]+ \|){6}) [a-z ]+ \|$", page, re.MULTILINE))
    assert rows == {name: "".join(f" {one} |" for one in _shown(name)) for name in sorted(CHANNELS)}
    assert [name for name in CHANNELS if f"\n## `{name}`\n" not in page] == []


def _shown(name: str) -> Iterator[str]:
    profile = create(settings(name)).profile
    yield from (f"{profile.septets}", f"{profile.units}")
    yield from (f"{seconds:g}" if seconds else "?" for seconds in (profile.session_s, profile.reply_s))
    yield from (f"{profile.repeat_window_s:g}", f"{profile.hold_s:g}")


OWN = [
    ("beem", {"legs": "none"}, "legs"),
    ("restcomm", {"gsm7": "x"}, "gsm7"),
    ("tigo", {"names": "c"}, "names"),
    ("airtel", {"envelope": "xml"}, "envelope"),
    ("airtel", {"userid": "u"}, "userid and password go together"),
    ("halotel", {"url": "halotel.example"}, "url: expected http:// or https:// and a host"),
    (
        "halotel",
        {"url": "http://u:p@halotel.example"},
        "url: expected http:// or https:// and a host, nobody before it",
    ),
    (
        "halotel",
        {"url": "http://halotel.example/ussdgw"},
        "url: expected https://; without TLS only a host of your own",
    ),
    ("halotel", {"url": "http://halotel.example", "tunnel": False}, "one at the end of a tunnel"),
    ("halotel", {"password": 1}, 'setting "password": expected a text'),
    ("smpp", {"layout": "7d"}, 'setting "layout": expected one of standard, 6d, mica'),
    ("truroute", {"names": "a"}, 'setting "names" does not exist'),
]


@pytest.mark.parametrize(("name", "options", "message"), OWN)
def test_a_setting_of_one_provider_that_cannot_be_used_is_named(
    name: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        create(settings(name, **options))
    assert str(refusal.value).startswith(f'channel "{name}": ')
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"url": "http://localhost:8081/ussdgw"},
        {"url": "http://[::1]:8081/ussdgw"},
        {"url": "http://10.0.0.1/ussdgw"},
        {"url": "http://ussdgw/"},
        {"url": "https://halotel.example/ussdgw"},
        {"url": "http://halotel.example/ussdgw", "tunnel": True},
    ],
)
def test_screens_are_posted_in_clear_within_our_own_network_alone(options: dict[str, Any]) -> None:
    channel = create(settings("halotel", **options))
    assert isinstance(channel, Posting)
    assert channel.url == options.get("url", "http://127.0.0.1:8081/halotel")


def test_production_wants_to_be_told_where_screens_are_posted() -> None:
    token = "0123456789abcdef0123456789abcdef"
    given = {"ENV": "production", "KEYS": "keys.json", "CHANNELS": f"halotel:{token}"}
    environ = {f"USSD_ENGINE_{name}": value for name, value in given.items()}
    with pytest.raises(ConfigError, match='channel "halotel": production needs "url"'):
        load(environ)
    known = {"USSD_ENGINE_CHANNEL_SETTINGS": '{"halotel": {"url": "http://10.0.0.1/ussdgw"}}'}
    assert load({**environ, **known}).ussd_channels[0].name == "halotel"


def test_a_password_may_be_hidden_already() -> None:
    channel = create(settings("airtel", userid="u", password=Secret("p")))
    assert "password=p" in channel.build(START).query


def test_addresses_are_as_documented() -> None:
    assert path("beem") == "/ussd/beem"
    assert path("beem", token="t") == "/ussd/beem/t"
    assert path("beem", Kind.EVENTS, "t") == "/ussd/beem/events/t"
