"""Settings of channels that carry SMS: a table of their own, which side a name has, and what is printed of them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner

from simulator.stage import scratch
from ussd_engine.app import create_app, running
from ussd_engine.channels import CHANNELS
from ussd_engine.cli import cli
from ussd_engine.config import Config, load, open_gateways
from ussd_engine.engine import open_engine
from ussd_engine.errors import ConfigError
from ussd_engine.logs import Log
from ussd_engine.secret import Url
from ussd_engine.testing.sms_contract import KEY

LOOPBACK: dict[str, Any] = {"loopback": {"sms": {}}}
KANNEL = {
    "kannel": {
        "sms": {"username": "us", "password": KEY, "reports_url": "https://a.tz/sms/kannel/reports/T0K3N-0123456789"}
    }
}
BOTH = {"africastalking": {"hold_s": 3, "sms": {"username": "us", "api_key": KEY, "sender": "15200"}}}


def loaded(channels: str, settings: object) -> Config:
    return load({"USSD_ENGINE_CHANNELS": channels, "USSD_ENGINE_CHANNEL_SETTINGS": json.dumps(settings)})


def with_a_number(folder: Path) -> Path:
    """The shipped country, with a number that takes SMS."""
    shipped = load({}).country.read_text()
    (folder / "country.yaml").write_text(shipped.replace('sc: ""', "sc: 15200"))
    return folder / "country.yaml"


def refusal(channels: str, settings: object) -> str:
    with pytest.raises(ConfigError) as error:
        loaded(channels, settings)
    assert KEY not in str(error.value)
    return str(error.value)


def gateways(config: Config) -> list[str]:
    return sorted(open_gateways(config, lambda _: None))


def test_with_nothing_set_no_sms_is_carried() -> None:
    config = load({})
    assert {one.name for one in config.channels} == set(CHANNELS)
    assert gateways(config) == []


def test_a_channel_carries_sms_where_its_table_says_so() -> None:
    config = loaded("generic africastalking kannel loopback", {**LOOPBACK, **KANNEL, **BOTH})
    assert gateways(config) == ["africastalking", "kannel", "loopback"]
    assert [one.name for one in config.ussd_channels] == ["generic", "africastalking"]


def test_each_side_has_its_own_settings() -> None:
    config = loaded("africastalking", BOTH)
    assert open_gateways(config, lambda _: None)["africastalking"].limits.sender == "15200"


def test_a_table_in_the_file_does_the_same(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        'channels = ["kannel"]\n[channel_settings.kannel.sms]\nusername = "us"\npassword = "p"\nper_second = 20\n'
    )
    made = open_gateways(load({"USSD_ENGINE_CONFIG": str(file)}), lambda _: None)["kannel"]
    assert made.limits.per_second == 20


REFUSED = [
    ("kannel", {}, 'channel "kannel": it answers no USSD, and has no table "sms"'),
    ("kannel", {"kannel": {"hold_s": 3}}, 'channel "kannel": setting "hold_s" does not exist: it answers no USSD'),
    ("kannel", {"kannel": {"sms": {}}}, 'channel "kannel": sms: setting "username" is missing'),
    ("generic", {"generic": {"sms": {}}}, 'channel "generic": it carries no SMS; there are africastalking, beem, '),
    ("loopback", {"loopback": {"sms": 1}}, 'channel "loopback": "sms": expected a table'),
    ("kanel", {}, 'did you mean "kannel"?'),
]


@pytest.mark.parametrize(("channels", "settings", "message"), REFUSED)
def test_what_does_not_go_together_is_named(channels: str, settings: object, message: str) -> None:
    assert message in refusal(channels, settings)


def test_production_asks_for_a_token_here_too() -> None:
    with pytest.raises(ConfigError, match='channel "loopback" needs a random token'):
        load(
            {
                "USSD_ENGINE_ENV": "production",
                "USSD_ENGINE_KEYS": "/run/keys.json",
                "USSD_ENGINE_CHANNELS": "loopback",
                "USSD_ENGINE_CHANNEL_SETTINGS": json.dumps(LOOPBACK),
            }
        )


def test_keys_and_addresses_of_ours_are_not_printed() -> None:
    environ = {"USSD_ENGINE_CHANNELS": "kannel", "USSD_ENGINE_CHANNEL_SETTINGS": json.dumps(KANNEL)}
    printed = CliRunner().invoke(cli, ["config"], env=environ)
    assert printed.exit_code == 0
    assert "kannel" in printed.output
    assert "T0K3N" not in printed.output
    assert KEY not in printed.output


def test_transcripts_send_no_sms(tmp_path: Path) -> None:
    config = scratch(loaded("africastalking kannel", {**BOTH, **KANNEL}), tmp_path)
    assert gateways(config) == []
    assert [one.name for one in config.ussd_channels] == [one.name for one in config.channels] == ["africastalking"]
    assert config.channel_settings["africastalking"] == {"hold_s": 3}


async def test_a_channel_of_sms_alone_has_no_address_for_ussd(tmp_path: Path) -> None:
    config = dataclasses.replace(
        loaded("generic kannel", KANNEL),
        country=with_a_number(tmp_path),
        var=tmp_path,
        keys=tmp_path / "keys.json",
        database=Url(f"sqlite:///{tmp_path / 'ledger.db'}"),
    )
    async with running(create_app(config, log=Log("CRITICAL"))) as url, aiohttp.ClientSession() as client:
        for path in ("/ussd/kannel", "/ussd/kannel/events"):
            async with client.post(url + path) as response:
                assert response.status == 404


@pytest.mark.parametrize("command", ["dial", "replay"])
def test_a_phone_needs_a_channel_that_answers(command: str, tmp_path: Path) -> None:
    argument = {"dial": "*152*00#", "replay": str(tmp_path)}[command]
    environ = {"USSD_ENGINE_CHANNELS": "kannel", "USSD_ENGINE_CHANNEL_SETTINGS": json.dumps(KANNEL)}
    said = CliRunner().invoke(cli, [command, argument], env=environ)
    assert said.exit_code == 2
    assert "no channel here answers USSD" in said.output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMS_A_DAY", "number=many"),
        ("SMS_A_DAY", "numbers=3"),
        ("SMS_A_DAY", "number=1 number=2"),
        ("SMS_A_DAY", "30"),
        ("SMS_PREFIXES", "EM"),
        ("SMS_PREFIXES", "emrejesho="),
        ("SMS_PREFIXES", "emrejesho=E-M"),
        ("SMS_PREFIXES", "emrejesho=EMREJESHO"),
        ("SMS_PREFIXES", "e-Mrejesho=EM"),
        ("SMS_ABROAD", "+254"),
        ("SMS_ABROAD", "0"),
        ("SMS_ABROAD", "254 254"),
        ("SMS_ABROAD", "Kenya"),
    ],
)
def test_bounds_and_prefixes_that_cannot_be_are_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"USSD_ENGINE_{name}: expected"):
        load({f"USSD_ENGINE_{name}": value})


def test_a_bound_that_is_not_named_stays_as_it_is() -> None:
    settings = load({"USSD_ENGINE_SMS_A_DAY": "block=500", "USSD_ENGINE_SMS_PREFIXES": "emrejesho=EM other=OT"})
    assert settings.sms_a_day == {"number": 30, "block": 500, "channel": 100_000}
    assert settings.sms_prefixes == {"emrejesho": "EM", "other": "OT"}
    shown = {row.name: row.value for row in settings.describe()}
    assert shown["USSD_ENGINE_SMS_A_DAY"] == "number=30 block=500 channel=100000"


def test_countries_that_are_let_in_are_named_by_their_calling_codes(tmp_path: Path) -> None:
    assert load({}).sms_abroad == ()
    assert load({"USSD_ENGINE_SMS_ABROAD": "254, 256"}).sms_abroad == ("254", "256")
    file = tmp_path / "settings.toml"
    for written in ("254", '["254"]', "[254]", '"254"'):
        file.write_text(f"sms_abroad = {written}\n")
        assert load({"USSD_ENGINE_CONFIG": str(file)}).sms_abroad == ("254",)


@pytest.mark.parametrize("token", ["stops", "reports"])
def test_a_part_of_our_own_addresses_is_no_token(token: str) -> None:
    with pytest.raises(ConfigError, match="expected a token"):
        load({"USSD_ENGINE_CHANNELS": f"kannel:{token}"})


async def test_a_prefix_of_no_service_stops_the_start(tmp_path: Path) -> None:
    names = {"USSD_ENGINE_VAR": str(tmp_path), "USSD_ENGINE_SMS_PREFIXES": "emrejsho=EM"}
    with pytest.raises(ConfigError, match='service "emrejsho" does not exist \\(did you mean "emrejesho"'):
        async with running(create_app(load(names), log=Log("CRITICAL"))):
            pass


@pytest.mark.parametrize("settings", [LOOPBACK, {"halotel": {"hold_s": 3}}])
async def test_a_table_of_a_channel_that_is_not_served_is_told_at_the_start(tmp_path: Path, settings: object) -> None:
    (name,) = dict(settings)  # type: ignore[call-overload]
    names = {"USSD_ENGINE_VAR": str(tmp_path), "USSD_ENGINE_CHANNELS": "generic truroute"}
    config = load({**names, "USSD_ENGINE_CHANNEL_SETTINGS": json.dumps(settings)})
    async with open_engine(config) as engine:
        (told,) = [one for one in engine.warnings if one.startswith("channel_settings")]
    assert told == (
        f"channel_settings: {name} has settings and is not served: name it in USSD_ENGINE_CHANNELS too, beside "
        "generic truroute, or leave its table out"
    )
