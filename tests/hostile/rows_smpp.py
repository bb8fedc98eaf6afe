"""The table of hostile PDUs: what an SMSC sends over a bind that stands, octet for octet, and what it must be told.

`told` is command and status of our answer; `None`: nothing is said. Where `breaks` is set the connection ends, for
nobody knows where the next PDU begins; elsewhere it stands.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from typing import NamedTuple

SUBMIT, DELIVER, DATA, QUERY, BIND, ENQUIRE, NACK = 4, 5, 0x103, 3, 9, 0x15, 0x8000_0000
ANSWER = 0x8000_0000
BAD_LENGTH, BAD_COMMAND, NEVER, BAD_OPTIONS = 2, 3, 0x65, 0xC0
SEQUENCE = 77
MINE = b"255700000066"


class Row(NamedTuple):
    """One PDU, or what looks like one."""

    label: str
    sent: bytes
    told: tuple[int, int] | None
    breaks: bool = False


def pdu(command: int, body: bytes = b"", status: int = 0, length: int | None = None) -> bytes:
    """A PDU, perhaps with another length in its header."""
    size = 16 + len(body) if length is None else length
    return struct.pack(">IIII", size, command, status, SEQUENCE) + body


def option(tag: int, value: bytes) -> bytes:
    return struct.pack(">HH", tag, len(value)) + value


OP, SESSION = option(0x0501, b"\x12"), option(0x1383, b"\x07\x02")


def leg(text: bytes = b"1", coding: int = 0, options: bytes = OP + SESSION, size: int | None = None) -> bytes:
    """The body of an input."""
    head = b"USSD\0" + b"\1\1" + MINE + b"\0" + b"\0\x00152*00\0"
    counted = len(text) if size is None else size
    return head + b"\0\0\0\0\0\0\0" + bytes((coding, 0, counted)) + text + options


def lengths() -> Iterator[Row]:
    """Headers that lie about what follows."""
    for length in (0, 1, 15, 64 * 1024 + 1, 0x7FFF_FFFF, 0xFFFF_FFFF):
        yield Row(f"a length of {length}", pdu(DELIVER, length=length), (NACK, BAD_LENGTH), breaks=True)
    yield Row("half a header, and silence", pdu(DELIVER)[:9], None, breaks=True)
    yield Row("less than it says, and silence", pdu(DELIVER, b"x" * 9, length=500), None, breaks=True)
    yield Row("HTTP", b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n", (NACK, BAD_LENGTH), breaks=True)
    yield Row("TLS", bytes.fromhex("16030100c8010000c40303") + b"x" * 30, (NACK, BAD_LENGTH), breaks=True)


def bodies() -> Iterator[Row]:
    """Bodies that are not whole."""
    whole = leg()
    for size in range(0, len(whole) - len(OP + SESSION), 7):
        yield Row(f"the first {size} octets", pdu(DELIVER, whole[:size]), (NACK, BAD_LENGTH))
    yield Row("a message that says that it is longer", pdu(DELIVER, leg(size=250, options=b"")), (NACK, BAD_LENGTH))
    yield Row("64 KiB of addresses", pdu(DELIVER, b"USSD\0\1\1" + b"2" * 65_000), (NACK, BAD_LENGTH))
    for label, options in (
        ("a tag without a length", b"\x05\x01"),
        ("a length without a value", b"\x05\x01\x00\x01"),
        ("a length of 65,535", b"\x05\x01\xff\xff\x12"),
        ("an op twice", OP + OP + SESSION),
        ("a thousand parameters", b"".join(option(tag, b"") for tag in range(0x1400, 0x17E8))),
    ):
        yield Row(label, pdu(DELIVER, leg(options=options)), (NACK, BAD_OPTIONS))


def legs() -> Iterator[Row]:
    """Whole PDUs that are no leg."""
    refused = (DELIVER | ANSWER, NEVER)
    for label, options in (
        ("no parameters", b""),
        ("an op alone", OP),
        ("a session alone", SESSION),
        ("an op of two octets", option(0x0501, b"\0\x12") + SESSION),
        ("an op without octets", option(0x0501, b"") + SESSION),
        ("a session of one octet", OP + option(0x1383, b"\7")),
        ("a session of 60,000 octets", OP + option(0x1383, b"x" * 60_000)),
    ):
        yield Row(label, pdu(DELIVER, leg(options=options)), refused)
    for op in (0, 2, 3, 16, 17, 20, 0x80, 0xFF):
        yield Row(f"op {op}", pdu(DELIVER, leg(options=option(0x0501, bytes((op,))) + SESSION)), refused)
    for coding in (2, 4, 0x44, 0xFF):
        yield Row(f"coding {coding}", pdu(DELIVER, leg(coding=coding)), refused)
    yield Row("an octet that no septet has", pdu(DELIVER, leg(b"\x80")), refused)
    yield Row("half a character", pdu(DELIVER, leg(b"\0a\0", coding=8)), refused)
    words = leg(b"Karibu", options=option(0x0501, b"\1") + SESSION)
    yield Row("words for a code", pdu(DELIVER, words), refused)


def commands() -> Iterator[Row]:
    """Commands that are not for us, and answers to what was never asked."""
    for command in (0, QUERY, SUBMIT, 7, 8, BIND, 0x21, DATA, 0x111, 0x7FFF_FFFF):
        yield Row(f"command 0x{command:X}", pdu(command), (NACK, BAD_COMMAND))
    for command in (BIND, SUBMIT, DELIVER, ENQUIRE):
        for status in (0, 0x58, 0xFFFF_FFFF):
            label = f"an answer to 0x{command:X} that was never asked, status 0x{status:X}"
            yield Row(label, pdu(command | ANSWER, b"\xff" * 70, status), None)
    yield Row("a nack of nothing", pdu(NACK, status=3), None)
    yield Row("an outbind", pdu(0xB, b"smsc\0pass\0"), None)
    yield Row("an alert", pdu(0x102, b"\1\1" + MINE + b"\0\1\1x\0"), None)
    yield Row("an enquiry with a body", pdu(ENQUIRE, b"x" * 1000), (ENQUIRE | ANSWER, 0))


def noise() -> Iterator[Row]:
    """Octets by chance behind a sound header: whatever they are, they are answered, and the line stands."""
    chance = random.Random(7)
    for number in range(30):
        body = chance.randbytes(chance.randrange(1, 200))
        yield Row(f"noise {number}", pdu(DELIVER, body), (NACK, BAD_LENGTH))


TABLE = [*lengths(), *bodies(), *legs(), *commands(), *noise()]
