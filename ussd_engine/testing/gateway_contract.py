"""What every gateway of SMS must do, however it is reached; `sms_contract` says the rest for those over HTTP.

Needs pytest and hypothesis.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine.channels.base import Kind, Request
from ussd_engine.channels.sms import Gateway, Pulls, SmsSettings, TellsStops
from ussd_engine.errors import NotACallback
from ussd_engine.sms.message import Incoming, Outgoing, Progress, Report
from ussd_engine.testing.channel_contract import TYPES, inherited

NUMBERS = ("255700000001", "255700000002", "255700000003")
TEXT = "Lalamiko limepokelewa: 482915037"
KEY = "CANARY-0123456789"
NOW_MS = 1_768_458_600_000
"""2026-01-15, 06:30:00 UTC."""
NOWHERE = "http://127.0.0.1:9"
CANARIES = (*NUMBERS, "482915037", KEY)

TAKEN = frozenset({Progress.ACCEPTED, Progress.SENT})
SAID = TAKEN | {Progress.REJECTED, Progress.FAILED}


def settings(name: str, **options: object) -> SmsSettings:
    """Settings with a country of twelve-digit numbers and a clock that stands."""
    return SmsSettings(name=name, msisdn=_msisdn, options=options, clock=lambda: NOW_MS)


def _msisdn(text: str) -> str | None:
    digits = text.strip().lstrip("+")
    return digits if len(digits) == 12 and digits.isdecimal() else None


def outgoing(*numbers: str, text: str = TEXT) -> list[Outgoing]:
    """A batch, its ids 1, 2, 3…"""
    return [Outgoing(id=n.to_bytes(16), msisdn=number, text=text) for n, number in enumerate(numbers, 1)]


def told(said: object) -> str:
    """All that a fault or an answer says in words."""
    return str(said) if isinstance(said, Exception) else repr(msgspec.to_builtins(said))


class GatewayContract(ABC):
    """Subclass, and say how the gateway is made and what its provider brings."""

    @abstractmethod
    def gateway(self, url: str) -> Gateway:
        """A new gateway, whose provider is at `url` and whose keys are `KEY`."""

    def incoming(self) -> list[Request]:
        """An SMS of `NUMBERS[0]` that says `TEXT`, in each form that the provider has."""
        return []

    def report(self, status: str) -> Request | None:
        """A report with this status, of a message that the provider knows as `m1`."""
        return None

    def renamed(self, request: Request, sender: str) -> Request:
        """An SMS of `NUMBERS[0]` as of another sender."""
        return _replaced(request, NUMBERS[0], sender)

    async def test_closing_is_harmless_before_and_after(self) -> None:
        gateway = self.gateway(NOWHERE)
        await gateway.close()
        await gateway.close()

    def test_an_sms_is_read(self) -> None:
        gateway = self.gateway(NOWHERE)
        for request in self.incoming():
            found = gateway.incoming(request)
            assert (found.channel, found.msisdn, found.text) == (gateway.name, NUMBERS[0], TEXT)

    def test_an_sms_is_acknowledged_and_answered_where_replies_travel_so(self) -> None:
        gateway = self.gateway(NOWHERE)
        for request in self.incoming():
            found = gateway.incoming(request)
            assert gateway.answer(found, None).status == 200
            answered = gateway.answer(found, "Asante, tumepokea")
            assert answered.status == 200
            assert (b"Asante, tumepokea" in answered.body) is gateway.replies_in_band
        assert gateway.answer(None, None).status == 200

    def test_who_is_no_number_of_the_country_is_nobody(self) -> None:
        gateway = self.gateway(NOWHERE)
        for request in self.incoming():
            assert gateway.incoming(self.renamed(request, "VODACOM")).msisdn == ""

    def test_a_status_that_nobody_knows_is_kept(self) -> None:
        request = self.report("Karibu")
        if request is None:
            pytest.skip("no report comes")
        [found] = self.gateway(NOWHERE).reports(request)
        assert (found.channel, found.status, found.progress) == (self.gateway(NOWHERE).name, "Karibu", None)
        assert found.provider_id.startswith("m1")

    def test_a_status_tells_nobodys_number(self) -> None:
        request = self.report(f"sent to {NUMBERS[0]}")
        for found in self.gateway(NOWHERE).reports(request) if request else []:
            assert NUMBERS[0] not in told(found)

    @inherited
    @given(st.binary(max_size=200), st.sampled_from(TYPES), st.sampled_from(["GET", "POST", "PUT"]), st.text())
    def test_a_hostile_request_is_read_or_refused(self, body: bytes, type_: str, method: str, query: str) -> None:
        for kind in (Kind.SMS, Kind.REPORTS, Kind.STOPS):
            headers = {"content-type": type_}
            self.refusal(Request(method=method, kind=kind, query=query, headers=headers, body=body))

    @inherited
    @given(st.data())
    def test_a_broken_copy_is_read_or_refused(self, data: st.DataObject) -> None:
        nothing = Request(method="POST", kind=Kind.SMS)
        request = data.draw(st.sampled_from([*self.callbacks(), nothing]))
        cut = data.draw(st.integers(0, max(len(request.body), len(request.query))))
        noise = data.draw(st.binary(max_size=4))
        body = request.body[:cut] + noise + request.body[cut:] if request.body else noise
        query = request.query[:cut] + noise.decode("latin-1") + request.query[cut:]
        self.refusal(msgspec.structs.replace(request, body=body, query=query))

    def test_another_method_and_other_octets_are_refused_without_a_word_of_them(self) -> None:
        for request in self.callbacks():
            worse = [msgspec.structs.replace(request, method="PUT")]
            if request.body:
                worse.append(msgspec.structs.replace(request, body=b"\xff" + request.body))
            if request.query:
                worse.append(msgspec.structs.replace(request, query=request.query + "%FF&text=%FF"))
            for broken in worse:
                refusal = self.refusal(broken)
                assert refusal
                assert not any(canary in refusal for canary in CANARIES)

    async def test_nothing_is_pulled_of_nothing(self) -> None:
        gateway = self.gateway(NOWHERE)
        if isinstance(gateway, Pulls):
            assert await gateway.pull([]) == []
        await gateway.close()

    def callbacks(self) -> list[Request]:
        """One of each kind that the provider makes."""
        report = self.report("Karibu")
        return [*self.incoming(), *([report] if report else [])]

    def refusal(self, request: Request) -> str:
        """The words of a refusal; empty where the request was read."""
        gateway = self.gateway(NOWHERE)
        found: Incoming | Sequence[Report]
        try:
            if request.kind is Kind.STOPS:
                return "" if isinstance(gateway, TellsStops) and gateway.stopped(request) else "nobody"
            found = gateway.reports(request) if request.kind is Kind.REPORTS else gateway.incoming(request)
        except NotACallback as error:
            return str(error) or "refused"
        assert isinstance(found, Incoming | list)
        return ""


def _replaced(request: Request, old: str, new: str) -> Request:
    return msgspec.structs.replace(
        request,
        query=request.query.replace(old, new),
        body=request.body.replace(old.encode(), new.encode()),
        headers={name: value.replace(old, new) for name, value in request.headers.items()},
    )
