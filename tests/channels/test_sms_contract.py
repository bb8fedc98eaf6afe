"""The contract of a gateway, run over every built-in one, and over one that a package outside brings."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode

import pytest

from ussd_engine import channels
from ussd_engine.channels import create_gateway
from ussd_engine.channels.base import Kind, Request
from ussd_engine.channels.smpp_sms import SmppSms
from ussd_engine.channels.sms import Gateway, Limits
from ussd_engine.testing.provider import Asked, Says
from ussd_engine.testing.sms_contract import KEY, NUMBERS, TEXT, SmsContract, settings

OUTSIDE = Path(__file__).parent / "outside"
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}


def form(kind: Kind, **fields: str) -> Request:
    return Request(method="POST", kind=kind, headers=FORM, body=urlencode(fields).encode())


def json_(kind: Kind, **fields: object) -> Request:
    return Request(method="POST", kind=kind, headers=JSON, body=json.dumps(fields).encode())


class TestAfricasTalkingSms(SmsContract):
    def gateway(self, url: str) -> Gateway:
        return create_gateway(settings("africastalking", url=url, username="us", api_key=KEY))

    def accepts(self, asked: Asked) -> Says:
        numbers = parse_qs(asked.body.decode())["to"][0].split(",")
        rows = [
            {"statusCode": 101, "number": number, "status": "Success", "messageId": f"ATXid_{n}"}
            for n, number in enumerate(numbers)
        ]
        body = json.dumps({"SMSMessageData": {"Message": "Sent", "Recipients": rows[::-1]}}).encode()
        return Says(201, body, JSON)

    def incoming(self) -> list[Request]:
        return [form(Kind.SMS, **{"from": f"+{NUMBERS[0]}", "to": "15200", "text": TEXT, "id": "m1"})]

    def report(self, status: str) -> Request:
        return form(Kind.REPORTS, id="m1", status=status, phoneNumber=f"+{NUMBERS[0]}")

    def inbox(self) -> bytes:
        row = {"linkId": "L1", "text": TEXT, "to": "15200", "id": 7, "date": "2026-01-15", "from": f"+{NUMBERS[0]}"}
        return json.dumps({"SMSMessageData": {"Messages": [row]}}).encode()


class TestMgovFirst(SmsContract):
    generation = 1
    yes = {"error": False, "statusCode": "200", "statusMessage": "ok"}

    def gateway(self, url: str) -> Gateway:
        own = {"account": "us", "api_key": KEY, "service_id": "999", "sender": "15200"}
        return create_gateway(settings("mgov", url=url, generation=self.generation, per_call=3, **own))

    def accepts(self, asked: Asked) -> Says:
        return Says(200, json.dumps(self.yes).encode())

    def incoming(self) -> list[Request]:
        return [json_(Kind.SMS, transaction_id="TX-1", msisdn=NUMBERS[0], message=TEXT)]


class TestMgovSecond(TestMgovFirst):
    generation = 2
    yes = {"success": True}


class TestBeem(SmsContract):
    def gateway(self, url: str) -> Gateway:
        own = {"api_key": KEY, "secret_key": KEY, "sender": "MREJESHO"}
        return create_gateway(settings("beem", url=url, reports_url=url, per_call=3, **own))

    def accepts(self, asked: Asked) -> Says:
        return Says(200, b'{"successful": true, "request_id": 35918915, "code": 100, "valid": 1, "invalid": 0}')

    def incoming(self) -> list[Request]:
        fields = {"from": NUMBERS[0], "to": "15200", "message": TEXT, "timestamp": "2026-01-15 09:30:00"}
        return [form(Kind.SMS, **fields), json_(Kind.SMS, **fields)]

    def report(self, status: str) -> Request:
        return json_(Kind.REPORTS, request_id="m1", dest_addr=NUMBERS[0], status=status, recipient_id=1)


class TestNextSms(SmsContract):
    def gateway(self, url: str) -> Gateway:
        return create_gateway(settings("nextsms", url=url, username="us", password=KEY, sender="MREJESHO"))

    def accepts(self, asked: Asked) -> Says:
        to = json.loads(asked.body)["to"]
        status = {"groupId": 105, "groupName": "PENDING", "id": 7, "name": "PENDING_ENROUTE"}
        rows = [{"to": number, "status": status} for number in ([to] if isinstance(to, str) else to)]
        return Says(200, json.dumps({"messages": rows}).encode())


class TestKannel(SmsContract):
    def gateway(self, url: str) -> Gateway:
        own = {"username": "us", "password": KEY, "reports_url": f"{url}/reports"}
        return create_gateway(settings("kannel", url=url, **own))

    def accepts(self, asked: Asked) -> Says:
        return Says(202, b"0: Accepted for delivery")

    def incoming(self) -> list[Request]:
        asked = f"id=1&from={NUMBERS[0]}&to=15200&text={quote(TEXT)}&charset=UTF-8&ts=1795284382"
        headers = {"content-type": 'text/plain; charset="UTF-8"', "x-kannel-from": NUMBERS[0]}
        return [
            Request(method="GET", kind=Kind.SMS, query=asked),
            Request(method="POST", kind=Kind.SMS, headers=headers, body=TEXT.encode()),
        ]

    def report(self, status: str) -> Request:
        return Request(method="GET", kind=Kind.REPORTS, query=urlencode({"id": "m1", "type": status}))


class TestLoopback(SmsContract):
    def gateway(self, url: str) -> Gateway:
        return create_gateway(settings("loopback", url=url, per_call=3))

    def accepts(self, asked: Asked) -> Says:
        rows = [
            {"id": one["id"], "progress": "sent", "reason": "", "again": False} for one in json.loads(asked.body)["to"]
        ]
        return Says(200, json.dumps({"to": rows}).encode())

    def incoming(self) -> list[Request]:
        return [json_(Kind.SMS, **{"id": "m1", "from": NUMBERS[0], "to": "15200", "text": TEXT})]

    def report(self, status: str) -> Request:
        return json_(Kind.REPORTS, id="m1", status=status)


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(OUTSIDE))
    importlib.invalidate_caches()


class TestOutside(SmsContract):
    """Found by its entry point, like any other package's."""

    def gateway(self, url: str) -> Gateway:
        assert "tiny" in channels.sms_names()
        return create_gateway(settings("tiny", url=url, api_key=KEY))

    def accepts(self, asked: Asked) -> Says:
        return Says(200, b'{"id": "m1"}')

    def incoming(self) -> list[Request]:
        return [json_(Kind.SMS, number=NUMBERS[0], text=TEXT)]

    def report(self, status: str) -> Request:
        return json_(Kind.REPORTS, id="m1", status=status)

    def test_its_limits_are_those_of_its_settings(self) -> None:
        made = create_gateway(settings("tiny", url="https://sms.example.org", api_key=KEY, per_second="2.5"))
        assert made.limits == Limits(per_second=2.5, per_call=1, sender="")


def test_every_gateway_keeps_the_contract() -> None:
    tested = {case().gateway("http://127.0.0.1:9").name for case in SmsContract.__subclasses__()}
    bound = {name for name, made in channels.GATEWAYS.items() if made is SmppSms}
    assert tested | bound == {*channels.GATEWAYS, "tiny"}
