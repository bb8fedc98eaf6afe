"""Each gateway's file of cases, through one runner: what is sent and answered, octet for octet, over HTTP on loopback;
what comes in, what is reported, and what must be made of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from ussd_engine.channels import GATEWAYS, create_gateway
from ussd_engine.channels.base import Kind, Request, Response
from ussd_engine.channels.sms import Fetches, Gateway, Pulls, TellsStops
from ussd_engine.errors import NotACallback
from ussd_engine.sms.message import Outgoing, RouteFault
from ussd_engine.testing.provider import Asked, Provider, Says, playing
from ussd_engine.testing.sms_contract import outgoing, settings

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*_sms.yaml"))

Case = dict[str, Any]


def cases(*kinds: str) -> list[Any]:
    found = []
    for file in FILES:
        document = yaml.safe_load(file.read_text())
        name, common = document["gateway"], document["settings"]
        for case in document["cases"]:
            merged = {**case, "gateway": name, "settings": {**common, **case.get("settings", {})}}
            if any(kind in case for kind in kinds):
                found.append(pytest.param(merged, id=f"{file.stem}: {case['label']}"))
    return found


def gateway(case: Case, url: str = "") -> Gateway:
    at = url or ("smpp://127.0.0.1:9" if case["gateway"] == "smpp" else "http://127.0.0.1:9")
    given = {name: at if value == "URL" else value for name, value in case["settings"].items()}
    return create_gateway(settings(case["gateway"], **given))


def octets(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def of(found: object, expected: Case) -> Case:
    """Of what was found as much as a case speaks of."""
    return {name: getattr(found, name) for name in expected}


class Played:
    """A provider that says what a case tells, one answer a call."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.says = [Says(**{**one, "body": octets(one.get("body", ""))}) for one in case["says"]]
        self.left = iter(self.says)

    def __call__(self, asked: Asked) -> Says:
        return next(self.left)

    def check(self, provider: Provider) -> None:
        assert len(provider.asked) == len(self.says)
        for asked, expected in zip(provider.asked, self.case.get("asked", []), strict="asked" in self.case and True):
            assert (asked.method, asked.target) == (expected["method"], expected["target"])
            assert {name: asked.headers.get(name) for name in expected.get("headers", {})} == expected.get(
                "headers", {}
            )
            assert asked.body == octets(expected.get("body", ""))


async def sent_as_written(made: Gateway, batch: list[Outgoing], case: Case) -> None:
    """The gateway sends, and says of each SMS or of the call what the case does."""
    if "fault" in case:
        with pytest.raises(RouteFault) as fault:
            await made.send(batch)
        words, expected = case["fault"].get("words"), {k: v for k, v in case["fault"].items() if k != "words"}
        assert of(fault.value, expected) == expected
        assert words is None or str(fault.value) == words
    else:
        said = await made.send(batch)
        assert [one.id for one in said] == [one.id for one in batch]
        assert [of(one, expected) for one, expected in zip(said, case["sent"], strict=True)] == case["sent"]


@pytest.mark.parametrize("case", cases("send"))
async def test_what_is_sent_and_answered(case: Case) -> None:
    play, link = Played(case), case["send"].get("link", "")
    written = outgoing(*map(str, case["send"]["to"]), text=case["send"]["text"])
    batch = [msgspec.structs.replace(one, link=link) for one in written]
    async with playing(play) as provider:
        made = gateway(case, provider.url)
        await sent_as_written(made, batch, case)
        await made.close()
    play.check(provider)


@pytest.mark.parametrize("case", cases("pull"))
async def test_what_is_asked_for_later(case: Case) -> None:
    play = Played(case)
    async with playing(play) as provider:
        made = gateway(case, provider.url)
        assert isinstance(made, Pulls)
        if "fault" in case:
            with pytest.raises(RouteFault) as fault:
                await made.pull([(str(id), str(to)) for id, to in case["pull"]])
            assert of(fault.value, case["fault"]) == case["fault"]
        else:
            found = await made.pull([(str(id), str(to)) for id, to in case["pull"]])
            assert [of(one, expected) for one, expected in zip(found, case["reports"], strict=True)] == case["reports"]
        await made.close()
    play.check(provider)


@pytest.mark.parametrize("case", cases("fetch"))
async def test_what_stands_in_an_inbox(case: Case) -> None:
    play = Played(case)
    async with playing(play) as provider:
        made = gateway(case, provider.url)
        assert isinstance(made, Fetches)
        if "fault" in case:
            with pytest.raises(RouteFault) as fault:
                await made.fetch(case["fetch"])
            assert of(fault.value, case["fault"]) == case["fault"]
        else:
            found = await made.fetch(case["fetch"])
            assert [one.id for one in found] == [one["id"] for one in case["found"]]
            for one, expected in zip(found, case["found"], strict=True):
                assert (one.incoming and of(one.incoming, expected["is"])) == expected["is"]
        await made.close()
    play.check(provider)


@pytest.mark.parametrize("case", cases("stop"))
def test_who_wants_nothing_more_from_a_sender(case: Case) -> None:
    made, callback = gateway(case), request(case["stop"], Kind.STOPS)
    assert isinstance(made, TellsStops)
    if "error" in case:
        with pytest.raises(NotACallback) as refusal:
            made.stopped(callback)
        assert str(refusal.value) == case["error"]
    else:
        assert made.stopped(callback) == case["is"]


@pytest.mark.parametrize("case", cases("submit"))
async def test_what_is_submitted_and_answered(case: Case) -> None:
    asked, says = list[bytes](), iter(map(bytes.fromhex, case["says"]))

    async def smsc(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for said in says:
            length = await reader.readexactly(4)
            asked.append(length + await reader.readexactly(int.from_bytes(length) - 4))
            writer.write(said)
        await reader.read(1)
        writer.close()

    listener = await asyncio.start_server(smsc, "127.0.0.1", 0)
    made = gateway(case, f"smpp://127.0.0.1:{listener.sockets[0].getsockname()[1]}")
    batch = outgoing("255700000001", text=case["submit"])
    await sent_as_written(made, batch, case)
    await made.close()
    listener.close()
    assert asked == [bytes.fromhex(one) for one in case["asked"]]


def request(given: Case, kind: Kind) -> Request:
    named = {name: value for name, value in given.items() if name not in ("body", "hex")}
    body = bytes.fromhex(given["hex"]) if "hex" in given else octets(given.get("body", ""))
    return Request(**{**named, "kind": kind, "body": body})


@pytest.mark.parametrize("case", cases("incoming"))
def test_what_comes_in(case: Case) -> None:
    made, callback = gateway(case), request(case["incoming"], Kind.SMS)
    if "error" in case:
        with pytest.raises(NotACallback) as refusal:
            made.incoming(callback)
        assert str(refusal.value) == case["error"]
        return
    found = made.incoming(callback)
    assert of(found, case["is"]) == case["is"]
    for answer in case.get("answers", []):
        response: Response = made.answer(found, answer["reply"])
        assert (response.status, response.body) == (200, octets(answer["body"]))
        assert response.content_type == answer.get("content_type", "text/plain; charset=utf-8")


@pytest.mark.parametrize("case", cases("report"))
def test_what_is_reported(case: Case) -> None:
    made, callback = gateway(case), request(case["report"], Kind.REPORTS)
    if "error" in case:
        with pytest.raises(NotACallback) as refusal:
            made.reports(callback)
        assert str(refusal.value) == case["error"]
    else:
        found = made.reports(callback)
        assert [of(one, expected) for one, expected in zip(found, case["reports"], strict=True)] == case["reports"]


def test_every_gateway_has_its_cases() -> None:
    assert {file.stem.removesuffix("_sms") for file in FILES} == set(GATEWAYS)
