"""Settings that name what menus have not: no gateway starts with one, and `check` finds each before."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from tests.gateway.hosted import blocks, hosting, settings
from tests.gateway.texting import country_with_a_number
from ussd_engine import app, config
from ussd_engine.cli import cli
from ussd_engine.errors import ConfigError
from ussd_engine.feedback.hosted import Options, addresses

URL: Final = "https://huduma.example.go.tz/fomu"
SHIPPED: Final = {"USSD_ENGINE_CODES": "*152*00#=gmp"}
NO_NUMBER: Final = (
    'SMS of "emrejesho" show sc, which has no value: give it under "settings" in the file that USSD_ENGINE_COUNTRY '
    "names (sc is the number that takes SMS). Forms that a platform collects (mgov) are answered in these words"
)
PRIVATE: Final = "the institution's address is private; `allow` in its table names its network"
FIELDS: Final = {"f": "form", "t": "institution", "m": "message"}


def hosted(folder: Path, **own: object) -> dict[str, str]:
    return settings(folder, URL, own)


def collected(**own: object) -> dict[str, str]:
    table = {"mgov": {"forms": {"service": "emrejesho", "fields": FIELDS, **own}}}
    names = {"channels": "mgov africastalking", "channel_settings": json.dumps(table)}
    return {f"USSD_ENGINE_{name.upper()}": value for name, value in names.items()}


def field(answer: object, **values: str) -> dict[str, object]:
    return {"fields": {"x": {"answer": answer, "values": values} if values else answer}}


def start(given: dict[str, str]) -> None:
    async def started() -> None:
        async with app.running(app.create_app(config.load(given))):
            pass

    asyncio.run(started())


def checked(given: dict[str, str]) -> tuple[object, str]:
    """The exit code, and what is printed."""
    ran = CliRunner().invoke(cli, ["check"], env=given, standalone_mode=False)
    assert ran.exception is None, ran.exception
    return ran.return_value, ran.output


def refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        start(given)
    assert said in str(error.value)
    code, printed = checked(given)
    assert code == 1
    for line in str(error.value).splitlines():
        assert f"settings: {line}" in printed.splitlines()


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (
            field("mesage"),
            'hosted: service "maji": field "x": no form asks for "mesage" (did you mean "message"?); there are '
            "customer, identity, message, meter, name, ref, type",
        ),
        (
            field("type", a="leek"),
            'hosted: service "maji": field "x": "leek" is no value of "type" (did you mean "leak"?)',
        ),
        ({"url": "http://10.0.0.7/fomu"}, "without TLS the institution may stand on a loopback address alone"),
        (
            {"url": "https://10.0.0.7/fomu"},
            PRIVATE,
        ),
        (
            {"url": "https://[fd00::7]/fomu"},
            PRIVATE,
        ),
        (
            {"url": "ftp://example.org/"},
            'service "maji": the institution is set with its address, as https://huduma.',
        ),
        (
            {"check": "https://169.254.169.254/"},
            PRIVATE,
        ),
        ({"allow": ["all"]}, 'hosted: service "maji": allow: expected networks'),
        ({"urls": "x"}, 'hosted: service "maji": setting "urls" does not exist (did you mean "url"?)'),
    ],
)
def test_a_table_of_an_institution_that_does_not_fit_its_menu(
    tmp_path: Path, own: dict[str, object], said: str
) -> None:
    refused(hosted(tmp_path, **own), said)


@pytest.mark.parametrize("allow", ["10.20.0.0/16", ["10.20.0.0/16", "10.0.0.0/24"]])
def test_a_private_network_may_be_named_by_a_text_or_a_list(tmp_path: Path, allow: object) -> None:
    given = hosted(tmp_path, url="https://10.20.3.4/fomu", allow=allow)
    code, printed = checked(given)
    assert code == 0, printed
    refused(hosted(tmp_path, url="https://10.30.3.4/fomu", allow=allow), "the institution's address is private")


def test_in_production_no_institution_stands_here() -> None:
    here = Options(url="http://127.0.0.1:8081/fomu")
    with pytest.raises(ConfigError, match="in production the institution stands on no loopback address"):
        addresses("maji", here, production=True)


def test_no_address_is_repeated(tmp_path: Path) -> None:
    given = hosted(tmp_path, url="https://10.0.0.7/fomu", check="http://10.0.0.8/")
    assert "10.0.0" not in checked(given)[1]


@pytest.mark.parametrize("service", ["maji", "mlango"])
def test_a_table_for_what_is_not_hosted(tmp_path: Path, service: str) -> None:
    menu = blocks()["menus/maji.yaml"].replace("hosted: Mamlaka ya Maji\n", "")
    given = settings(tmp_path, URL, menu=menu, hosted=json.dumps({service: {"url": URL}}))
    assert f'"{service}" is not hosted: its menu has no "hosted"' in checked(given)[1]


def test_a_hosted_service_without_a_table(tmp_path: Path) -> None:
    given = {name: value for name, value in hosted(tmp_path).items() if name != "USSD_ENGINE_HOSTED"}
    refused(given, 'USSD_ENGINE_HOSTED: service "maji" is hosted, and nothing says where its forms go')


def test_a_collector_where_no_number_takes_sms(tmp_path: Path) -> None:
    refused({"USSD_ENGINE_VAR": str(tmp_path), **collected()}, NO_NUMBER)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (collected(fields={**FIELDS, "m": "mesage"}), 'channel "mgov": forms: field "m": no form asks for "mesage"'),
        (
            collected(fields={"f": "form", "t": "institution"}),
            'channel "mgov": forms: form "complaint" always asks for "message", for which there is neither a field',
        ),
        (collected(service="gmp"), 'service "gmp" has no words for SMS'),
        ({"USSD_ENGINE_SMS_PREFIXES": "emrejesh=EM"}, 'USSD_ENGINE_SMS_PREFIXES: service "emrejesh" does not exist'),
        ({"USSD_ENGINE_FEEDBACK": "webhok+https://core.example.org/"}, "feedback: no store is named 'webhok'"),
        ({"USSD_ENGINE_SESSIONS": "redi://redis.example.org"}, "sessions: no session store is called 'redi'"),
        ({"USSD_ENGINE_DATABASE": "mysql://db.example.org/x"}, "not a database of the ledger"),
    ],
)
def test_what_is_named_and_is_not_there(tmp_path: Path, given: dict[str, str], said: str) -> None:
    own = {"USSD_ENGINE_VAR": str(tmp_path), "USSD_ENGINE_COUNTRY": str(country_with_a_number(tmp_path))}
    refused({**SHIPPED, **own, **given}, said)


def test_all_of_them_are_said_at_once(tmp_path: Path) -> None:
    given = {**hosted(tmp_path, **field("mesage")), "USSD_ENGINE_SMS_PREFIXES": "maj=EM"}
    with pytest.raises(ConfigError) as error:
        start(given)
    assert [line.split(":")[0] for line in str(error.value).splitlines()] == ["USSD_ENGINE_SMS_PREFIXES", "hosted"]


def test_one_service_by_itself_is_proven_without_the_settings(tmp_path: Path) -> None:
    given = hosted(tmp_path, **field("mesage"))
    ran = CliRunner().invoke(cli, ["check", str(tmp_path / "menus" / "maji.yaml")], env=given, standalone_mode=False)
    assert ran.return_value == 0, ran.output


async def test_menus_with_which_it_would_not_start_are_not_taken_by_a_gateway_that_runs(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (edge, _):
        before, menu = edge.engine.editions.current.version, tmp_path / "menus" / "maji.yaml"
        menu.write_text(menu.read_text().replace("save: meter", "save: meta").replace("{meter", "{meta"))
        menu.write_text(menu.read_text().replace("typed: meter", "typed: meta"))
        with pytest.raises(ConfigError, match='field "namba_ya_mita": no form asks for "meter"'):
            await edge.engine.reload()
        assert edge.engine.editions.current.version == before
