"""Texts in the octets of a short message: GSM 03.38 one septet an octet, Latin-1, ASCII, UTF-16.

Which of them it is, `data_coding` tells. SMPP gives its values up to 14; gateways hand on others as the network has
them, and there one value means two things: 3GPP TS 23.038 has a scheme for SMS in its section 4, and another in its
section 5 for broadcasts and USSD, by which 0x10 and 0x11 are texts behind two letters that name their language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final, Literal

from ussd_engine import gsm
from ussd_engine.errors import NotACallback

Alphabet = Literal["gsm7", "latin-1", "ascii"]
"""What the SMSC takes for its default alphabet."""

UCS2: Final = 8
ESCAPE: Final = 0x1B
_PLAIN: Final = gsm.BASIC[:ESCAPE] + "\x1b" + gsm.BASIC[ESCAPE:]
_EXTENDED: Final = dict(zip((0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65), "\f^{}\\[~]|€", strict=True))
_OCTETS: Final = {
    **{character: bytes((ESCAPE, code)) for code, character in _EXTENDED.items()},
    **{character: bytes((code,)) for code, character in enumerate(_PLAIN) if code != ESCAPE},
}
_DEFAULT: Final = ""
_UTF16: Final = "utf-16-be"
_SMS: Final = {
    1: "ascii",
    3: "latin-1",
    **dict.fromkeys((0, 0x0F, *(group + it for group in (0x10, 0x40, 0x50, 0xF0) for it in range(4))), _DEFAULT),
    **dict.fromkeys((UCS2, *(group + 8 + it for group in (0x10, 0x40, 0x50) for it in range(4))), _UTF16),
}
"""By `data_coding`: SMPP's own, and those of section 4 for a text that is not compressed, whatever its class."""
_USSD: Final = {**_SMS, 0x11: _UTF16, **dict.fromkeys(range(0x20, 0x40), _DEFAULT)}
"""As section 5 has it. What it keeps for later, 0x18 among them, is read as in an SMS: those who send it mean that."""
_LANGUAGE: Final = {
    0x10: re.compile(rb"[A-Za-z]{2}\r").match,
    0x11: re.compile(rb"[A-Za-z\xc1-\xda\xe1-\xfa].", re.DOTALL).match,
}
"""What stands before a text in USSD: two letters and a CR, or two letters as septets in two octets. A gateway may have
taken it away."""


def encoded(text: str, alphabet: Alphabet) -> bytes | None:
    """`text` in the SMSC's default alphabet; `None` where that lacks one of its characters."""
    if alphabet == "gsm7":
        try:
            return b"".join([_OCTETS[character] for character in text])
        except KeyError:
            return None
    try:
        return text.encode(alphabet)
    except UnicodeEncodeError:
        return None


def folded(text: str, alphabet: Alphabet) -> bytes:
    """`text` in the SMSC's default alphabet, sign for sign: its plain letter for one that is lacking, or a question
    mark."""
    return b"".join(encoded(one, alphabet) or encoded(_plain(one), alphabet) or b"?" for one in text)


def _plain(character: str) -> str:
    return unicodedata.normalize("NFD", character)[0]


def utf16(text: str) -> bytes:
    """`text` as UCS-2, which is UTF-16 where a character needs it. A lone surrogate becomes a question mark."""
    return text.encode("utf-16-be", "replace")


def decoded(octets: bytes, coding: int, alphabet: Alphabet) -> str:
    """The text of an SMS. Raises `NotACallback` where `data_coding` names none, or octets are none of it."""
    return _read(octets, coding, alphabet, _SMS)


def decoded_ussd(octets: bytes, coding: int, alphabet: Alphabet) -> str:
    """The text of a leg of USSD, without the language that may stand before it. Raises as `decoded`."""
    found = _LANGUAGE[coding](octets) if coding in _LANGUAGE else None
    return _read(octets[found.end() :] if found else octets, coding, alphabet, _USSD)


def _read(octets: bytes, coding: int, alphabet: Alphabet, codings: Mapping[int, str]) -> str:
    if coding not in codings:
        raise NotACallback("a message that is no text")
    name = codings[coding] or alphabet
    if name == "gsm7":
        return _septets(octets)
    try:
        # Half a character may stand in one part of a long SMS, and the other half in the next.
        return octets.decode(name, "surrogatepass" if name == _UTF16 else "strict")
    except UnicodeDecodeError:
        raise NotACallback("a text is not in the coding that it is said to be in") from None


def _septets(octets: bytes) -> str:
    text, escaped = [], False
    for octet in octets:
        if octet > 0x7F:
            raise NotACallback("a text is not in the coding that it is said to be in")
        if octet == ESCAPE and not escaped:
            escaped = True
            continue
        # What the extension table lacks is shown as the plain character, as phones do.
        text.append(_EXTENDED.get(octet, _PLAIN[octet]) if escaped else _PLAIN[octet])
        escaped = False
    return "".join(text).replace("\x1b", " ")
