"""Each provider's file of cases, through one runner: a label, a request or a reply, and what must come of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from ussd_engine.channels import CHANNELS, create
from ussd_engine.channels.base import Answered, Channel, Dial, Kind, Request, Response
from ussd_engine.errors import NotACallback
from ussd_engine.model import Reply, Turn
from ussd_engine.testing.channel_contract import parse, settings

HERE = Path(__file__).parent
FILES = sorted(file for file in HERE.glob("*.yaml") if not file.stem.endswith(("_sms", "_forms")))


def cases() -> list[Any]:
    found = []
    for file in FILES:
        document = yaml.safe_load(file.read_text())
        for case in document["cases"]:
            merged = {"channel": document["channel"], "settings": document.get("settings", {}), **case}
            found.append(pytest.param(merged, id=f"{file.stem}: {case['label']}"))
    return found


def channel(case: dict[str, Any]) -> Channel:
    given = case["settings"]
    base = settings(case["channel"], **given.get("options", {}))
    return create(msgspec.structs.replace(base, networks=given.get("networks", {})))


def request(given: dict[str, Any], kind: Kind = Kind.USSD) -> Request:
    named = {name: value for name, value in given.items() if name not in ("body", "hex")}
    return Request(**{**named, "kind": kind, "body": octets(given)})


def octets(given: dict[str, Any]) -> bytes:
    """A body as it is written down: as text, or where it is none by its octets."""
    return bytes.fromhex(given["hex"]) if "hex" in given else str(given.get("body", "")).encode()


def written(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != "hex"} | {"body": octets(given)}


@pytest.mark.parametrize("case", cases())
def test_the_case_holds(case: dict[str, Any]) -> None:
    if "reply" in case:
        answered(case)
    elif "dial" in case:
        built(case)
    elif "answer" in case:
        answered_alone(case)
    else:
        parsed(case)


def parsed(case: dict[str, Any]) -> None:
    callback = request(case["event"], Kind.EVENTS) if "event" in case else request(case["request"])
    if "error" in case:
        with pytest.raises(NotACallback) as refusal:
            parse(channel(case), callback)
        assert str(refusal.value) == case["error"]
    else:
        turn: Turn = parse(channel(case), callback)
        assert {name: getattr(turn, name) for name in case["turn"]} == case["turn"]


def answered(case: dict[str, Any]) -> None:
    made = channel(case)
    turn = parse(made, request(case["to"])) if "to" in case else None
    compared(made.reply(msgspec.convert(case["reply"], Reply), turn), case["response"])


def answered_alone(case: dict[str, Any]) -> None:
    with pytest.raises(Answered) as found:
        parse(channel(case), request(case["request"]))
    compared(found.value.response, case["answer"])


def compared(response: Response, given: dict[str, Any]) -> None:
    expected = written(given)
    assert {name: getattr(response, name) for name in expected} == expected


def built(case: dict[str, Any]) -> None:
    made = channel(case).build(msgspec.convert(case["dial"], Dial))
    expected = written(case["request"])
    assert {name: getattr(made, name) for name in expected} == expected


def test_every_channel_has_its_cases() -> None:
    assert {file.stem for file in FILES} == set(CHANNELS)
