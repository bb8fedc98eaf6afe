"""Each collector's file of cases, through one runner: what is asked and delivered, and each answer, octet for octet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ussd_engine.channels import COLLECTORS, create_collector
from ussd_engine.channels.base import Kind, Request
from ussd_engine.channels.forms import Collector, FormSettings
from ussd_engine.errors import NotACallback
from ussd_engine.testing.channel_contract import settings

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*_forms.yaml"))
PLACES = {"check": Kind.CHECK, "form": Kind.FORMS}
Case = dict[str, Any]


def cases() -> list[Any]:
    found = []
    for file in FILES:
        document = yaml.safe_load(file.read_text())
        for case in document["cases"]:
            merged = {**case, "channel": document["channel"], "settings": document["settings"]}
            found.append(pytest.param(merged, id=f"{file.stem}: {case['label']}"))
    return found


def collector(case: Case) -> Collector:
    msisdn = settings(case["channel"]).msisdn
    return create_collector(FormSettings(name=case["channel"], msisdn=msisdn, options=case["settings"]))


@pytest.mark.parametrize("case", cases())
def test_the_case_holds(case: Case) -> None:
    made = collector(case)
    place = next(place for place in PLACES if place in case)
    request = Request(**{**case[place], "kind": PLACES[place], "body": case[place].get("body", "").encode()})
    read = made.asked if place == "check" else made.collected
    if "error" in case:
        with pytest.raises(NotACallback) as refusal:
            read(request)
        assert str(refusal.value) == case["error"]
        return
    found, expected = read(request), case["asked" if place == "check" else "collected"]
    assert {name: getattr(found, name) for name in expected} == expected
    for answer in case.get("answers", []):
        answered(made, answer)


def answered(made: Collector, answer: Case) -> None:
    match answer:
        case {"right": shown}:
            response = made.right(shown)
        case {"wrong": words}:
            response = made.wrong(words)
        case {"taken": words, "by_sms": by_sms}:
            response = made.taken(words, by_sms=by_sms)
        case {"refused": words}:
            response = made.refused(words, answer.get("field", ""), by_sms=answer.get("by_sms", True))
        case _:
            raise AssertionError(answer)
    assert (response.status, response.content_type) == (200, "application/json")
    assert response.body == answer["body"].encode()


def test_the_order_of_the_fields_is_that_of_the_settings_whatever_was_sent_first() -> None:
    (case,) = (one.values[0] for one in cases() if "names in another order" in one.id)
    made = collector(case)
    found = made.collected(Request(**{**case["form"], "kind": Kind.FORMS, "body": case["form"]["body"].encode()}))
    assert list(found.fields) == ["em_aina", "em_maelezo"]


def test_every_collector_has_its_cases() -> None:
    assert {file.stem.removesuffix("_forms") for file in FILES} == set(COLLECTORS)
