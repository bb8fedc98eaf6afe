"""SMPP 3.4 and 5.0 on the wire, as far as it is spoken here: a header of four numbers, a body, optional parameters.

    command_length  command_id  command_status  sequence_number      4 octets each, the highest first
    body            texts end with a zero octet; the short message is counted by the octet before it
    optional        tag, length (2 octets each), value; as many as there are

Nothing here waits or guesses: what is not whole is a `BadPdu`, whatever it is.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final, NamedTuple

from ussd_engine.errors import EngineError
from ussd_engine.model import Quiet

BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER = 0x1, 0x2, 0x9
SUBMIT_SM, DELIVER_SM, UNBIND, ENQUIRE_LINK = 0x4, 0x5, 0x6, 0x15
OUTBIND, ALERT = 0xB, 0x102
ANSWER: Final = 0x8000_0000
"""Set in the command of every answer."""
GENERIC_NACK: Final = ANSWER

OK, BAD_LENGTH, BAD_COMMAND, NOT_BOUND_SO, SYSTEM_ERROR = 0x0, 0x2, 0x3, 0x4, 0x8
BIND_FAILED, WRONG_PASSWORD, WRONG_SYSTEM_ID = 0xD, 0xE, 0xF
QUEUE_FULL, THROTTLED = 0x14, 0x58
NOT_NOW, NEVER = 0x64, 0x65
"""Our own troubles with what was delivered: bring it again; do not."""
BAD_OPTIONS: Final = 0xC0

HEADER: Final = 16
MOST_BYTES: Final = 64 * 1024
"""Of a PDU; a message payload is the one thing that could fill it."""
MOST_SHORT: Final = 254
MOST_OPTIONS: Final = 64
LAST_SEQUENCE: Final = 0x7FFF_FFFF

USSD_SERVICE_OP, ITS_SESSION_INFO, USER_MESSAGE_REFERENCE = 0x0501, 0x1383, 0x0204
SAR_REFERENCE, SAR_TOTAL, SAR_NUMBER, MESSAGE_PAYLOAD = 0x020C, 0x020E, 0x020F, 0x0424
RECEIPTED_MESSAGE_ID, MESSAGE_STATE, CONGESTION_STATE = 0x001E, 0x0427, 0x0428

HAS_UDH: Final = 0x40
"""In `esm_class`: the message begins with a header of its own."""
TYPE: Final = 0x3C
"""The bits of `esm_class` that tell what a delivered message is."""
RECEIPT, INTERMEDIATE = 0x04, 0x20

_HEADER = struct.Struct(">IIII")
_OPTION = struct.Struct(">HH")


class BadPdu(EngineError):
    """Octets that are no PDU, or not a whole one; `status` is what its sender is told."""

    def __init__(self, words: str, status: int = BAD_LENGTH) -> None:
        super().__init__(words)
        self.status = status


class Pdu(NamedTuple):
    """One PDU, its body not looked at."""

    command: int
    status: int
    sequence: int
    body: bytes = b""


class Address(NamedTuple):
    """A number, a short code or a name, with its type and its numbering plan."""

    text: str = ""
    ton: int = 0
    npi: int = 0


class Sm(Quiet, frozen=True, kw_only=True):
    """The body of `submit_sm` and `deliver_sm`, which are alike."""

    service_type: str = ""
    source: Address = Address()
    destination: Address = Address()
    esm_class: int = 0
    protocol_id: int = 0
    priority: int = 0
    schedule: str = ""
    validity: str = ""
    registered: int = 0
    replace: int = 0
    coding: int = 0
    canned: int = 0
    short: bytes = b""
    options: Mapping[int, bytes] = {}

    @property
    def message(self) -> bytes:
        """What it says, wherever that stands."""
        return self.short or self.options.get(MESSAGE_PAYLOAD, b"")


def dump(pdu: Pdu) -> bytes:
    """A PDU with its length."""
    return _HEADER.pack(HEADER + len(pdu.body), pdu.command, pdu.status, pdu.sequence) + pdu.body


def head(octets: bytes) -> tuple[int, Pdu]:
    """The length of a whole PDU, and what its first 16 octets tell. Raises `BadPdu` for a length that none has."""
    length, command, status, sequence = _HEADER.unpack(octets)
    pdu = Pdu(command, status, sequence)
    if not HEADER <= length <= MOST_BYTES:
        raise BadPdu("a length that no PDU has")
    return length, pdu


def parse(octets: bytes) -> Pdu:
    """One PDU and nothing else. Raises `BadPdu`."""
    if len(octets) < HEADER:
        raise BadPdu("shorter than a header")
    length, pdu = head(octets[:HEADER])
    if length != len(octets):
        raise BadPdu("another length than its header says")
    return pdu._replace(body=octets[HEADER:])


def numbered(octets: bytes, sequence: int) -> bytes:
    """A whole PDU under another sequence number."""
    return octets[:12] + sequence.to_bytes(4, "big") + octets[HEADER:]


class Reader:
    """Reads a body from its beginning. Everything raises `BadPdu` where it ends too early."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def octet(self) -> int:
        return self.octets(1)[0]

    def octets(self, count: int) -> bytes:
        found = self._body[self._at : self._at + count]
        if len(found) != count:
            raise BadPdu("it ends too early")
        self._at += count
        return found

    def text(self, most: int) -> str:
        """A text of at most so many octets, its zero octet among them."""
        end = self._body.find(b"\0", self._at, self._at + most)
        if end < 0:
            raise BadPdu("a text without an end")
        found, self._at = self._body[self._at : end], end + 1
        return found.decode("latin-1")

    def address(self, most: int = 21) -> Address:
        ton, npi = self.octet(), self.octet()
        return Address(self.text(most), ton, npi)

    def options(self) -> dict[int, bytes]:
        """The optional parameters, which are the rest. None may stand twice."""
        found: dict[int, bytes] = {}
        try:
            while self._at < len(self._body):
                tag, length = _OPTION.unpack(self.octets(_OPTION.size))
                value = self.octets(length)
                if tag in found or len(found) >= MOST_OPTIONS:
                    raise BadPdu("an optional parameter twice, or too many of them", BAD_OPTIONS)
                found[tag] = value
        except BadPdu as error:
            raise BadPdu(str(error), BAD_OPTIONS) from None
        return found


def parse_sm(body: bytes) -> Sm:
    """The body of `submit_sm` or `deliver_sm`. Raises `BadPdu`."""
    reader = Reader(body)
    return Sm(
        service_type=reader.text(6),
        source=reader.address(),
        destination=reader.address(),
        esm_class=reader.octet(),
        protocol_id=reader.octet(),
        priority=reader.octet(),
        schedule=reader.text(17),
        validity=reader.text(17),
        registered=reader.octet(),
        replace=reader.octet(),
        coding=reader.octet(),
        canned=reader.octet(),
        short=reader.octets(reader.octet()),
        options=reader.options(),
    )


def dump_sm(sm: Sm) -> bytes:
    """The body of `submit_sm` or `deliver_sm`. A message that is too long for its place goes as a payload."""
    short, options = sm.short, dict(sm.options)
    if len(short) > MOST_SHORT:
        short, options[MESSAGE_PAYLOAD] = b"", short
    source, destination = sm.source, sm.destination
    parts = [
        text(sm.service_type),
        address(source),
        address(destination),
        bytes((sm.esm_class, sm.protocol_id, sm.priority)),
        text(sm.schedule),
        text(sm.validity),
        bytes((sm.registered, sm.replace, sm.coding, sm.canned, len(short))),
        short,
        dump_options(options),
    ]
    return b"".join(parts)


def text(value: str) -> bytes:
    """A text with its zero octet."""
    return value.encode("latin-1", "replace").replace(b"\0", b"?") + b"\0"


def address(value: Address) -> bytes:
    """An address."""
    return bytes((value.ton, value.npi)) + text(value.text)


def dump_options(options: Mapping[int, bytes]) -> bytes:
    """Optional parameters."""
    return b"".join(_OPTION.pack(tag, len(value)) + value for tag, value in options.items())


def message_id(body: bytes) -> str:
    """The id in an answer to `submit_sm`; empty where it has none. Raises `BadPdu`."""
    return Reader(body).text(65) if body else ""


def options_behind_id(body: bytes) -> Mapping[int, bytes]:
    """The optional parameters of an answer that begins with an id; none where they cannot be read."""
    reader = Reader(body)
    try:
        reader.text(65)
        return reader.options()
    except BadPdu:
        return {}
