"""What a channel must do besides that is reached over a bind. Needs pytest and hypothesis."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine.channels.base import Bound, Request, delivered
from ussd_engine.model import Reply
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.pdu import Sm
from ussd_engine.testing.channel_contract import START, ChannelContract, inherited


def held(request: Request) -> Sm:
    """What the PDU of a request holds."""
    return p.parse_sm(p.parse(request.body).body)


def holding(sm: Sm, behind: bytes = b"") -> Request:
    """The request of a PDU, with octets behind it that its length counts."""
    return delivered(p.dump(p.Pdu(p.DELIVER_SM, p.OK, 1, p.dump_sm(sm) + behind)))


class BoundContract(ChannelContract):
    """For a channel whose legs are PDUs."""

    def bound(self) -> Bound:
        channel = self.channel()
        assert isinstance(channel, Bound)
        return channel

    def doubled(self, request: Request) -> Iterator[Request]:
        sm = held(request)
        for tag, value in sm.options.items():
            yield holding(sm, p.dump_options({tag: value}))

    def lacking(self, request: Request) -> Iterator[tuple[str, Request]]:
        sm = held(request)
        for lost in sm.options:
            left = {tag: value for tag, value in sm.options.items() if tag != lost}
            yield f"0x{lost:04X}", holding(msgspec.structs.replace(sm, options=left))

    def test_without_an_address_it_is_not_bound(self) -> None:
        assert self.bound().account is None

    def test_what_is_sent_names_its_dialogue(self) -> None:
        for request in (self.channel().build(START), self.later("1")):
            turn = self.channel().parse(request)
            assert self.bound().addressee(self.channel().reply(Reply("Karibu", False), turn).body) == self.dialogue

    @inherited
    @given(st.binary(max_size=300))
    def test_hostile_octets_are_a_turn_or_are_refused(self, octets: bytes) -> None:
        self.refused(delivered(octets))
        self.refused(delivered(p.dump(p.Pdu(p.DELIVER_SM, p.OK, 1, octets))))

    @inherited
    @given(st.data())
    def test_a_body_with_a_hole_or_noise_in_it_is_a_turn_or_is_refused(self, data: st.DataObject) -> None:
        body = data.draw(st.sampled_from(self.requests())).body[p.HEADER :]
        cut = data.draw(st.integers(0, len(body)))
        lost, noise = data.draw(st.integers(0, 4)), data.draw(st.binary(max_size=4))
        self.refused(delivered(p.dump(p.Pdu(p.DELIVER_SM, p.OK, 1, body[:cut] + noise + body[cut + lost :]))))

    def test_a_body_that_ends_anywhere_is_a_turn_or_is_refused(self) -> None:
        for request in self.requests():
            for size in range(len(request.body) - p.HEADER):
                body = request.body[p.HEADER : p.HEADER + size]
                assert self.refused(delivered(p.dump(p.Pdu(p.DELIVER_SM, p.OK, 1, body))))
