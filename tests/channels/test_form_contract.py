"""The contract of a collector, run over every built-in one, and over one that a package outside brings."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest

from ussd_engine import channels
from ussd_engine.channels import create_collector
from ussd_engine.channels.base import Kind, Request
from ussd_engine.channels.forms import Collector
from ussd_engine.channels.wire import FORM, JSON
from ussd_engine.testing.forms_contract import CollectorContract, settings

OUTSIDE = Path(__file__).parent / "outside"


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(OUTSIDE))
    importlib.invalidate_caches()


class TestMgovForms(CollectorContract):
    def collector(self, **options: object) -> Collector:
        return create_collector(settings("mgov", **options))

    def check(self, field: str, text: str) -> Request:
        return self.posted(Kind.CHECK, {"data": text}, urlencode({"field": field}))

    def form(self, number: str, fields: Mapping[str, str]) -> Request:
        return self.posted(Kind.FORMS, {"msisdn": number, **fields})

    def posted(self, kind: Kind, document: Mapping[str, str], query: str = "") -> Request:
        headers, body = {"content-type": JSON}, json.dumps(document, ensure_ascii=False).encode()
        return Request(method="POST", kind=kind, query=query, headers=headers, body=body)


class TestOutsideForms(CollectorContract):
    """Found by its entry point, like any other package's."""

    def collector(self, **options: object) -> Collector:
        return create_collector(settings("slip", **options))

    def check(self, field: str, text: str) -> Request:
        return self.posted(Kind.CHECK, {"field": field, "typed": text})

    def form(self, number: str, fields: Mapping[str, str]) -> Request:
        return self.posted(Kind.FORMS, {"phone": number, **fields})

    def posted(self, kind: Kind, fields: Mapping[str, str]) -> Request:
        return Request(method="POST", kind=kind, headers={"content-type": FORM}, body=urlencode(fields).encode())


def test_every_collector_keeps_the_contract() -> None:
    assert channels.form_names() == sorted([*channels.COLLECTORS, "slip"])
    tested = {case().collector().name for case in CollectorContract.__subclasses__()}
    assert tested == {*channels.COLLECTORS, "slip"}
