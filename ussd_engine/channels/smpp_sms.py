"""SMS over SMPP 3.4 and 5.0: one bind, both ways.

SMS out, `submit_sm`, with `registered_delivery` 1 where receipts are wanted. Long texts go in parts by their own header
(`long_text`: `udh`, `esm_class` 0x40, `05 00 03 REF TOTAL PART`), by the optional parameters 0x020C, 0x020E and 0x020F
(`sar`), or whole as a `message_payload` (`payload`). A receipt is asked for the last part.

Receipts, `deliver_sm` with `esm_class & 0x3C` 0x04, or 0x20 on the way; of their text

    id:… sub:001 dlvrd:001 submit date:… done date:… stat:DELIVRD err:000 text:…

`id`, `stat` and `err` are read; `text` is the beginning of what was sent, and is not. Some say the id in another base
than the answer to `submit_sm` did (`receipt_ids`).

SMS in, `deliver_sm`, acknowledged once it is stored. SMPP gives it no id.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Final, Literal

import msgspec

from ussd_engine import gsm
from ussd_engine.channels import sms
from ussd_engine.channels.base import ACKNOWLEDGED, Kind, Request, Response, delivered
from ussd_engine.channels.smpp import OCTET, held
from ussd_engine.errors import ConfigError, NotACallback
from ussd_engine.secret import Secret
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.account import Version, account
from ussd_engine.smpp.alphabet import UCS2, Alphabet, decoded, encoded, utf16
from ussd_engine.smpp.bind import BUSY, Bind, NotSent, Said
from ussd_engine.smpp.pdu import Address, BadPdu, Sm
from ussd_engine.smpp.session import Broken, Unanswered
from ussd_engine.sms.message import Incoming, Outgoing, Piece, Progress, Report, RouteFault, Sent

WHOLE_UNITS, PART_UNITS = 70, 67
NAME: Final = Address("", 5, 0)
"""The type of a sender that is a name."""
MENDED_FIRST: Final = {
    0x0A: "look at its sender",
    0x15: "look at its service_type",
    0x48: "look at source_ton",
    0x49: "look at source_npi",
    0x50: "look at dest_ton",
    0x51: "look at dest_npi",
}
LOST: Final = frozenset({p.NOT_BOUND_SO, p.BIND_FAILED, p.WRONG_PASSWORD, p.WRONG_SYSTEM_ID, p.BAD_COMMAND})
"""Said of the bind, whatever the message."""
OF_THE_MESSAGE: Final = frozenset({0x01, 0x0B, 0x33, 0x34, 0x43, 0x44, 0x61, 0x62, p.NEVER, 0x66})
REPORTS: Final = {
    "DELIVRD": Progress.DELIVERED,
    "EXPIRED": Progress.EXPIRED,
    "DELETED": Progress.FAILED,
    "UNDELIV": Progress.FAILED,
    "REJECTD": Progress.REJECTED,
    "ACCEPTD": Progress.SENT,
    "ENROUTE": Progress.SENT,
    "UNKNOWN": Progress.SENT,
}
STATES: Final = ("", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD")
"""By the value of `message_state`."""

ANSWERED: Final = {"decimal_of_hex": 16, "hex_of_decimal": 10}
RECEIPTED: Final = {"decimal_of_hex": 10, "hex_of_decimal": 16}
"""The base of ids in answers to `submit_sm`, and in the text of receipts, by `receipt_ids`."""

_is_hex = re.compile(r"[0-9A-Fa-f]+").fullmatch
_id = re.compile(r"\bid:\s*([0-9A-Za-z._:-]{1,65})", re.IGNORECASE).search
_stat = re.compile(r"\bstat:\s*([A-Za-z]{1,16})", re.IGNORECASE).search
_err = re.compile(r"\berr:\s*([0-9A-Za-z]{1,8})", re.IGNORECASE).search


class SmsOptions(sms.Options, frozen=True, kw_only=True):
    """`sender`: a short code or a name; `receipt_ids`: how receipts spell an id that the answer to `submit_sm` gave."""

    over_http: ClassVar[bool] = False

    url: str = "smpp://127.0.0.1:2775"
    system_id: str
    password: Secret
    system_type: str = ""
    version: Version = "3.4"
    window: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 10
    answer_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10.0
    enquire_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 30.0
    ca: str = ""
    tunnel: bool = False
    service_type: Annotated[str, msgspec.Meta(max_length=5)] = ""
    source_ton: Annotated[int, OCTET] | None = None
    source_npi: Annotated[int, OCTET] | None = None
    dest_ton: Annotated[int, OCTET] = 1
    dest_npi: Annotated[int, OCTET] = 1
    alphabet: Alphabet = "gsm7"
    long_text: Literal["udh", "sar", "payload"] = "udh"
    receipts: bool = True
    receipt_ids: Literal["same", "decimal_of_hex", "hex_of_decimal"] = "same"


class SmppSms:
    """SMS over SMPP."""

    replies_in_band = False

    def __init__(self, settings: sms.SmsSettings) -> None:
        self.name = settings.name
        self._options = sms.configure(settings, SmsOptions)
        self.limits = self._options.limits
        self._msisdn = settings.msisdn
        try:
            self.bind = Bind(account(self._options))
        except ValueError as error:
            raise ConfigError(f'channel "{self.name}": sms: {error}') from None

    # out

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        [one] = batch
        said, now_s = Said(p.OK), asyncio.get_running_loop().time
        ends_s = now_s() + self._options.total_s
        for taken, body in enumerate(self._bodies(one)):
            said = await self._submitted(body, taken, ends_s - now_s())
            if said.status != p.OK:
                return self._refused(batch, said.status, taken)
        if not self._options.receipts:
            return sms.all_as(batch, Progress.SENT)
        return sms.all_as(batch, Progress.ACCEPTED, self._known_as(said.body))

    async def _submitted(self, body: bytes, taken: int, within_s: float) -> Said:
        bind = self.bind
        try:
            await bind.up(self._options.connect_s)
            return await bind.submit(body, within_s)
        except NotSent as error:
            # Of a bind that does not stand the sender knows: nothing is taken before it does, and then all at once.
            after_s = None if bind.stands else 0.0
            raise RouteFault(f"{self.name} does not bind: {error}", after_s=after_s, perhaps_taken=taken > 0) from None
        except (Broken, Unanswered) as error:
            raise RouteFault(f"{self.name} did not answer: {error}", perhaps_taken=True) from None

    def _refused(self, batch: Sequence[Outgoing], status: int, taken: int) -> list[Sent]:
        reason = f"0x{status:02X}"
        if status in BUSY:
            words, after_s = f"{self.name} asked for patience ({reason})", max(1.0, self.bind.rests_s)
            raise RouteFault(words, after_s=after_s, perhaps_taken=taken > 0)
        if status in MENDED_FIRST:
            raise RouteFault(f"{self.name} answered {reason}: {MENDED_FIRST[status]}", stop=True)
        if status in LOST:
            raise RouteFault(f"{self.name} answered {reason}", perhaps_taken=taken > 0)
        if status in OF_THE_MESSAGE:
            return sms.refused(batch, reason)
        return [Sent(id=one.id, progress=Progress.FAILED, reason=reason, again=True) for one in batch]

    def _bodies(self, one: Outgoing) -> Iterator[bytes]:
        """The body of each `submit_sm`, in order."""
        options = self._options
        texts = self._texts(one.text)
        source = NAME if not options.sender.isdecimal() and options.sender else Address("", 0, 1)
        sm = Sm(
            service_type=options.service_type,
            source=Address(
                options.sender,
                source.ton if options.source_ton is None else options.source_ton,
                source.npi if options.source_npi is None else options.source_npi,
            ),
            destination=Address(one.msisdn, options.dest_ton, options.dest_npi),
        )
        for number, text in enumerate(texts, 1):
            short = self._encoded(one.text, text)
            asks = int(options.receipts and number == len(texts))
            part = msgspec.structs.replace(
                sm, registered=asks, coding=0 if self._plain(one.text) else UCS2, short=short
            )
            if len(texts) > 1:
                part = self._numbered(part, one.id, len(texts), number)
            elif self._options.long_text == "payload" and not gsm.fits(text, 160, WHOLE_UNITS):
                part = msgspec.structs.replace(part, short=b"", options={p.MESSAGE_PAYLOAD: short})
            yield p.dump_sm(part)

    def _numbered(self, sm: Sm, id: bytes, total: int, number: int) -> Sm:
        """A part of a long text. The reference is the same in every attempt, so that a phone joins what came twice."""
        if self._options.long_text == "sar":
            named = {
                p.SAR_REFERENCE: id[:2],
                p.SAR_TOTAL: bytes((total,)),
                p.SAR_NUMBER: bytes((number,)),
            }
            return msgspec.structs.replace(sm, options=named)
        header = bytes((5, 0, 3, id[0], total, number))
        return msgspec.structs.replace(sm, esm_class=p.HAS_UDH, short=header + sm.short)

    def _plain(self, text: str) -> bool:
        return encoded(text, self._options.alphabet) is not None

    def _encoded(self, whole: str, part: str) -> bytes:
        plain = encoded(part, self._options.alphabet) if self._plain(whole) else None
        return utf16(part) if plain is None else plain

    def _texts(self, text: str) -> list[str]:
        if self._options.long_text == "payload":
            return [text]
        if self._plain(text) or gsm.measure(text).encoding == "UCS-2":
            return gsm.segments(text)
        # In GSM-7, and not in this SMSC's alphabet: no character of it takes two units.
        size = len(text) if len(text) <= WHOLE_UNITS else PART_UNITS
        return [text[at : at + size] for at in range(0, len(text), size)]

    def _known_as(self, body: bytes) -> str:
        try:
            found = p.message_id(body)
        except BadPdu:
            raise RouteFault(f"{self.name} gave an answer that cannot be read", perhaps_taken=True) from None
        return sms.identity(self._one_spelling(found, ANSWERED))

    def _one_spelling(self, id: str, bases: Mapping[str, int]) -> str:
        """An id as it is kept: as it came, what can be a number in capitals, for some write it small in one place; or
        where receipts count in another base as a decimal number."""
        base = bases.get(self._options.receipt_ids)
        if base is None:
            return id.upper() if _is_hex(id) else id
        try:
            return str(int(id, base))
        except ValueError:
            return id

    # in

    def kind(self, octets: bytes) -> Kind:
        sm = held(delivered(octets))
        return Kind.REPORTS if sm.esm_class & p.TYPE in (p.RECEIPT, p.INTERMEDIATE) else Kind.SMS

    def incoming(self, request: Request) -> Incoming:
        sm = held(request)
        if sm.esm_class & p.TYPE:
            raise NotACallback("esm_class: no SMS of a citizen")
        octets, piece = _piece(sm)
        number = "" if sm.source.ton == NAME.ton else self._msisdn(sm.source.text)
        return Incoming(
            channel=self.name,
            id="",
            msisdn=number or "",
            to=sm.destination.text,
            text=decoded(octets, sm.coding, self._options.alphabet),
            piece=piece,
        )

    def answer(self, incoming: Incoming | None, reply: str | None) -> Response:
        return ACKNOWLEDGED

    def reports(self, request: Request) -> list[Report]:
        sm = held(request)
        if sm.esm_class & p.TYPE not in (p.RECEIPT, p.INTERMEDIATE):
            raise NotACallback("esm_class: no receipt")
        said = _said(sm)
        id, status = self._receipted(sm, said), self._status(sm, said)
        if not id or not status:
            raise NotACallback("a receipt without an id, or without a status")
        reason = _err(said)
        return [sms.report(self.name, id, status, REPORTS.get(status.upper()), reason[1] if reason else "")]

    def _receipted(self, sm: Sm, said: str) -> str:
        """The id of what was sent. Where the text spells it in another base, it is the text that is looked at; the
        optional parameter spells it as the answer did."""
        option = sm.options.get(p.RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0").decode("latin-1")
        found = _id(said)
        if found and not (option and self._options.receipt_ids == "same"):
            return sms.identity(self._one_spelling(found[1], RECEIPTED))
        return sms.identity(self._one_spelling(option, ANSWERED))

    @staticmethod
    def _status(sm: Sm, said: str) -> str:
        found, state = _stat(said), sm.options.get(p.MESSAGE_STATE, b"")
        if found:
            return found[1]
        return STATES[state[0]] if len(state) == 1 and state[0] < len(STATES) else ""

    async def close(self) -> None:
        await self.bind.close()


def _said(sm: Sm) -> str:
    """The text of a receipt. Some copy the coding of what was sent, and write ASCII all the same."""
    octets = sm.message
    return octets.decode("utf-16-be" if octets.startswith(b"\0") else "latin-1", "replace")


def _piece(sm: Sm) -> tuple[bytes, Piece | None]:
    """The message without its own header, and which part of a long one it is. Raises `NotACallback`."""
    octets, options = sm.message, sm.options
    if sm.esm_class & p.HAS_UDH:
        size = octets[0] + 1 if octets else 1
        if size > len(octets):
            raise NotACallback("a header that is longer than its message")
        return octets[size:], _headed(octets[1:size])
    total, number = options.get(p.SAR_TOTAL, b"\1"), options.get(p.SAR_NUMBER, b"\1")
    return octets, _counted(int.from_bytes(options.get(p.SAR_REFERENCE, b"\0")[:2]), total[:1], number[:1])


def _headed(header: bytes) -> Piece | None:
    """By the elements 0 and 8 of a header: the reference has one octet, or two."""
    at = 0
    while at + 2 <= len(header):
        kind, size = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + size]
        if (kind, len(value)) in ((0, 3), (8, 4)):
            return _counted(int.from_bytes(value[:-2]), value[-2:-1], value[-1:])
        at += 2 + size
    return None


def _counted(reference: int, total: bytes, number: bytes) -> Piece | None:
    if not (total and number) or not 1 <= number[0] <= total[0] or total[0] == 1:
        return None
    return Piece(reference=reference, total=total[0], number=number[0])
