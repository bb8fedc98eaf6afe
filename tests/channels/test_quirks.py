"""What providers do that nobody would expect: each quirk a test by its name, beside the cases byte for byte."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from ussd_engine.channels import CHANNELS, create
from ussd_engine.channels.base import ACKNOWLEDGED, DELIVERED, Answered, Channel, Dial, Request
from ussd_engine.errors import NotACallback
from ussd_engine.model import LegKind, Phase, Reply, Turn
from ussd_engine.smpp.pdu import Address
from ussd_engine.testing.bound_contract import held, holding
from ussd_engine.testing.channel_contract import CODE, NUMBER, START, settings

SPELLINGS = ("152*00", "*152*00", "152*00#", "*152*00#", "*152*00%23", "%2A152%2A00%23")
CARRYING = sorted(set(CHANNELS) - {"beem"})
"""Those whose first leg says what was dialled."""
NAMED_ONCE = ("halotel", "restcomm")
SOAP = '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>{}</soap:Body></soap:Envelope>'


def make(name: str, **options: Any) -> Channel:
    return create(settings(name, **options))


def dialled(code: str, *inputs: str) -> Dial:
    return msgspec.structs.replace(START, dialled=code, inputs=inputs)


def get(query: str) -> Request:
    return Request(method="GET", query=query)


def xml(body: str) -> Request:
    return Request(method="POST", headers={"content-type": "text/xml"}, body=body.encode())


def started(channel: Channel, *inputs: str) -> Turn:
    return channel.parse(channel.build(dialled(CODE, *inputs)))


@pytest.mark.parametrize("name", CARRYING)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_one_code_arrives_in_many_spellings(name: str, spelling: str) -> None:
    channel = make(name)
    turn = channel.parse(_respelt(channel.build(START), spelling))
    assert (turn.phase, turn.service_code, turn.text) == (Phase.START, CODE, "")


def _respelt(request: Request, spelling: str) -> Request:
    """The request of a dialled code, with the code in another spelling."""
    if request.method == DELIVERED:
        return holding(msgspec.structs.replace(held(request), short=spelling.encode()))
    query, body = request.query, request.body.decode()
    for written in ("%2A152%2A00%23", "152%2A00", CODE):
        escaped = spelling.replace("%", "%25") if "%" in written else spelling
        if written in query or written in body:
            query, body = query.replace(written, escaped), body.replace(written, escaped)
            break
    return msgspec.structs.replace(request, query=query, body=body.encode())


@pytest.mark.parametrize("name", CARRYING)
def test_segments_behind_a_short_code_are_what_she_typed_ahead(name: str) -> None:
    channel = make(name)
    turn = channel.parse(channel.build(dialled("*152*00*9*2#")))
    assert (turn.service_code, turn.text) == (CODE, "9*2")


@pytest.mark.parametrize("name", sorted(set(CHANNELS) - {"africastalking", "generic"}))
def test_most_operators_send_the_newest_input_alone(name: str) -> None:
    assert started(make(name), "9", "2", "98").text == "98"


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_a_number_is_one_number_with_a_plus_and_without(name: str) -> None:
    channel, request = make(name), make(name).build(START)
    turns = []
    for spelling in (NUMBER, f"+{NUMBER}"):
        if request.method == DELIVERED:
            sm = held(request)
            turns.append(channel.parse(holding(msgspec.structs.replace(sm, source=Address(spelling)))))
            continue
        body = request.body.decode().replace(f"%2B{NUMBER}", NUMBER).replace(NUMBER, spelling.replace("+", "%2B"))
        if not request.content_type.startswith("application/x-www-form"):
            body = body.replace("%2B", "+")
        query = request.query.replace(NUMBER, spelling.replace("+", "%2B"))
        turns.append(channel.parse(msgspec.structs.replace(request, query=query, body=body.encode())))
    assert [turn.msisdn for turn in turns] == [NUMBER, NUMBER]


@pytest.mark.parametrize("name", NAMED_ONCE)
def test_one_operator_tells_the_number_once(name: str) -> None:
    channel = make(name)
    assert started(channel).msisdn == NUMBER
    assert started(channel, "1").msisdn is None


@pytest.mark.parametrize("name", ["truroute", "halotel", "tigo", "airtel", "restcomm", "smpp"])
def test_the_code_comes_on_the_first_leg_alone(name: str) -> None:
    channel = make(name)
    assert started(channel).service_code == CODE
    assert started(channel, "1").service_code is None


@pytest.mark.parametrize("name", ["truroute", "halotel", "tigo", "airtel", "generic"])
def test_nothing_on_the_wire_tells_an_equal_answer_from_a_repeat(name: str) -> None:
    channel = make(name)
    once, twice = channel.build(dialled(CODE, "1")), channel.build(dialled(CODE, "1", "1"))
    assert once == twice
    assert channel.parse(once).leg_kind is LegKind.WINDOW
    assert channel.profile.hold_s > channel.profile.repeat_window_s > 0


@pytest.mark.parametrize("name", ["beem", "restcomm", "smpp"])
def test_a_number_tells_the_legs_of_a_dialogue_apart(name: str) -> None:
    channel = make(name)
    legs = [started(channel, *["1"] * typed).sequence for typed in range(4)]
    assert legs == sorted(set(legs))
    assert channel.profile.hold_s == 0


@pytest.mark.parametrize("name", ["beem", "restcomm", "smpp"])
def test_where_the_numbers_are_found_not_to_grow_the_window_decides(name: str) -> None:
    channel = make(name, legs="window")
    assert started(channel, "1").leg_kind is LegKind.WINDOW
    assert channel.profile.hold_s > 0
    assert make(name, legs="window", hold_s=0).profile.hold_s == 0


# Beem


def test_beem_never_tells_the_code() -> None:
    assert CODE.encode() not in make("beem").build(START).body
    assert started(make("beem")).service_code is None
    assert started(make("beem", code="152*00")).service_code == CODE


def test_beem_sends_the_number_0_for_an_input_that_there_is_not() -> None:
    assert b'"response":0' in make("beem").build(START).body
    assert started(make("beem")).text == ""


def test_beem_wants_to_hear_again_who_was_asked() -> None:
    channel = make("beem")
    body = channel.reply(Reply("Karibu", False), started(channel)).body
    assert f'"msisdn":"{NUMBER}","operator":"vodacom","session_id":"{START.dialogue}"'.encode() in body


# TruRoute


def test_truroute_posts_xml_or_asks_with_the_same_names_in_the_address() -> None:
    channel = make("truroute")
    asked = get(f"msisdn={NUMBER}&sessionid={START.dialogue}&type=1&msg=*152*00%23")
    assert channel.parse(asked) == started(channel)


@pytest.mark.parametrize("kind", ["3", "4", "10"])
def test_truroute_wants_each_end_answered_by_a_release_without_words(kind: str) -> None:
    channel = make("truroute")
    turn = channel.parse(get(f"msisdn={NUMBER}&sessionid=S&type={kind}&msg=why"))
    assert turn.phase is Phase.CLOSED
    assert channel.reply(Reply("Karibu", False), turn).body == b"<ussd><type>3</type><msg></msg></ussd>"


# Halotel


def halotel(kind: str, text: str = "1") -> Request:
    fields = {"user": "u", "pass": "p", "msisdn": "null", "msg": text, "sessionid": "null", "transactionid": "W1"}
    rows = "".join(f"<{name}>{value}</{name}>" for name, value in {**fields, "requestType": kind}.items())
    return xml(SOAP.format(f"<InsertMO>{rows}</InsertMO>"))


def test_halotel_writes_the_word_null_for_a_number_that_is_not_there() -> None:
    assert make("halotel").parse(halotel("101")).msisdn is None


@pytest.mark.parametrize(("text", "read"), [("null", ""), ("", ""), ("nullify", "nullify"), ("Null", "Null")])
def test_halotel_writes_the_word_null_for_an_input_that_is_empty(text: str, read: str) -> None:
    assert make("halotel").parse(halotel("101", text)).text == read


def test_halotel_takes_no_empty_field() -> None:
    channel = make("halotel")
    body = channel.reply(Reply("Asante", True), channel.parse(halotel("101"))).body
    assert b"<user>null</user><pass>null</pass><msisdn>null</msisdn>" in body


def test_halotel_tells_that_a_screen_arrived_and_wants_no_other() -> None:
    with pytest.raises(Answered) as answered:
        make("halotel").parse(halotel("103"))
    assert b"<errorCode>0</errorCode>" in answered.value.response.body


def test_halotel_is_told_of_wrong_credentials_in_the_envelope_and_not_by_a_status() -> None:
    with pytest.raises(Answered) as answered:
        make("halotel", their_user="u", their_password="other").parse(halotel("101"))
    assert answered.value.response.status == 200
    assert b"<errorCode>1</errorCode>" in answered.value.response.body


def test_halotel_numbers_first_and_last_screens_otherwise() -> None:
    channel = make("halotel")
    first, later = started(channel), started(channel, "1")
    for turn, ends, kind in ((first, False, 202), (first, True, 201), (later, False, 200), (later, True, 203)):
        body = channel.reply(Reply("Karibu", ends), turn).body
        assert f"<requestType>{kind}</requestType>".encode() in body


@pytest.mark.parametrize(("code", "fault"), [("0", ""), ("1", "user, password"), ("2", "no such"), ("7", "no word")])
def test_halotel_answers_a_screen_by_a_code(code: str, fault: str) -> None:
    channel: Any = make("halotel")
    said = SOAP.format(f"<ussdresponse><errorCode>{code}</errorCode></ussdresponse>").encode()
    answer = msgspec.structs.replace(channel.acknowledged, body=said)
    assert fault in channel.fault(answer)
    assert bool(channel.fault(answer)) is bool(fault)
    assert channel.fault(msgspec.structs.replace(answer, status=500))


# Tigo


def test_tigo_has_two_sets_of_names_and_both_are_live() -> None:
    a, b = make("tigo"), make("tigo", names="b")
    assert a.build(START) != b.build(START)
    assert a.parse(b.build(START)) == b.parse(a.build(START))


def test_tigo_spells_its_names_as_it_likes() -> None:
    channel, request = make("tigo"), make("tigo").build(START)
    pairs = (pair.partition("=") for pair in request.query.split("&"))
    swapped = "&".join(f"{name.swapcase()}={value}" for name, _, value in pairs)
    assert channel.parse(get(swapped)) == channel.parse(request)


def test_tigo_calls_a_partners_number_a_service_code() -> None:
    assert b"191" not in msgspec.json.encode(started(make("tigo"), "1"))


def test_tigo_sends_the_number_of_the_card_and_it_is_dropped() -> None:
    channel = make("tigo", names="b")
    request = channel.build(dialled(CODE, "1"))
    assert "IMSI=640020000000001" in request.query
    assert b"640020000000001" not in msgspec.json.encode(channel.parse(request))


@pytest.mark.parametrize("echoed", ["00", "152*00", "*152*00#", "00%23", "", "Karibu"])
def test_tigo_echoes_the_end_of_the_code_and_that_is_no_input(echoed: str) -> None:
    request = get(f"input={echoed}&sessionid=S&msisdn={NUMBER}&newrequest=1&SHORT_CODE=*152*00%23".replace("#", "%23"))
    assert make("tigo").parse(request).text == ""


# Airtel and Flares


def test_airtel_flags_no_first_leg_but_the_dialled_code_is_one_every_time() -> None:
    channel = make("airtel")
    assert started(channel) == started(channel)
    assert started(channel).phase is Phase.START
    assert channel.parse(get(f"input=1&sessionid=never-seen&msisdn={NUMBER}")).phase is Phase.INPUT


def test_flares_says_in_a_header_whether_a_screen_waits() -> None:
    channel = make("airtel", envelope="headers")
    for ends, flow in ((False, "FC"), (True, "FB")):
        response = channel.reply(Reply("Karibu", ends), started(channel))
        assert (response.body, response.headers["Freeflow"]) == (b"Karibu", flow)


def test_flares_strips_line_breaks_at_the_beginning_so_none_are_sent() -> None:
    channel = make("airtel", envelope="headers")
    assert channel.reply(Reply("\n\nKaribu\n\n1. A", False), None).body == b"Karibu\n\n1. A"


def test_flares_cleans_up_with_a_request_that_has_no_input() -> None:
    channel = make("airtel", envelope="headers")
    clean = channel.build_close(START)
    assert clean is not None
    assert "input=" not in clean.query
    assert channel.reply(Reply("Karibu", False), channel.parse(clean)) == ACKNOWLEDGED


def test_flares_wrong_credentials_are_no_403_of_ours() -> None:
    channel = make("airtel", envelope="headers", userid="u", password="p")
    with pytest.raises(NotACallback):
        channel.parse(make("airtel", envelope="headers").build(START))


# RestComm


def test_restcomm_may_leave_the_caller_to_the_dialog() -> None:
    caller = f'<originationReference number="{NUMBER}" nai="international_number" npi="ISDN"/>'
    first = f'<processUnstructuredSSRequest_Request invokeId="0" dataCodingScheme="15" string="{CODE}"/>'
    turn = make("restcomm").parse(xml(f'<dialog localId="1" remoteId="1">{caller}{first}</dialog>'))
    assert turn.msisdn == NUMBER


def test_restcomm_ends_with_the_number_of_the_first_request() -> None:
    channel = make("restcomm")
    body = channel.reply(Reply("Asante", True), started(channel, "1", "2", "3")).body
    assert b'invokeId="0"' in body
    assert b'prearrangedEnd="false"' in body


def invoked(request: Request, number: int) -> Request:
    """The request of RestComm's, under another `invokeId`."""
    return msgspec.structs.replace(request, body=re.sub(rb'invokeId="[^"]*"', b'invokeId="%d"' % number, request.body))


@pytest.mark.parametrize("number", [7, -7])
def test_restcomm_carries_along_what_it_is_given(number: int) -> None:
    channel = make("restcomm")
    begun = channel.parse(invoked(channel.build(START), number))
    assert f'userObject="{number}"'.encode() in channel.reply(Reply("Chagua", False), begun).body
    assert f'invokeId="{number}"'.encode() in channel.reply(Reply("Asante", True), begun).body


@pytest.mark.parametrize("first", [0, 1, 7, 127, -1, -128])
def test_restcomm_numbers_our_requests_apart_from_the_one_of_the_network(first: int) -> None:
    channel = make("restcomm")
    start = channel.parse(invoked(channel.build(START), first))
    answers = [channel.parse(invoked(channel.build(dialled(CODE, "1")), number)) for number in range(4)]
    legs = [turn.sequence for turn in (start, *answers)]
    assert legs == sorted(set(legs))


def test_restcomm_counts_in_one_octet_with_a_sign() -> None:
    channel = make("restcomm")
    answer = channel.build(dialled(CODE, "1"))
    legs = [channel.parse(invoked(answer, number)).sequence for number in (126, 127, -128, -127, -1)]
    assert legs == sorted(set(legs))


def test_restcomm_wants_line_breaks_as_numbers() -> None:
    body = make("restcomm").reply(Reply("Chagua\n1. Lalamiko", False), None).body
    assert b'string="Chagua&#10;1. Lalamiko"' in body


@pytest.mark.parametrize(("text", "scheme"), [("ng'ombe", 15), ("{ng'ombe}", 15), ("ng\u2019ombe", 72)])
def test_restcomm_is_told_the_table_of_a_text(text: str, scheme: int) -> None:
    body = make("restcomm").reply(Reply(text, False), None).body
    assert f'dataCodingScheme="{scheme}"'.encode() in body
