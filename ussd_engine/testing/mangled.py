"""Requests with something wrong in them: a field twice, a field missing, octets that are no text."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree

import msgspec

from ussd_engine.channels.base import Request
from ussd_engine.channels.wire import FORM, JSON

XML = "text/xml"


def media_type(request: Request) -> str:
    """The type of its body, without parameters."""
    return request.content_type.partition(";")[0]


def typed(request: Request, content_type: str) -> Request:
    """The request with another content type."""
    return msgspec.structs.replace(request, headers={**request.headers, "content-type": content_type})


def spoilt(body: bytes, *inside: str) -> bytes:
    """The body with an octet that is no UTF-8 before the first of these that stands in it."""
    middle = next(body.index(one.encode()) for one in inside if one.encode() in body)
    return body[:middle] + b"\xff" + body[middle:]


def _carried(request: Request) -> tuple[str, str]:
    """How the fields travel, and the text that holds them."""
    if request.method == "GET":
        return "query", request.query
    return {FORM: "form", JSON: "json", XML: "xml"}.get(media_type(request), "other"), request.body.decode()


def _with(request: Request, text: str) -> Request:
    if request.method == "GET":
        return msgspec.structs.replace(request, query=text)
    return msgspec.structs.replace(request, body=text.encode())


def doubled(request: Request) -> Iterator[Request]:
    """The request with each of its fields a second time."""
    carrier, text = _carried(request)
    if carrier in ("query", "form"):
        for pair in text.split("&"):
            yield _with(request, f"{text}&{pair}")
    elif carrier == "json":
        for name, value in json.loads(text).items():
            yield _with(request, f"{text.rstrip()[:-1]}, {json.dumps(name)}: {json.dumps(value)}}}")
    elif carrier == "xml":
        for parent, index in _places(ElementTree.fromstring(text)):
            whole = ElementTree.fromstring(text)
            _at(whole, parent).insert(index, copy.deepcopy(_at(whole, parent)[index]))
            yield _with(request, ElementTree.tostring(whole, "unicode"))


def lacking(request: Request) -> Iterator[tuple[str, Request]]:
    """The request without each of its fields, which is named."""
    carrier, text = _carried(request)
    if carrier in ("query", "form"):
        pairs = parse_qsl(text, keep_blank_values=True)
        for name, _ in pairs:
            yield name, _with(request, urlencode([pair for pair in pairs if pair[0] != name]))
    elif carrier == "json":
        fields = json.loads(text)
        for name in fields:
            yield name, _with(request, json.dumps({key: fields[key] for key in fields if key != name}))
    elif carrier == "xml":
        yield from ((name, _with(request, lacking)) for name, lacking in _lacking_xml(text))


def _lacking_xml(text: str) -> Iterator[tuple[str, str]]:
    """The document without one of its elements, or without one of its attributes."""
    root = ElementTree.fromstring(text)
    for parent, index in _places(root):
        whole = ElementTree.fromstring(text)
        lost = _at(whole, parent)[index]
        _at(whole, parent).remove(lost)
        yield lost.tag.rpartition("}")[2], ElementTree.tostring(whole, "unicode")
    for place in [[], *([*parent, index] for parent, index in _places(root))]:
        for name in _at(root, place).attrib:
            whole = ElementTree.fromstring(text)
            del _at(whole, place).attrib[name]
            yield name, ElementTree.tostring(whole, "unicode")


def _places(element: ElementTree.Element, path: list[int] | None = None) -> Iterator[tuple[list[int], int]]:
    """Where each element stands that is inside `element`: the way to its parent, and which one it is there."""
    for index, child in enumerate(element):
        yield path or [], index
        yield from _places(child, [*(path or []), index])


def _at(element: ElementTree.Element, path: list[int]) -> ElementTree.Element:
    for index in path:
        element = element[index]
    return element
