"""What USSD over SMPP and its vendors do that nobody would expect, each a test by its name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine import gsm
from ussd_engine.channels import create
from ussd_engine.channels.base import Answered, Channel, Request
from ussd_engine.errors import ConfigError, NotACallback
from ussd_engine.model import LegKind, Phase, Reply
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.alphabet import decoded, decoded_ussd, encoded, utf16
from ussd_engine.smpp.pdu import Address, Sm
from ussd_engine.testing.bound_contract import holding
from ussd_engine.testing.channel_contract import CODE, NUMBER, settings

SHORT = "15200"


def make(**options: Any) -> Channel:
    return create(settings("smpp", **options))


def leg(op: int, text: str = "", info: bytes = b"\x07\x02", **fields: Any) -> Request:
    options = {p.USSD_SERVICE_OP: bytes((op,)), p.ITS_SESSION_INFO: info, **fields.pop("options", {})}
    sm = {"source": Address(NUMBER, 1, 1), "destination": Address("152*00"), "short": text.encode(), **fields}
    return holding(Sm(options=options, **sm))


def sent(channel: Channel, request: Request, ends: bool = False, text: str = "Asante") -> Sm:
    body = channel.reply(Reply(text, ends), channel.parse(request)).body
    return p.parse_sm(p.parse(body).body)


# ussd_service_op


@pytest.mark.parametrize(("op", "phase"), [(1, Phase.START), (18, Phase.INPUT), (0x81, Phase.CLOSED)])
def test_the_op_says_what_a_leg_is(op: int, phase: Phase) -> None:
    assert make().parse(leg(op, CODE)).phase is phase


@pytest.mark.parametrize("op", [0, 2, 3, 4, 15, 16, 17, 20, 31, 32, 0x80, 0x82, 255])
def test_no_other_op_is_a_leg(op: int) -> None:
    with pytest.raises(NotACallback):
        make().parse(leg(op, CODE))


def test_a_notification_that_was_shown_is_no_answer_of_hers() -> None:
    with pytest.raises(Answered):
        make().parse(leg(19, "1"))


@pytest.mark.parametrize(("layout", "final"), [("standard", 17), ("6d", 0x17), ("mica", 0x17)])
def test_vendors_end_with_another_op(layout: str, final: int) -> None:
    channel = make(layout=layout)
    request = leg(18, "1", options={p.USER_MESSAGE_REFERENCE: b"\0\7"})
    assert sent(channel, request).options[p.USSD_SERVICE_OP] == b"\2"
    assert sent(channel, request, ends=True).options[p.USSD_SERVICE_OP] == bytes((final,))
    assert sent(make(layout=layout, final_op=3), request, ends=True).options[p.USSD_SERVICE_OP] == b"\3"


# its_session_info


def test_a_session_is_a_small_number_and_never_without_the_phone() -> None:
    one, other = make().parse(leg(18, "1")), make().parse(leg(18, "1", source=Address("255700000002", 1, 1)))
    assert one.dialogue != other.dialogue


def test_the_sequence_of_a_session_tells_a_repeat_from_an_equal_answer() -> None:
    channel = make()
    once, again, next_ = leg(18, "1", b"\x07\x02"), leg(18, "1", b"\x07\x02"), leg(18, "1", b"\x07\x04")
    assert channel.parse(once) == channel.parse(again) != channel.parse(next_)
    assert channel.parse(once).leg_kind is LegKind.SEQUENCE


def test_a_network_that_leaves_the_numbers_to_us_sends_back_one_that_grew() -> None:
    channel, info, numbers = make(), b"\x07\x00", []
    for _ in range(5):
        request = leg(18, "1", info)
        numbers.append(channel.parse(request).sequence)
        info = sent(channel, request).options[p.ITS_SESSION_INFO]
    assert numbers == [0, 1, 2, 3, 4]


def test_where_the_numbers_are_not_relied_upon_what_came_goes_back() -> None:
    for legs, info in (("window", b"\x07\x02"), ("numbered", b"\x07\x04")):
        assert sent(make(legs=legs), leg(18, "1", b"\x07\x02")).options[p.ITS_SESSION_INFO] == info
    assert sent(make(), leg(18, "1", b"\x07\xfe")).options[p.ITS_SESSION_INFO] == b"\x07\x00"


def test_six_d_has_no_sequence_but_fifteen_bits_of_session() -> None:
    channel = make(layout="6d")
    turns = [channel.parse(leg(18, "1", info)) for info in (b"\x07\x02", b"\x07\x04")]
    assert turns[0].dialogue != turns[1].dialogue
    assert {turn.leg_kind for turn in turns} == {LegKind.WINDOW}
    assert channel.profile.hold_s > 0


def test_mica_has_the_session_in_the_reference_of_the_message() -> None:
    channel = make(layout="mica")
    turn = channel.parse(leg(18, "1", options={p.USER_MESSAGE_REFERENCE: b"\x12\x34"}))
    assert (turn.dialogue, turn.leg_kind) == (f"{NUMBER}-1234", LegKind.WINDOW)


def test_the_lowest_bit_of_the_session_is_the_end() -> None:
    for layout in ("standard", "6d"):
        assert make(layout=layout).parse(leg(18, "1", b"\x07\x03")).phase is Phase.CLOSED
        channel = make(layout=layout, legs="window")
        screen, last = (sent(channel, leg(18, "1"), ends=ends) for ends in (False, True))
        assert screen.options[p.ITS_SESSION_INFO] == b"\x07\x02"
        assert last.options[p.ITS_SESSION_INFO] == b"\x07\x03"


def test_an_octet_above_127_is_an_octet() -> None:
    turn = make().parse(leg(0x81, info=b"\xff\xfe"))
    assert (turn.phase, turn.dialogue, turn.sequence) == (Phase.CLOSED, f"{NUMBER}-ff", 127)


# addresses and codes


def test_the_code_stands_in_the_message_or_in_the_address() -> None:
    assert make().parse(leg(1, CODE)).service_code == CODE
    there = leg(1, "", destination=Address(CODE))
    assert make(code_in="destination_addr").parse(there).service_code == CODE


def test_a_screen_goes_back_to_the_address_that_it_came_from_with_its_types() -> None:
    request = leg(18, "1", source=Address(f"+{NUMBER}", 1, 8), destination=Address("152", 3, 9))
    sm = sent(make(), request)
    assert (sm.source, sm.destination) == (Address("152", 3, 9), Address(f"+{NUMBER}", 1, 8))


def test_a_screen_says_that_it_is_ussd_and_asks_for_no_receipt() -> None:
    sm = sent(make(), leg(18, "1"))
    assert (sm.service_type, sm.registered, sm.esm_class) == ("USSD", 0, 0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"final_op": 2, "end_bit": False}, "final_op: 2 is the op of a screen that waits"),
        ({"layout": "mica", "end_bit": True}, "end_bit: there is none in the layout mica"),
        ({"layout": "huawei"}, "layout"),
        ({"url": "http://127.0.0.1"}, "url: expected smpps://HOST:PORT"),
        ({"url": "smpp://smsc.example.org"}, "url: expected smpps://; without TLS"),
        ({"url": "smpp://10.0.0.1:port"}, "url: expected"),
        ({"url": "smpp://10.0.0.1", "password": "123456789"}, "password: SMPP has room for 8 characters"),
        ({"url": "smpp://10.0.0.1", "system_id": "x" * 16}, "system_id: SMPP has room for 15"),
        ({"url": "smpps://10.0.0.1", "ca": "nowhere.pem"}, "ca: there is no file nowhere.pem"),
        ({"window": 0}, "window"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        make(**options)
    assert str(refusal.value).startswith('channel "smpp": ')
    assert words in str(refusal.value)
    assert "123456789" not in str(refusal.value)


def test_the_ports_are_those_of_smpp() -> None:
    accounts: list[Any] = [make(url=url) for url in ("smpp://10.0.0.1", "smpps://smsc.example.org", "smpp://h:1")]
    assert [(one.account.port, one.account.tls) for one in accounts] == [(2775, False), (3550, True), (1, False)]


@pytest.mark.parametrize("host", ["smsc.example.org", "198.51.100.7", "[2001:db8::7]"])
def test_a_host_of_another_network_is_reached_in_clear_through_a_tunnel_alone(host: str) -> None:
    with pytest.raises(ConfigError, match="which tunnel = true says"):
        make(url=f"smpp://{host}")
    tunnelled: Any = make(url=f"smpp://{host}", tunnel=True)
    assert tunnelled.account.host == host.strip("[]")
    assert not tunnelled.account.tls


# data_coding


def typed(octets: bytes, coding: int, **options: Any) -> str:
    return make(**options).parse(leg(18, short=octets, coding=coding)).text


@pytest.mark.parametrize("coding", [0, 0x0F, 0x10, 0x12, 0x20, 0x33, 0x40, 0x43, 0x50, 0xF0])
def test_the_default_alphabet_has_many_numbers(coding: int) -> None:
    assert typed(b"\x00\x1b\x65", coding) == "@€"


@pytest.mark.parametrize("coding", [8, 0x18, 0x48, 0x58])
def test_ucs_2_has_many_numbers(coding: int) -> None:
    assert typed("ng’ombe".encode("utf-16-be"), coding) == "ng’ombe"


@pytest.mark.parametrize("read", [decoded, decoded_ussd])
@pytest.mark.parametrize("coding", [2, 4, 5, 9, 0x44, 0x60, 0xF4, 255])
def test_what_is_no_text_is_refused(read: Any, coding: int) -> None:
    with pytest.raises(NotACallback):
        read(b"1", coding, "gsm7")


@pytest.mark.parametrize("alphabet", ["gsm7", "latin-1", "ascii"])
@pytest.mark.parametrize(
    ("octets", "coding", "text"),
    [
        (b"sw\rMaji", 0x10, "Maji"),
        (b"sw\r", 0x10, ""),
        (b"1", 0x10, "1"),
        (b"Maji", 0x10, "Maji"),
        (b"\xf3\x3b\0M\0a\0j\0i", 0x11, "Maji"),
        (b"\x65\x37\x20\x13", 0x11, "–"),
        (b"\x65\x37", 0x11, ""),
        (b"\x001", 0x11, "1"),
        (b"", 0x11, ""),
    ],
)
def test_a_text_of_ussd_may_stand_behind_its_language(octets: bytes, coding: int, text: str, alphabet: str) -> None:
    assert typed(octets, coding, alphabet=alphabet) == text


def test_in_an_sms_the_same_numbers_tell_its_class() -> None:
    assert [decoded(b"sw\rMaji", coding, "gsm7") for coding in (0x10, 0x11)] == ["sw\rMaji"] * 2


def test_an_escape_before_a_sign_without_an_extension_shows_the_sign() -> None:
    assert decoded(b"\x1bA\x1b\x1bB\x1b", 0, "gsm7") == "A B"


def test_a_text_that_the_alphabet_lacks_is_none_of_it() -> None:
    assert encoded("–", "gsm7") is None
    assert encoded("Δ", "gsm7") == b"\x10"
    assert encoded("Δ", "latin-1") is None
    assert utf16("Δ") == b"\x03\x94"


@pytest.mark.parametrize(
    ("alphabet", "text", "coding", "shown"),
    [
        ("latin-1", "Eneo: 5Ω", 8, "Eneo: 5Ω"),
        ("latin-1", "Eneo: 5Ω, café €" + "x" * 144, 0, "Eneo: 5?, café ?" + "x" * 144),
        ("ascii", "café" + "x" * 76, 8, "café" + "x" * 76),
        ("ascii", "café ¡ØΔ!" + "x" * 151, 0, "cafe ???!" + "x" * 151),
        ("ascii", "“café”" + "x" * 74, 8, "“café”" + "x" * 74),
        ("gsm7", "café Ω" + "x" * 154, 0, "café Ω" + "x" * 154),
    ],
)
def test_a_sign_that_the_alphabet_lacks_gives_way_where_ucs_2_has_no_room(
    alphabet: Any, text: str, coding: int, shown: str
) -> None:
    sm = sent(make(alphabet=alphabet), leg(18, "1"), text=text)
    assert (sm.coding, decoded_ussd(sm.message, sm.coding, alphabet)) == (coding, shown)


def test_where_the_wire_has_no_ucs_2_nothing_leaves_the_alphabet() -> None:
    sm = sent(make(alphabet="ascii", units=0), leg(18, "1"), text="café")
    assert (sm.coding, sm.message) == (0, b"cafe")


@pytest.mark.parametrize("alphabet", ["gsm7", "latin-1", "ascii"])
@given(text=st.text(gsm.BASIC + gsm.EXTENSION + "–ŵ😀", max_size=200))
def test_a_screen_within_the_budget_is_within_the_160_octets_of_the_bearer(alphabet: str, text: str) -> None:
    sm = sent(make(alphabet=alphabet), leg(18, "1"), text=gsm.cut(text, 160))
    assert len(sm.message) <= 160
