"""What SMPP and SMSCs do with SMS that nobody would expect, each a test by its name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ussd_engine.channels import create_gateway
from ussd_engine.channels.base import Kind, Request, delivered
from ussd_engine.channels.smpp_sms import SmppSms
from ussd_engine.errors import NotACallback
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.pdu import Address, Sm
from ussd_engine.sms.message import Piece, Progress, Report
from ussd_engine.testing.bound_contract import holding
from ussd_engine.testing.gateway_contract import KEY, outgoing, settings

NUMBER, SHORT = "255700000001", "15200"


def gateway(**options: Any) -> SmppSms:
    made = create_gateway(settings("smpp", system_id="us", password=KEY[:8], sender=SHORT, **options))
    assert isinstance(made, SmppSms)
    return made


def bodies(made: SmppSms, text: str) -> list[Sm]:
    return [p.parse_sm(body) for body in made._bodies(outgoing(NUMBER, text=text)[0])]


def receipt(text: str, **fields: Any) -> Request:
    return holding(
        Sm(source=Address(NUMBER, 1, 1), esm_class=fields.pop("esm_class", 4), short=text.encode(), **fields)
    )


def reported(made: SmppSms, request: Request) -> Report:
    assert made.kind(request.body) is Kind.REPORTS
    (found,) = made.reports(delivered(request.body, Kind.REPORTS))
    return found


@pytest.mark.parametrize(
    ("long_text", "sizes", "classes"),
    [("udh", [6 + 153, 6 + 47], [0x40, 0x40]), ("sar", [153, 47], [0, 0]), ("payload", [0], [0])],
)
def test_a_long_text_goes_in_one_of_three_ways(long_text: str, sizes: list[int], classes: list[int]) -> None:
    parts = bodies(gateway(long_text=long_text), "a" * 200)
    assert [len(sm.short) for sm in parts] == sizes
    assert [sm.esm_class for sm in parts] == classes
    if long_text == "udh":
        assert [sm.short[:6] for sm in parts] == [b"\x05\x00\x03\x00\x02\x01", b"\x05\x00\x03\x00\x02\x02"]
    if long_text == "sar":
        assert [sm.options[p.SAR_NUMBER] for sm in parts] == [b"\1", b"\2"]
        assert {sm.options[p.SAR_TOTAL] for sm in parts} == {b"\2"}
    if long_text == "payload":
        assert parts[0].options[p.MESSAGE_PAYLOAD] == b"a" * 200


@pytest.mark.parametrize(
    ("long_text", "first", "second"), [("udh", b"\x12", b"\x13"), ("sar", b"\x12\x34", b"\x12\x35")]
)
def test_long_texts_are_told_apart_by_all_that_a_reference_can_hold(
    long_text: str, first: bytes, second: bytes
) -> None:
    made = gateway(long_text=long_text)
    for reference in (first, second):
        one = msgspec.structs.replace(outgoing(NUMBER, text="a" * 200)[0], id=reference.ljust(16, b"\x34"))
        for body in made._bodies(one):
            sm = p.parse_sm(body)
            assert (sm.short[3:4] if long_text == "udh" else sm.options[p.SAR_REFERENCE]) == reference


def test_of_a_long_text_the_last_part_asks_for_a_receipt() -> None:
    assert [sm.registered for sm in bodies(gateway(), "a" * 400)] == [0, 0, 1]
    assert [sm.registered for sm in bodies(gateway(receipts=False), "a" * 400)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("alphabet", "text", "coding", "sizes"),
    [
        ("gsm7", "a" * 160, 0, [160]),
        ("gsm7", "{" * 80, 0, [160]),
        ("gsm7", "–" * 70, 8, [140]),
        ("gsm7", "–" * 71, 8, [6 + 134, 6 + 8]),
        ("latin-1", "Δ" * 100, 8, [6 + 134, 6 + 66]),
        ("latin-1", "â" * 70, 0, [70]),
    ],
)
def test_every_part_fits_its_alphabet(alphabet: str, text: str, coding: int, sizes: list[int]) -> None:
    parts = bodies(gateway(alphabet=alphabet), text)
    assert ({sm.coding for sm in parts}, [len(sm.short) for sm in parts]) == ({coding}, sizes)


@pytest.mark.parametrize(("sender", "ton", "npi"), [(SHORT, 0, 1), ("MREJESHO", 5, 0), ("", 0, 1)])
def test_a_name_and_a_short_code_are_of_different_types(sender: str, ton: int, npi: int) -> None:
    made = create_gateway(settings("smpp", system_id="us", password="p", sender=sender))
    assert isinstance(made, SmppSms)
    (sm,) = bodies(made, "Asante")
    assert sm.source == Address(sender, ton, npi)
    assert sm.destination == Address(NUMBER, 1, 1)


STATES = {
    "DELIVRD": Progress.DELIVERED,
    "EXPIRED": Progress.EXPIRED,
    "DELETED": Progress.FAILED,
    "UNDELIV": Progress.FAILED,
    "ACCEPTD": Progress.SENT,
    "UNKNOWN": Progress.SENT,
    "REJECTD": Progress.REJECTED,
    "ENROUTE": Progress.SENT,
}


@pytest.mark.parametrize(("stat", "progress"), STATES.items())
def test_a_receipt_says_its_state_in_its_text(stat: str, progress: Progress) -> None:
    text = f"id:A1 sub:001 dlvrd:001 submit date:2601150930 done date:2601150931 stat:{stat} err:011 text:Tumepokea"
    found = reported(gateway(), receipt(text))
    assert (found.provider_id, found.status, found.progress, found.reason) == ("A1", stat, progress, "011")


def test_what_a_receipt_repeats_of_a_text_is_not_read() -> None:
    found = reported(gateway(), receipt("id:A1 stat:DELIVRD err:000 text:id:B2 stat:UNDELIV"))
    assert (found.provider_id, found.progress) == ("A1", Progress.DELIVERED)


@pytest.mark.parametrize(
    ("way", "answered", "told"),
    [
        ("same", "0000001F", "0000001F"),
        ("same", "0a1B", "0A1B"),
        ("decimal_of_hex", "0000001F", "0000000031"),
        ("decimal_of_hex", "1f", "31"),
        ("hex_of_decimal", "31", "1F"),
    ],
)
def test_a_receipt_may_count_in_another_base(way: str, answered: str, told: str) -> None:
    made = gateway(receipt_ids=way)
    found = reported(made, receipt(f"id:{told} stat:DELIVRD err:000"))
    assert found.provider_id == made._known_as(p.text(answered))


@pytest.mark.parametrize("way", ["same", "decimal_of_hex", "hex_of_decimal"])
@pytest.mark.parametrize("text", ["", "stat:DELIVRD err:000"])
def test_an_optional_parameter_spells_an_id_as_the_answer_did(way: str, text: str) -> None:
    made = gateway(receipt_ids=way)
    options = {p.RECEIPTED_MESSAGE_ID: b"1234\0", p.MESSAGE_STATE: b"\2"}
    assert reported(made, receipt(text, options=options)).provider_id == made._known_as(b"1234\0")


def test_ids_that_are_no_numbers_differ_by_their_capitals() -> None:
    small, capital = (reported(gateway(), receipt(f"id:{id} stat:DELIVRD")) for id in ("x7a", "X7A"))
    assert small.provider_id != capital.provider_id


@pytest.mark.parametrize("coding", ["utf-16-be", "ascii"])
def test_a_receipt_of_a_text_in_ucs2_is_read_whether_it_is_in_ucs2_or_not(coding: str) -> None:
    request = holding(
        Sm(source=Address(NUMBER, 1, 1), esm_class=4, coding=8, short="id:A1 stat:DELIVRD err:011".encode(coding))
    )
    found = reported(gateway(), request)
    assert (found.provider_id, found.progress, found.reason) == ("A1", Progress.DELIVERED, "011")


def test_a_receipt_may_stand_in_optional_parameters_alone() -> None:
    options = {p.RECEIPTED_MESSAGE_ID: b"A1\0", p.MESSAGE_STATE: b"\2"}
    found = reported(gateway(), receipt("", options=options))
    assert (found.provider_id, found.progress) == ("A1", Progress.DELIVERED)


def test_a_message_on_its_way_is_told_as_that() -> None:
    found = reported(gateway(), receipt("id:A1 stat:ENROUTE err:000", esm_class=0x20))
    assert found.progress is Progress.SENT


@pytest.mark.parametrize("text", ["", "id:A1", "stat:DELIVRD", "Habari"])
def test_a_receipt_without_an_id_or_a_state_is_none(text: str) -> None:
    with pytest.raises(NotACallback):
        gateway().reports(receipt(text))


SECOND = Piece(reference=42, total=3, number=2)


@pytest.mark.parametrize(
    ("fields", "piece"),
    [
        ({"esm_class": 0x40, "short": b"\x05\x00\x03\x2a\x03\x02maji"}, SECOND),
        ({"esm_class": 0x40, "short": b"\x06\x08\x04\x01\x2a\x03\x02maji"}, Piece(reference=298, total=3, number=2)),
        (
            {"esm_class": 0x40, "short": b"\x09\x24\x02ab\x00\x03\x2a\x03\x02maji"},
            SECOND,
        ),
        (
            {"short": b"maji", "options": {0x20C: b"\0\x2a", 0x20E: b"\3", 0x20F: b"\2"}},
            SECOND,
        ),
        ({"short": b"maji"}, None),
        ({"esm_class": 0x40, "short": b"\x05\x00\x03\x2a\x01\x01maji"}, None),
        ({"esm_class": 0x40, "short": b"\x05\x00\x03\x2a\x02\x03maji"}, None),
        ({"esm_class": 0x40, "short": b"\x05\x00\x03\x2a\x02\x00maji"}, None),
        ({"esm_class": 0x40, "short": b"\x03\x24\x01amaji"}, None),
        ({"options": {0x424: b"maji"}}, None),
    ],
)
def test_a_part_says_which_it_is_in_one_of_three_ways(fields: dict[str, Any], piece: Piece | None) -> None:
    request = holding(Sm(source=Address(NUMBER, 1, 1), destination=Address(SHORT), **fields))
    found = gateway().incoming(delivered(request.body, Kind.SMS))
    assert (found.text, found.piece, found.to) == ("maji", piece, SHORT)


def test_a_header_that_is_longer_than_its_message_is_none() -> None:
    request = holding(Sm(source=Address(NUMBER, 1, 1), esm_class=0x40, short=b"\x09ab"))
    with pytest.raises(NotACallback):
        gateway().incoming(request)


def test_a_name_that_looks_like_a_number_is_nobodys() -> None:
    request = holding(Sm(source=Address(NUMBER, 5, 0), destination=Address(SHORT), short=b"HALI"))
    assert gateway().incoming(request).msisdn == ""
