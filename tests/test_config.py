"""Settings: what they may say, what is printed of them, and what does not go together."""

from __future__ import annotations

import ipaddress
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from ussd_engine.channels import CHANNELS, create
from ussd_engine.channels.base import Settings
from ussd_engine.channels.generic import Generic
from ussd_engine.cli import cli
from ussd_engine.config import Config, checked, load, open_channel, settings
from ussd_engine.errors import ConfigError
from ussd_engine.openings import TOKEN_BITS
from ussd_engine.readers import ChannelConfig, token_bits
from ussd_engine.secret import Secret, Url
from ussd_engine.testing import channel_contract

TOKEN = "0123456789abcdef0123456789abcdef"
PRODUCTION = {"USSD_ENGINE_ENV": "production", "USSD_ENGINE_KEYS": "/run/keys.json"}


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as error:
        load(environ)
    return str(error.value)


class Keyed(Generic):
    """A channel that takes a key of its own besides."""

    def __init__(self, settings: Settings) -> None:
        others = {name: value for name, value in settings.options.items() if name != "api_key"}
        super().__init__(msgspec.structs.replace(settings, options=others))


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHANNELS, "generic", Keyed)


def one(name: str, value: str) -> object:
    return getattr(load({f"USSD_ENGINE_{name}": value}), name.lower())


def test_with_nothing_set_everything_is_embedded() -> None:
    config = load({})
    assert config.sessions == Url("memory://")
    assert config.database == Url("sqlite:///var/ussd-engine.db")
    assert config.feedback == Url("sql")
    assert config.codes == {"*152*00#": "gmp"}
    assert {channel.name for channel in config.channels} >= set(CHANNELS)
    assert (config.turns_at_once, config.steps_a_minute, config.dials_a_day) == (600, 30, 30)
    assert (config.host, config.port, config.role, config.workers) == ("127.0.0.1", 8080, "all", 1)


def test_menus_are_found_beside_the_package() -> None:
    config = load({})
    assert (config.menus / "gmp.yaml").is_file()
    assert config.country.is_file()
    assert config.locales.parent == config.menus.parent


def test_what_is_made_at_run_time_follows_var() -> None:
    config = load({"USSD_ENGINE_VAR": "/srv/ussd"})
    assert config.database == Url("sqlite:////srv/ussd/ussd-engine.db")
    assert config.keys == Path("/srv/ussd/keys.json")


def test_the_country_follows_the_menus() -> None:
    assert load({"USSD_ENGINE_MENUS": "/srv/menus"}).country == Path("/srv/menus/countries/tanzania.yaml")


def test_the_environment_stands_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    file = tmp_path / "ussd.toml"
    file.write_text('port = 9000\nhost = "0.0.0.0"\n[codes]\n"*150*00#" = "root"\n')
    config = load({"USSD_ENGINE_CONFIG": str(file), "USSD_ENGINE_PORT": "9001"})
    assert (config.port, config.host, config.codes) == (9001, "0.0.0.0", {"*150*00#": "root"})
    sources = {row.name: row.source for row in config.describe()}
    assert sources["USSD_ENGINE_PORT"] == "environment"
    assert sources["USSD_ENGINE_HOST"] == f"{file}:2"
    assert sources["USSD_ENGINE_CODES"] == f"{file}:3"
    assert sources["USSD_ENGINE_ROLE"] == "default"


@pytest.mark.usefixtures("keyed")
def test_a_file_says_channels_as_tables(tmp_path: Path) -> None:
    file = tmp_path / "ussd.toml"
    file.write_text(
        f'[channels]\nafricastalking = ["{TOKEN}"]\ngeneric = []\n'
        '[channel_settings.generic]\nhold_s = 3\napi_key = "k"\n'
    )
    config = load({"USSD_ENGINE_CONFIG": str(file)})
    assert config.channels == (ChannelConfig("africastalking", (Secret(TOKEN),)), ChannelConfig("generic"))
    assert config.channel_settings == {"generic": {"hold_s": 3, "api_key": Secret("k")}}


def test_an_empty_variable_is_unset() -> None:
    assert load({"USSD_ENGINE_PORT": " "}).port == 8080


def test_the_environment_of_others_is_not_ours() -> None:
    assert load({"USSD_ENGINES": "x", "PORT": "1"}).port == 8080


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("CODES", "*152*00#=gmp  *150#=other", {"*152*00#": "gmp", "*150#": "other"}),
        ("CORE_WANTS", "place, date", frozenset({"place", "date"})),
        ("DEADLINE_S", "2.5", 2.5),
        ("WORKERS", "1", 1),
        ("STEPS_A_MINUTE", "0", 0),
        (
            "PEERS",
            "192.0.2.0/24 2001:db8::1",
            (ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network("2001:db8::1")),
        ),
        ("CHANNELS", f"generic:{TOKEN},abc", (ChannelConfig("generic", (Secret(TOKEN), Secret("abc"))),)),
        ("CHANNEL_SETTINGS", '{"generic": {"code": "152*00"}}', {"generic": {"code": "152*00"}}),
    ],
)
def test_a_variable_is_read_as_its_type(name: str, value: str, read: object) -> None:
    assert one(name, value) == read


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PORT", "80800", "expected a whole number from 0 to 65535"),
        ("PORT", "٨٠", "expected a whole number from 0 to 65535"),
        ("WORKERS", "0", "expected a whole number from 1 to 256"),
        ("DEADLINE_S", "soon", "expected seconds, from 0.5 to 10"),
        ("DEADLINE_S", "nan", "expected seconds, from 0.5 to 10"),
        ("ROLE", "boss", "expected one of all, ussd, worker"),
        ("TURNS_AT_ONCE", "0", "expected a whole number from 1 to 100000"),
        ("CORE_WANTS", "place,colour", "expected some of place, date, separated by commas"),
        ("PEERS", "here", "expected addresses or networks (192.0.2.0/24), separated by commas"),
        ("CODES", "gmp", "code 1 is none that can be dialled: expected digits as *152*00#, with * and #"),
        ("CODES", "*1#", "code 1 needs its service, as *152*00#=gmp: small letters, digits and _"),
        ("CODES", "*1#=A", "code 1 needs its service, as *152*00#=gmp: small letters, digits and _"),
        ("CODES", "*1#=a *1#=b", "expected each code once, as CODE=SERVICE (*152*00#=gmp), separated by spaces"),
        ("CHANNELS", "genric", 'a channel that does not exist (did you mean "generic"?)'),
        (
            "CHANNELS",
            "generic,other",
            "expected channels separated by spaces; a comma stands between two tokens of one",
        ),
        ("CHANNELS", "generic generic", "expected each channel once, as NAME or NAME:TOKEN, separated by spaces"),
        ("CHANNELS", "generic:a,b,c", 'channel "generic": expected 2 tokens at most'),
        ("CHANNELS", "generic:", 'channel "generic": expected a token of letters, digits, - and _'),
        ("CHANNELS", "generic:events", 'channel "generic": expected a token of letters, digits, - and _'),
        ("CHANNEL_SETTINGS", "[", "expected a table for each channel"),
        ("CHANNEL_SETTINGS", '{"genric": {}}', 'a channel that does not exist (did you mean "generic"?)'),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(name: str, value: str, message: str) -> None:
    assert refusal({f"USSD_ENGINE_{name}": value}).startswith(f"USSD_ENGINE_{name}: {message}")


def test_a_variable_that_is_no_setting_is_refused_with_a_likely_one() -> None:
    assert refusal({"USSD_ENGINE_MENU": "x"}) == 'USSD_ENGINE_MENU: no such setting (did you mean "menus"?)'


def test_a_key_of_the_file_that_is_no_setting_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ussd.toml"
    file.write_text("prot = 1\n")
    assert refusal({"USSD_ENGINE_CONFIG": str(file)}) == f'{file}:1: prot: no such setting (did you mean "port"?)'


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    assert "cannot be read" in refusal({"USSD_ENGINE_CONFIG": str(tmp_path / "absent.toml")})
    file = tmp_path / "ussd.toml"
    file.write_bytes(b"host = '0.0.0.0'\nport = \xff")
    assert refusal({"USSD_ENGINE_CONFIG": str(file)}) == f"{file}:2: is not TOML: a character that is not UTF-8"


@pytest.mark.parametrize("code", ["*152*#", "152*00", "*152**00#", "#152#", "*15a#", "*152*00", "*152*00##", "*#"])
def test_a_code_that_nobody_can_dial_is_refused(code: str) -> None:
    told = refusal({"USSD_ENGINE_CODES": f"*150*00#=root {code}=other"})
    assert told.startswith("USSD_ENGINE_CODES: code 2 is none that can be dialled: expected digits as *152*00#")


def test_every_fault_is_told_at_once() -> None:
    faults = refusal({"USSD_ENGINE_PORT": "x", "USSD_ENGINE_ROLE": "x", "USSD_ENGINE_NOTHING": "x"}).splitlines()
    assert [fault.partition(":")[0] for fault in faults] == [
        "USSD_ENGINE_NOTHING",
        "USSD_ENGINE_ROLE",
        "USSD_ENGINE_PORT",
    ]


@pytest.mark.usefixtures("keyed")
def test_no_secret_is_printed() -> None:
    config = load(
        {
            "USSD_ENGINE_SESSIONS": "redis://:canary@localhost/0",
            "USSD_ENGINE_DATABASE": "postgresql://engine:canary@db/ussd",
            "USSD_ENGINE_FEEDBACK": "webhook+https://host/in?token=canary",
            "USSD_ENGINE_CHANNELS": "generic:canary",
            "USSD_ENGINE_CHANNEL_SETTINGS": '{"generic": {"api_key": "canary"}}',
            "USSD_ENGINE_FEEDBACK_SETTINGS": '{"secrets": ["canary", "canary"], "payload": "thin"}',
        }
    )
    printed = "\n".join(map(str, config.describe()))
    assert "canary" not in printed + repr(config)
    assert "redis://:***@localhost/0" in printed
    assert "generic:***" in printed
    assert '{"generic": {"api_key": "***"}}' in printed
    assert '{"secrets": ["***", "***"], "payload": "thin"}' in printed


def test_no_refusal_repeats_a_value() -> None:
    for setting in settings():
        name = f"USSD_ENGINE_{setting.name.upper()}"
        try:
            load({name: "canary:canary canary@"})
        except ConfigError as error:
            assert "canary" not in str(error)  # noqa: PT017  not every setting refuses it


def test_a_core_has_a_table_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "ussd.toml"
    file.write_text(f'[feedback_settings]\nsecrets = "{TOKEN}"\nallow = ["10.0.0.0/8"]\n')
    config = load({"USSD_ENGINE_CONFIG": str(file)})
    assert config.feedback_settings == {"secrets": Secret(TOKEN), "allow": ["10.0.0.0/8"]}
    assert load({}).feedback_settings == {}
    for value in ("[]", "{", "secrets=1"):
        assert "expected a table" in refusal({"USSD_ENGINE_FEEDBACK_SETTINGS": value})


@pytest.mark.parametrize("role", ["ussd", "worker"])
def test_sqlite_is_for_one_process(role: str) -> None:
    assert "one writer" in refusal({"USSD_ENGINE_ROLE": role})
    assert "one writer" in refusal({"USSD_ENGINE_WORKERS": "2", "USSD_ENGINE_SESSIONS": "redis://localhost"})


def test_memory_is_for_one_process() -> None:
    shared = {"USSD_ENGINE_WORKERS": "2", "USSD_ENGINE_DATABASE": "postgresql://localhost/ussd"}
    assert "memory:// is seen by one process alone" in refusal(shared)
    assert load({**shared, "USSD_ENGINE_SESSIONS": "redis://localhost"}).workers == 2


def test_what_is_changed_later_is_checked_again() -> None:
    with pytest.raises(ConfigError, match="2 workers"):
        checked(replace(load({}), workers=2))


def test_production_starts_no_channel_without_token() -> None:
    assert 'channel "generic" needs a random token of 128 bits' in refusal(PRODUCTION)
    assert 'channel "generic" needs' in refusal({**PRODUCTION, "USSD_ENGINE_CHANNELS": f"generic:{TOKEN},short"})
    assert load({**PRODUCTION, "USSD_ENGINE_CHANNELS": f"generic:{TOKEN}"}).env == "production"


def test_production_makes_no_keys() -> None:
    environ = {"USSD_ENGINE_ENV": "production", "USSD_ENGINE_CHANNELS": f"generic:{TOKEN}"}
    assert refusal(environ).startswith("USSD_ENGINE_KEYS: production needs a file of keys")


@pytest.mark.parametrize(
    ("token", "enough"),
    [
        (TOKEN, True),
        (TOKEN[:-1], False),
        ("Zq3_vX-8kLm2Pw9RtYu4Bc", True),
        ("Zq3_vX-8kLm2Pw9RtYu4B", False),
        ("abababababababababababababababababab", False),
    ],
)
def test_a_token_is_as_strong_as_its_length_and_letters(token: str, enough: bool) -> None:
    assert (token_bits(Secret(token)) >= TOKEN_BITS) is enough


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ('{"generic": {"hold": 3}}', 'channel "generic": setting "hold" does not exist (did you mean "hold_s"?)'),
        ('{"generic": {"hold_s": "soon"}}', 'channel "generic": setting "hold_s": expected a number'),
        ('{"generic": {"con": "CON"}}', 'channel "generic": con: write {text} where the screen goes'),
        ('{"generic": {"code": "*1#"}}', 'channel "generic": code: *1# is not served; name it in USSD_ENGINE_CODES'),
        ('{"africastalking": {"first": "flag"}}', 'channel "africastalking": setting "first" does not exist'),
    ],
)
def test_what_a_channel_cannot_use_is_refused_where_settings_are_read(options: str, message: str) -> None:
    environ = {"USSD_ENGINE_CHANNEL_SETTINGS": options}
    assert refusal(environ).startswith(f"USSD_ENGINE_CHANNEL_SETTINGS: {message}")
    shown = CliRunner().invoke(cli, ["config"], env=environ)
    assert isinstance(shown.exception, ConfigError)
    assert str(shown.exception) == refusal(environ)


def test_every_channel_that_cannot_be_made_is_told_and_none_that_is_not_served() -> None:
    environ = {"USSD_ENGINE_CHANNEL_SETTINGS": '{"generic": {"hold": 3}, "africastalking": {"septet": 1}}'}
    assert [line.split(": ")[1] for line in refusal(environ).split("\n")] == [
        'channel "africastalking"',
        'channel "generic"',
    ]
    assert 'channel "generic"' not in refusal({**environ, "USSD_ENGINE_CHANNELS": "africastalking"})


def test_a_channel_may_stand_for_any_code_that_is_served() -> None:
    environ = {
        "USSD_ENGINE_CODES": "*152*00#=gmp *150*50#=emrejesho",
        "USSD_ENGINE_CHANNEL_SETTINGS": '{"generic": {"code": "150*50"}}',
    }
    assert open_channel(load(environ), "generic", lambda _: None).profile.code == "*150*50#"


def test_a_channels_settings_reach_its_profile() -> None:
    config = load({"USSD_ENGINE_CHANNEL_SETTINGS": '{"generic": {"hold_s": 3}}'})
    assert create(channel_contract.settings("generic", **config.channel_settings["generic"])).profile.hold_s == 3


def test_settings_do_not_change_under_way() -> None:
    with pytest.raises(FrozenInstanceError):
        load({}).port = 1  # type: ignore[misc]


def test_every_setting_has_its_words() -> None:
    for setting in settings():
        assert setting.metadata["help"].endswith(".")
        assert setting.metadata["shown"]
    assert {row.name for row in load({}).describe()} == {f"USSD_ENGINE_{s.name.upper()}" for s in settings()}


def test_every_default_can_be_read_back() -> None:
    config = load({})
    said = {row.name: row.value for row in config.describe() if row.value}
    assert load(said) == config
    assert isinstance(config, Config)
