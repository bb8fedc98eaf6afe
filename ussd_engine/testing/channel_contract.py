"""What every channel must do, whoever wrote it.

    class TestMine(ChannelContract):
        def channel(self) -> Channel:
            return Mine(settings(name="mine"))

Needs pytest and hypothesis.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import hypothesis
import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ussd_engine.channels.base import (
    Answered,
    Channel,
    Dial,
    Kind,
    Posting,
    Request,
    Response,
    Settings,
    UnreadableReply,
)
from ussd_engine.channels.codes import Codes
from ussd_engine.channels.wire import FORM, JSON
from ussd_engine.errors import NotACallback
from ussd_engine.model import LegKind, Phase, Reply, Turn
from ussd_engine.testing.mangled import XML, doubled, lacking, media_type, spoilt, typed

CODE = "*152*00#"
NUMBER = "255700000001"
START = Dial(dialogue="ATUid_0123456789abcdef0123456789abcdef", dialled=CODE, msisdn=NUMBER)

TYPED = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)
SHOWN = TYPED.filter(lambda text: text == text.strip())
# one test runs in every subclass: what fails in one is only replayed, never trusted, in another; how long an example
# takes is the machine's, and no fault
inherited = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.differing_executors])

TYPES = ["", FORM, JSON, XML, "text/plain", f"{FORM}; charset=utf-7", "multipart/form-data; boundary=x"]


def settings(name: str, **options: object) -> Settings:
    """Settings with a country of twelve-digit numbers and one served code."""
    return Settings(name=name, msisdn=_msisdn, codes=Codes([CODE]), options=options)


def _msisdn(text: str) -> str | None:
    digits = text.strip().lstrip("+")
    return digits if len(digits) == 12 and digits.isdecimal() else None


def parse(channel: Channel, request: Request) -> Turn:
    """The turn of a request, by the address that it came to."""
    return (channel.parse_event if request.kind is Kind.EVENTS else channel.parse)(request)


class ChannelContract(ABC):
    """Subclass, and say how the channel is made."""

    optional: ClassVar[frozenset[str]] = frozenset()
    """Wire fields that a callback, or a later leg, may lack."""
    carries_nul: ClassVar[bool] = True
    """False where the wire itself cannot (XML), nor the two characters at the end of Unicode's first plane."""
    carries_code: ClassVar[bool] = True
    """False where no start says which code was dialled."""

    dialogue: ClassVar[str] = START.dialogue
    """How a dialogue is named that the wire was given as that of `START`: some have room for a small number alone."""

    @abstractmethod
    def channel(self) -> Channel:
        """A new channel, made from `settings`."""

    def later(self, *inputs: str) -> Request:
        return self.channel().build(msgspec.structs.replace(START, inputs=inputs))

    def requests(self) -> list[Request]:
        """One of each kind that the provider makes."""
        channel = self.channel()
        close = channel.build_close(START)
        return [channel.build(START), self.later("1"), *([close] if close else [])]

    def doubled(self, request: Request) -> Iterator[Request]:
        """The request with each of its fields a second time."""
        return doubled(request)

    def lacking(self, request: Request) -> Iterator[tuple[str, Request]]:
        """The request without each of its fields, which is named."""
        return lacking(request)

    def refusal(self, request: Request) -> str:
        """The words of a refusal; empty where the request was read as a turn, or has an answer of its own."""
        try:
            parse(self.channel(), request)
        except NotACallback as error:
            return str(error) or "refused"
        except Answered:
            return ""
        return ""

    def carries(self, *texts: str) -> bool:
        """Whether the wire can hold these."""
        return self.carries_nul or not any(one in text for text in texts for one in "\ufffe\uffff")

    def refused(self, request: Request) -> bool:
        return bool(self.refusal(request))

    def ends(self, request: Request) -> bool:
        """Whether a request is read as the end of its dialogue, which it names; it may lack all else."""
        try:
            turn = parse(self.channel(), request)
        except (NotACallback, Answered):
            return False
        return turn.phase is Phase.CLOSED and turn.dialogue == self.dialogue

    def test_a_built_start_is_read_as_a_start(self) -> None:
        channel = self.channel()
        turn = channel.parse(channel.build(START))
        assert (turn.channel, turn.dialogue) == (channel.name, self.dialogue)
        assert (turn.phase, turn.text, turn.msisdn) == (Phase.START, "", NUMBER)
        assert turn.service_code == (CODE if self.carries_code else channel.profile.code)

    def test_digits_dialled_behind_the_code_arrive_with_the_first_leg(self) -> None:
        channel = self.channel()
        turn = channel.parse(channel.build(msgspec.structs.replace(START, dialled="*152*00*9*2#")))
        expected = "9*2" if channel.profile.passes_digits else ""
        assert turn.text == expected

    @inherited
    @given(TYPED, TYPED)
    def test_a_built_input_is_read_as_that_input(self, first: str, second: str) -> None:
        assume(self.carries(first, second))
        channel = self.channel()
        turn = channel.parse(self.later(first, second))
        assert turn.phase is Phase.INPUT
        assert turn.dialogue == self.dialogue
        assert turn.text == (f"{first}*{second}" if turn.leg_kind is LegKind.CUMULATIVE else second)

    def test_an_equal_answer_later_is_another_leg_where_the_wire_tells_legs_apart(self) -> None:
        channel = self.channel()
        once, twice = channel.parse(self.later("1")), channel.parse(self.later("1", "1"))
        assert (once == twice) is (once.leg_kind is LegKind.WINDOW)

    def test_a_close_is_read_as_closed(self) -> None:
        channel = self.channel()
        close = channel.build_close(START)
        if close is None:
            pytest.skip("the provider announces no end")
        turn = parse(channel, close)
        assert (turn.phase, turn.dialogue) == (Phase.CLOSED, self.dialogue)
        assert channel.reply(Reply("Karibu", False), turn).status == 200
        assert b"Karibu" not in channel.reply(Reply("Karibu", False), turn).body

    @inherited
    @given(SHOWN, st.booleans())
    def test_an_answer_is_shown_as_it_was_written(self, text: str, ends: bool) -> None:
        assume(self.carries(text))
        channel = self.channel()
        response = channel.reply(Reply(text, ends), channel.parse(channel.build(START)))
        assert response.status == 200
        assert channel.read(response) == Reply(text, ends)

    def test_an_answer_can_be_given_without_a_turn(self) -> None:
        channel = self.channel()
        assert channel.read(channel.reply(Reply("Samahani", True), None)) == Reply("Samahani", True)

    @inherited
    @given(st.binary(max_size=80), st.sampled_from([200, 404, 500]))
    def test_what_is_no_answer_is_unreadable(self, body: bytes, status: int) -> None:
        try:
            reply = self.channel().read(Response(body=body, status=status))
        except UnreadableReply:
            return
        assert status == 200
        assert isinstance(reply, Reply)

    @inherited
    @given(st.binary(max_size=200), st.sampled_from(TYPES), st.sampled_from(["GET", "POST", "PUT"]), st.text())
    def test_a_hostile_request_is_a_turn_or_is_refused(self, body: bytes, type_: str, method: str, query: str) -> None:
        for kind in Kind:
            headers = {"content-type": type_}
            self.refused(Request(method=method, kind=kind, query=query, headers=headers, body=body))

    @inherited
    @given(st.data())
    def test_a_broken_copy_of_a_callback_is_a_turn_or_is_refused(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(self.requests()))
        cut = data.draw(st.integers(0, max(len(request.body), len(request.query))))
        noise = data.draw(st.binary(max_size=4))
        body = request.body[:cut] + noise + request.body[cut:] if request.body else noise
        query = request.query[:cut] + noise.decode("latin-1") + request.query[cut:]
        self.refused(msgspec.structs.replace(request, body=body, query=query))

    def test_a_field_that_stands_twice_is_refused(self) -> None:
        for request in self.requests():
            for twice in self.doubled(request):
                assert self.refused(twice)

    def test_a_field_that_is_missing_is_refused(self) -> None:
        for request in self.requests():
            for name, without in self.lacking(request):
                assert self.refused(without) or name in self.optional or self.ends(without), name

    def test_bytes_that_are_not_utf_8_are_refused(self) -> None:
        for request in self.requests():
            if request.body:
                assert self.refused(msgspec.structs.replace(request, body=spoilt(request.body, NUMBER, START.dialogue)))
            if request.query:
                assert self.refused(msgspec.structs.replace(request, query=request.query + "%FF"))

    @pytest.mark.parametrize("charset", ["utf-7", "iso-8859-1", "utf-16", "x-unknown", '"utf-7"', ""])
    def test_another_charset_is_refused(self, charset: str) -> None:
        for request in self.requests():
            if request.method == "POST":
                assert self.refused(typed(request, f"{media_type(request)}; charset={charset}"))

    def test_utf_8_may_be_said_in_any_case(self) -> None:
        for request in self.requests():
            if request.method == "POST":
                assert not self.refused(typed(request, f"{media_type(request).title()}; Charset=UTF-8"))

    def test_another_body_type_is_refused(self) -> None:
        for request in self.requests():
            if request.method == "POST":
                wrong = FORM if media_type(request) == JSON else JSON
                assert self.refused(typed(request, wrong))
                assert self.refused(typed(request, ""))
                assert self.refused(msgspec.structs.replace(request, body=b""))

    def test_another_method_is_refused(self) -> None:
        for request in self.requests():
            assert self.refused(msgspec.structs.replace(request, method="PUT"))

    def test_a_nul_passes_on_to_the_cleaning_of_text(self) -> None:
        if not self.carries_nul:
            pytest.skip("the wire cannot carry it")
        assert self.channel().parse(self.later("a\0b")).text == "a\0b"

    def test_no_refusal_repeats_what_was_sent(self) -> None:
        for request in self.requests():
            for broken in (*self.doubled(request), *(without for _, without in self.lacking(request))):
                assert NUMBER not in self.refusal(broken)
                assert START.dialogue not in self.refusal(broken)


class PostingContract(ChannelContract):
    """For a channel whose provider has its screens posted."""

    def posting(self) -> Posting:
        channel = self.channel()
        assert isinstance(channel, Posting)
        return channel

    def test_an_acknowledgement_is_no_screen_and_finds_no_fault(self) -> None:
        posting = self.posting()
        assert posting.fault(posting.acknowledged) == ""
        with pytest.raises(UnreadableReply):
            self.channel().read(posting.acknowledged)

    def test_what_is_posted_names_its_dialogue(self) -> None:
        for request in (self.channel().build(START), self.later("1")):
            turn = self.channel().parse(request)
            assert self.posting().addressee(self.channel().reply(Reply("Karibu", False), turn).body) == START.dialogue

    @pytest.mark.parametrize("status", [199, 301, 403, 500])
    def test_another_status_is_a_fault_whatever_is_said(self, status: int) -> None:
        posting = self.posting()
        assert posting.fault(msgspec.structs.replace(posting.acknowledged, status=status))

    @inherited
    @given(st.binary(max_size=80))
    def test_what_is_no_acknowledgement_is_a_fault(self, body: bytes) -> None:
        assert self.posting().fault(Response(body=body))
