"""Strict reading of the XML that providers send, and writing of what they read. All reading raises `NotACallback`.

It is read by expat with UTF-8 alone and without any document type: no entity can be declared, so none is resolved and
none grows. Bodies are bounded in octets, elements and depth. Names are taken without their prefix; comments and
processing instructions are passed over.
"""

from __future__ import annotations

import re
from typing import Final

# expat itself: with document types refused nothing is left of what makes XML dangerous
from xml.parsers import expat

from ussd_engine.channels import wire
from ussd_engine.channels.base import Request
from ussd_engine.errors import NotACallback

TYPES: Final = ("text/xml", "application/xml")
CONTENT_TYPE: Final = "text/xml; charset=utf-8"
DEEPEST: Final = 16

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE = _TEXT | str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


class Element:
    """One element: its name without prefix, its attributes, the elements in it, and the text that stands in it."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""

    def child(self, name: str) -> Element | None:
        """The only element of that name in this one; `None` where there is none."""
        found = [one for one in self.children if one.name == name]
        if len(found) > 1:
            raise NotACallback(f"element {name} stands twice")
        return found[0] if found else None

    def needed(self, name: str) -> Element:
        """As `child`, where one must be there."""
        found = self.child(name)
        if found is None:
            raise NotACallback(f"element {name} is missing")
        return found

    def fields(self) -> dict[str, str]:
        """The elements in this one as fields, each once and holding text alone."""
        found = {one.name: one.text for one in self.children}
        if len(found) != len(self.children):
            raise NotACallback("a field stands twice")
        for one in self.children:
            if one.children:
                raise NotACallback("a field holds more than a text")
        return found


class _Reader:
    """Builds elements as expat meets them, and stops at the first that is too much."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._left = wire.MAX_FIELDS

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._left -= 1 + len(attributes)
        if self._left < 0 or len(self._open) >= DEEPEST:
            raise NotACallback(f"more than {wire.MAX_FIELDS} elements and attributes, or more than {DEEPEST} deep")
        element = Element(name.rpartition(":")[2], attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def text(self, data: str) -> None:
        self._open[-1].text += data


def document(request: Request) -> Element:
    """The root of the XML document in a POST's body."""
    return parsed(wire.octets(request, *TYPES))


def parsed(octets: bytes) -> Element:
    """The root of an XML document."""
    parser, reader = expat.ParserCreate("utf-8"), _Reader()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _no_type
    parser.XmlDeclHandler = _utf_8_alone
    try:
        parser.Parse(octets, True)
    except (expat.ExpatError, ValueError):
        raise NotACallback("the body is not XML in UTF-8") from None
    assert reader.root is not None  # expat takes no document without one
    return reader.root


def _no_type(*_: object) -> None:
    raise NotACallback("the body declares a document type")


def _utf_8_alone(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in wire.UTF_8:
        raise NotACallback("the charset is not UTF-8")


def text(value: str) -> str:
    """`value` as the text of an element. What XML cannot carry becomes `?`."""
    return _carried(value).translate(_TEXT)


def attribute(value: str) -> str:
    """`value` inside the double quotes of an attribute, line breaks and all."""
    return _carried(value).translate(_ATTRIBUTE)


def _carried(value: str) -> str:
    return _FORBIDDEN.sub("?", value) if _FORBIDDEN.search(value) else value
