"""What the one HTTP client of the gateways does with trouble, what its settings say, and what a signature is worth."""

from __future__ import annotations

from typing import Any

import pytest

from ussd_engine.answered import MOST_READ
from ussd_engine.channels import create_gateway, mgov, sms
from ussd_engine.channels.base import Kind, path
from ussd_engine.channels.client import Client
from ussd_engine.errors import ConfigError
from ussd_engine.secret import Secret, Url
from ussd_engine.sms.message import Progress, RouteFault
from ussd_engine.testing.provider import Says, playing
from ussd_engine.testing.sms_contract import KEY, NUMBERS, outgoing, settings

BEEM = {"api_key": KEY, "secret_key": KEY, "sender": "MREJESHO"}
KANNEL = {"username": "us", "password": KEY}


def client(**options: Any) -> Client:
    made = sms.Options(**options)
    return Client(settings("mine"), made)


async def test_silence_has_an_end_and_may_have_taken_it() -> None:
    async with playing(lambda _: Says()) as provider:
        provider.free.clear()
        made = client(total_s=0.2)
        with pytest.raises(RouteFault, match="mine did not answer: TimeoutError") as fault:
            await made.ask("POST", provider.url)
        assert fault.value.perhaps_taken
        assert len(provider.asked) == 1
        await made.close()


async def test_a_get_that_nobody_answers_is_not_asked_again() -> None:
    async with playing(lambda _: None) as provider:
        made = client()
        with pytest.raises(RouteFault, match="HungUp"):
            await made.ask("GET", provider.url)
        assert len(provider.asked) == 1
        await made.close()


async def test_no_more_is_read_of_an_answer_than_it_may_have() -> None:
    async with playing(lambda _: Says(200, b"x" * (MOST_READ + 1))) as provider:
        made = client()
        assert (await made.ask("POST", provider.url)).body == b""
        await made.close()


async def test_each_request_has_a_connection_of_its_own_and_says_who_asks() -> None:
    async with playing(lambda _: Says()) as provider:
        made = client()
        for _ in range(2):
            await made.ask("POST", provider.url, body=b"x")
        assert {one.headers["Connection"] for one in provider.asked} == {"close"}
        assert {one.headers["User-Agent"] for one in provider.asked} == {"ussd-engine"}
        await made.close()


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with playing(lambda _: Says(201, b"{}")) as provider:
        made = create_gateway(settings("africastalking", url=provider.url, username="us", api_key=KEY))
        with pytest.raises(RouteFault, match="cannot be read"):
            await made.send(outgoing(NUMBERS[0]))
        assert len(provider.asked) == 1
        await made.close()


def test_where_africas_talking_is_without_url() -> None:
    for username, host in (("us", "api.africastalking.com"), ("sandbox", "api.sandbox.africastalking.com")):
        made: Any = create_gateway(settings("africastalking", username=username, api_key=KEY))
        assert made._sdk.send("Habari", ["+255700000001"]).url == f"https://{host}/version1/messaging"


async def test_a_number_that_the_sdk_refuses_is_not_named() -> None:
    made = create_gateway(settings("africastalking", username="us", api_key=KEY))
    [said] = await made.send(outgoing("25"))
    assert (said.progress, said.reason) == (Progress.REJECTED, "InvalidPhoneNumber")


REFUSED = [
    ("beem", {**BEEM, "sendr": "x"}, 'setting "sendr" does not exist (did you mean "sender"?)'),
    ("beem", {"sender": "MREJESHO", "api_key": KEY}, 'setting "secret_key" is missing'),
    ("beem", {**BEEM, "sender": "MREJESHO WA WANANCHI"}, "length <= 11"),
    ("beem", {**BEEM, "api_key": ""}, 'setting "api_key": expected a text that is not empty'),
    ("beem", {**BEEM, "api_key": 7}, 'setting "api_key": expected a text that is not empty'),
    ("beem", {**BEEM, "per_second": 0}, "> 0"),
    ("beem", {**BEEM, "url": "ftp://sms.example.org"}, "url: expected an address"),
    ("beem", {**BEEM, "url": f"https://us:{KEY}@sms.example.org"}, "url: expected an address"),
    ("beem", {**BEEM, "url": "http://sms.example.org"}, "url: expected https://"),
    ("beem", {**BEEM, "reports_url": "http://sms.example.org"}, "reports_url: expected https://"),
    ("mgov", {"account": "a", "api_key": KEY, "service_id": "9", "sender": "15200", "generation": 3}, "generation"),
    ("kannel", {**KANNEL, "per_call": 2}, "<= 1"),
]


@pytest.mark.parametrize(("name", "options", "message"), REFUSED)
def test_a_setting_that_cannot_be_used_is_named(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        create_gateway(settings(name, **options))
    assert str(refusal.value).startswith(f'channel "{name}": sms: ')
    assert message in str(refusal.value)
    assert KEY not in str(refusal.value)


@pytest.mark.parametrize("url", ["http://kannel:13013", "http://10.1.2.3:13013", "http://[::1]:13013/", "https://a.tz"])
def test_hosts_of_ones_own_need_no_tls(url: str) -> None:
    create_gateway(settings("kannel", url=Url(url), **KANNEL))


def test_settings_may_be_hidden_or_texts_of_an_environment() -> None:
    own = {"username": "us", "password": Secret(KEY), "reports_url": Url("https://a.tz/r")}
    made = create_gateway(settings("kannel", per_second="2", sender="15200", **own))
    assert made.limits == sms.Limits(2.0, 1, "15200")
    assert KEY not in repr(vars(made))


def test_addresses_are_as_documented() -> None:
    assert path("beem", Kind.SMS) == "/sms/beem"
    assert path("beem", Kind.SMS, "t") == "/sms/beem/t"
    assert path("beem", Kind.REPORTS, "t") == "/sms/beem/reports/t"


# protocols of the platform, worked out by another implementation of HMAC
VECTORS = [
    (
        '{"recipients":"255700000001","message":"Lalamiko lako limepokelewa. Namba: EM-2026-000123",'
        '"datetime":"2026-01-15 09:30:00","sender_id":"15200","mobile_service_id":"999"}',
        "jrUJ3Cb82YT4syHI97/u5vrYtglgTH0Hh15GYh5ia9Y=",
    ),
    (
        '{"recipients":"255700000001,255700000002","message":"Lalamiko lako limepokelewa. Namba: EM-2026-000123",'
        '"datetime":"2026-01-15 09:30:00","mobileServiceId":"999","senderId":"15200","messageId":"em-0001"}',
        "IF/lqPcn0q1vLFLfaFgS1fmCczOduuX/Vv9RyHURS+g=",
    ),
]


@pytest.mark.parametrize(("document", "expected"), VECTORS)
def test_a_document_of_mgov_has_its_signature(document: str, expected: str) -> None:
    assert mgov.signature(Secret("TEST-KEY-0123456789"), document.encode()) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("InvalidSenderId", "InvalidSenderId"),
        (405, "405"),
        ("sent to 255700000001", ""),
        ("<b>", ""),
        (None, ""),
        (True, ""),
    ],
)
def test_a_word_of_theirs_is_short_and_plain_and_no_number(value: object, expected: str) -> None:
    assert sms.word(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-15T06:30:00Z", 1_768_458_600_000),
        ("2026-01-15 09:30:00", 1_768_458_600_000),
        ("0001-01-01 00:00:00", None),
        ("15/01/2026", None),
        ("", None),
    ],
)
def test_a_moment_is_one_or_none(text: str, expected: int | None) -> None:
    assert sms.moment(text, mgov.ZONE) == expected
