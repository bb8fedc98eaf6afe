"""Texts in the octets of a short message: GSM 03.38 one septet an octet, Latin-1, ASCII, UTF-16."""

from __future__ import annotations

import unicodedata
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
_CODINGS: Final = {1: "ascii", 3: "latin-1", **dict.fromkeys((UCS2, 0x18, 0x19, 0x1A, 0x1B, 0x48), "utf-16-be")}
_DEFAULT: Final = frozenset({0x00, 0x0F, 0x10, 0x11, 0x12, 0x13, 0x40, 0xF0, 0xF1, 0xF2, 0xF3})
"""Values of `data_coding` that name the default alphabet: 0, and what USSD gateways and phones hand on."""


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
    """The text of a message. Raises `NotACallback` where `data_coding` names none, or octets are none of it."""
    name = alphabet if coding in _DEFAULT else _CODINGS.get(coding)
    if name is None:
        raise NotACallback("a message that is no text")
    if name == "gsm7":
        return _septets(octets)
    try:
        # Half a character may stand in one part of a long SMS, and the other half in the next.
        return octets.decode(name, "surrogatepass" if name == "utf-16-be" else "strict")
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
