"""USSD over SMPP, by the optional parameters that 3.4 and 5.0 have for it.

Each leg is a `deliver_sm` of service type `USSD`, acknowledged at once; the screen follows in a `submit_sm` on the same
bind. What is meant stands in `ussd_service_op` (0x0501):

    1     from the network: a new session, and what was dialled      2   from us: a screen that waits for an answer
    18    from the network: what she typed                           17  from us: the last screen (`final_op`)
    19    from the network: a notification was shown; no turn
    129   from the network: she hung up

Which dialogue it is, vendors tell in three ways (`layout`):

    standard   its_session_info (0x1383), two octets: the number of the session; the number of the message, seven bits,
               and in the last bit the end. By that number legs are told apart. SMPP lets us give it, so a screen has
               the next one; where numbers are not relied upon (`legs`), what came goes back
    6d         its_session_info: fifteen bits for the session, the last one for the end; final op 0x17
    mica       user_message_reference (0x0204) for the session; final op 0x17

The number of a session is small and used again, so a dialogue is that number and the phone's. `final_op` and `end_bit`
say otherwise where a vendor does, and `code_in` where the dialled code stands. Errors that we make are told by the
status of the acknowledgement: 0x65 for what is no leg at all.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec

from ussd_engine.channels.base import (
    DELIVERED,
    Answered,
    Closing,
    Dial,
    Request,
    Response,
    Settings,
    UnreadableReply,
    configure,
    delivered,
    numbered,
)
from ussd_engine.counts import Count
from ussd_engine.errors import ConfigError, NotACallback
from ussd_engine.model import LegKind, Phase, Profile, Reply, Turn
from ussd_engine.secret import Secret
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.account import Account, Version, account
from ussd_engine.smpp.alphabet import UCS2, Alphabet, decoded_ussd, encoded, folded, utf16
from ussd_engine.smpp.pdu import Address, BadPdu, Pdu, Sm

PROFILE: Final = Profile()
DIALLED, TYPED, NOTIFIED, ABORTED = 1, 18, 19, 0x81
SCREEN, NOTIFICATION = 2, 3
HOME: Final = {"standard": (17, True), "6d": (0x17, True), "mica": (0x17, False)}
"""By layout: the op of a last screen, and whether the end bit is set in it."""
NUMBERS: Final = 128
"""Of messages in a session: seven bits."""
OCTET: Final = msgspec.Meta(ge=0, le=255)

_Layout = Literal["standard", "6d", "mica"]
_session = re.compile(r"[0-9a-f]{1,4}$").search


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bind, and how this vendor tells sessions. Without `url` there is none."""

    url: str = ""
    system_id: str = ""
    password: Secret = Secret("")
    system_type: str = ""
    version: Version = "3.4"
    window: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 50
    connect_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0
    answer_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10.0
    enquire_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 30.0
    ca: str = ""
    tunnel: bool = False
    post_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 4.0
    """How long a screen may take to be sent: a citizen waits."""
    layout: _Layout = "standard"
    legs: Literal["numbered", "window"] = "numbered"
    """Whether the number of the message can be relied upon; in the standard layout alone there is one."""
    final_op: Annotated[int, OCTET] | None = None
    end_bit: bool | None = None
    code_in: Literal["short_message", "destination_addr"] = "short_message"
    service_type: Annotated[str, msgspec.Meta(max_length=5)] = "USSD"
    alphabet: Alphabet = "gsm7"
    coding: Annotated[int, OCTET] = 0
    """`data_coding` of a screen in the default alphabet."""
    ucs2: Annotated[int, OCTET] = UCS2
    """`data_coding` of one that leaves it."""


class Smpp:
    """USSD over SMPP."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        profile, self._options = configure(settings, PROFILE, Options)
        options = self._options
        legs = options.legs if options.layout == "standard" else "window"
        self.profile, self._leg_kind = numbered(settings, profile, legs)
        final_op, end_bit = HOME[options.layout]
        self._final_op = final_op if options.final_op is None else options.final_op
        self._end_bit = end_bit if options.end_bit is None else options.end_bit
        if self._final_op == SCREEN and not self._end_bit:
            raise ConfigError(
                f'channel "{self.name}": final_op: 2 is the op of a screen that waits, so it needs end_bit'
            )
        if options.layout == "mica" and self._end_bit:
            raise ConfigError(f'channel "{self.name}": end_bit: there is none in the layout mica')
        self._settings = settings
        self.account = self._account()
        self.post_s = options.post_s

    def _account(self) -> Account | None:
        if not self._options.url:
            return None
        try:
            return account(self._options)
        except ValueError as error:
            raise ConfigError(f'channel "{self.name}": {error}') from None

    def parse(self, request: Request) -> Turn:
        sm = held(request)
        op = _octets(sm, p.USSD_SERVICE_OP, 1, "ussd_service_op")[0]
        session, number, ends = self._told(sm)
        msisdn = self._settings.msisdn(sm.source.text)
        if op == NOTIFIED:
            raise Answered(Response(body=b""), Count.RECEIPT)
        closed = op == ABORTED or ends
        if op not in (DIALLED, TYPED) and not closed:
            raise NotACallback("ussd_service_op is none that a network sends")
        text, code = "", None
        if closed:
            text = Closing.USER_CANCELLED if op == ABORTED else Closing.UNKNOWN
        elif op == DIALLED:
            code, text = self._dialled(sm)
        else:
            text = decoded_ussd(sm.message, sm.coding, self._options.alphabet)
        return Turn(
            channel=self.name,
            dialogue=f"{msisdn or sm.source.text}-{session:x}",
            phase=Phase.CLOSED if closed else Phase.START if op == DIALLED else Phase.INPUT,
            text=text,
            service_code=code,
            msisdn=msisdn,
            leg_kind=self._leg_kind,
            sequence=number,
            echo=(*map(str, sm.source), *map(str, sm.destination), str(session), str(number)),
        )

    def parse_event(self, request: Request) -> Turn:
        raise NotACallback("this provider tells the end where it tells all else")

    def _told(self, sm: Sm) -> tuple[int, int, bool]:
        """The number of the session, that of the message, and whether this is the end."""
        layout = self._options.layout
        if layout == "mica":
            return int.from_bytes(_octets(sm, p.USER_MESSAGE_REFERENCE, 2, "user_message_reference")), 0, False
        info = _octets(sm, p.ITS_SESSION_INFO, 2, "its_session_info")
        if layout == "6d":
            return int.from_bytes(info) >> 1, 0, bool(info[1] & 1)
        return info[0], info[1] >> 1, bool(info[1] & 1)

    def _dialled(self, sm: Sm) -> tuple[str, str]:
        stands = self._options.code_in
        there = stands == "destination_addr"
        text = sm.destination.text if there else decoded_ussd(sm.message, sm.coding, self._options.alphabet)
        return self._settings.dialled(text, stands)

    def reply(self, reply: Reply, turn: Turn | None) -> Response:
        if turn is not None and turn.phase is Phase.CLOSED:
            return Response(body=b"")
        echo = turn.echo if turn else ("", "0", "0", "", "0", "0", "0", "0")
        caller, called = Address(echo[0], int(echo[1]), int(echo[2])), Address(echo[3], int(echo[4]), int(echo[5]))
        coding, short = self._written(reply.text)
        sm = Sm(
            service_type=self._options.service_type,
            source=called,
            destination=caller,
            coding=coding,
            short=short,
            options={
                p.USSD_SERVICE_OP: bytes((self._final_op if reply.ends else SCREEN,)),
                **self._session(int(echo[6]), self._next(int(echo[7])), reply.ends and self._end_bit),
            },
        )
        return Response(body=p.dump(Pdu(p.SUBMIT_SM, p.OK, 0, p.dump_sm(sm))))

    def _written(self, text: str) -> tuple[int, bytes]:
        """`data_coding` and octets of a screen. One that leaves the alphabet is UCS-2; where it has no room there,
        since it was cut for GSM-7 and this SMSC's alphabet lacks a sign of that, the sign gives way."""
        options = self._options
        short = encoded(text, options.alphabet)
        if short is None and len(wide := utf16(text)) <= 2 * self.profile.units:
            return options.ucs2, wide
        return options.coding, folded(text, options.alphabet) if short is None else short

    def _next(self, number: int) -> int:
        """The number of our message. A network that counts by itself takes any, and one that leaves it to us sends it
        back with the answer: did ours not grow, no answer would be told from a repeat."""
        return (number + 1) % NUMBERS if self._leg_kind is LegKind.SEQUENCE else number

    def _session(self, session: int, number: int, ends: bool) -> dict[int, bytes]:
        layout = self._options.layout
        if layout == "mica":
            return {p.USER_MESSAGE_REFERENCE: session.to_bytes(2)}
        if layout == "6d":
            return {p.ITS_SESSION_INFO: (session << 1 | ends).to_bytes(2)}
        return {p.ITS_SESSION_INFO: bytes((session, number << 1 | ends))}

    def build(self, dial: Dial) -> Request:
        if dial.inputs:
            return self._deliver(dial, TYPED, dial.inputs[-1])
        return self._deliver(dial, DIALLED, dial.dialled)

    def build_close(self, dial: Dial) -> Request:
        return self._deliver(dial, ABORTED, "")

    def _deliver(self, dial: Dial, op: int, text: str) -> Request:
        options, code = self._options, self._settings.codes.split(dial.dialled)[0]
        in_address = options.code_in == "destination_addr"
        short = b"" if in_address and op == DIALLED else encoded(text, options.alphabet)
        number = len(dial.inputs) if self._leg_kind is LegKind.SEQUENCE else 0
        sm = Sm(
            service_type=options.service_type,
            source=Address(dial.msisdn or "", 1, 1),
            destination=Address(dial.dialled if in_address and op == DIALLED else code.strip("*#")),
            coding=options.ucs2 if short is None else options.coding,
            short=utf16(text) if short is None else short,
            options={
                p.USSD_SERVICE_OP: bytes((op,)),
                **self._session(self._number(dial.dialogue), number & 0x7F, False),
            },
        )
        return delivered(p.dump(Pdu(p.DELIVER_SM, p.OK, 1, p.dump_sm(sm))))

    def _number(self, dialogue: str) -> int:
        """A session for a dialogue of the simulator's, by the digits at its end: the next one's is another."""
        found = _session(dialogue)
        return (
            int(found[0], 16) & {"standard": 0xFF, "6d": 0x7FFF, "mica": 0xFFFF}[self._options.layout] if found else 0
        )

    def read(self, response: Response) -> Reply:
        try:
            sm = _held(response.body, p.SUBMIT_SM)
            op = _octets(sm, p.USSD_SERVICE_OP, 1, "ussd_service_op")[0]
            ends = op == self._final_op and (op != SCREEN or self._told(sm)[2])
            text = decoded_ussd(sm.message, sm.coding, self._options.alphabet)
        except NotACallback:
            op, ends, text = -1, False, ""
        if response.status != 200 or op not in (SCREEN, self._final_op):
            raise UnreadableReply(f"{self.name}: what was sent is no screen")
        return Reply(text, ends)

    def addressee(self, posted: bytes) -> str:
        sm = _held(posted, p.SUBMIT_SM)
        return f"{self._settings.msisdn(sm.destination.text) or sm.destination.text}-{self._told(sm)[0]:x}"


def held(request: Request) -> Sm:
    """What a `deliver_sm` holds. Raises `NotACallback`."""
    if request.method != DELIVERED:
        raise NotACallback("this provider binds, and sends nothing else")
    return _held(request.body, p.DELIVER_SM)


def _held(octets: bytes, command: int) -> Sm:
    try:
        found = p.parse(octets)
        if found.command != command:
            raise NotACallback("another command")
        return p.parse_sm(found.body)
    except BadPdu as error:
        raise NotACallback(f"the PDU cannot be read: {error}") from None


def _octets(sm: Sm, tag: int, count: int, name: str) -> bytes:
    """An optional parameter that no leg lacks."""
    found = sm.options.get(tag, b"")
    if len(found) != count:
        raise NotACallback(f"{name} is missing, or has another length")
    return found
