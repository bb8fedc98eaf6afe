"""Strict decoding of what providers send: always UTF-8, every field once, nothing guessed. All raise `NotACallback`.

A body that is read leniently turns into an empty form, and an empty form looks like a citizen who dials.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TypeVar
from urllib.parse import parse_qsl

from ussd_engine.channels.base import Request
from ussd_engine.errors import NotACallback

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
UTF_8 = frozenset({"utf-8", "utf8"})
MAX_FIELDS = 64
MAX_BYTES = 64 * 1024

_Text = TypeVar("_Text", str, bytes)


def form(request: Request) -> dict[str, str]:
    """The fields of a POST form."""
    return _pairs(_text(request, FORM))


def query(request: Request) -> dict[str, str]:
    """The fields in the address of a GET."""
    _expect_method(request, "GET")
    return _pairs(request.query)


def query_octets(request: Request) -> dict[str, bytes]:
    """The fields in the address of a GET, where one of them may be in another charset than the rest."""
    _expect_method(request, "GET")
    try:
        pairs = parse_qsl(request.query, keep_blank_values=True, encoding="latin-1", max_num_fields=MAX_FIELDS)
        return {name: str(value).encode("latin-1") for name, value in _object(pairs).items()}
    except ValueError:
        raise NotACallback(f"more than {MAX_FIELDS} fields, or one that is not percent-encoded") from None


def decoded(octets: bytes, charset: str = "utf-8") -> str:
    """A text in the charset that its request names."""
    try:
        return octets.decode(charset)
    except UnicodeDecodeError:
        raise NotACallback("a text is not in the charset that it is said to be in") from None


def json_object(request: Request) -> dict[str, object]:
    """The object in a JSON body."""
    try:
        value = json.loads(_text(request, JSON), object_pairs_hook=_object)
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate is no text
    except (ValueError, RecursionError):
        raise NotACallback("the body is not JSON") from None
    if not isinstance(value, dict):
        raise NotACallback("the body is not a JSON object")
    return value


def scalars(request: Request) -> dict[str, str]:
    """The object in a JSON body, its values as texts."""
    return {name: _scalar(name, value) for name, value in json_object(request).items()}


def chosen(request: Request, *names: str) -> dict[str, str]:
    """The fields of a form or of a JSON object under `names`, as texts. The others are not looked at, and of these an
    object or a list counts as missing: a field more must not cost a citizen her message."""
    if request.content_type.partition(";")[0].strip().lower() != JSON:
        fields = form(request)
        return {name: fields[name] for name in names if name in fields}
    given = json_object(request)
    return {name: str(given[name]) for name in names if isinstance(given.get(name), str | int | float)}


def filled(fields: dict[str, _Text], name: str) -> _Text:
    """A field that no callback of this provider leaves empty."""
    value = present(fields, name)
    if not value:
        raise NotACallback(f"field {name} is empty")
    return value


def present(fields: dict[str, _Text], name: str) -> _Text:
    """A field that every callback of this provider has."""
    try:
        return fields[name]
    except KeyError:
        raise NotACallback(f"field {name} is missing") from None


def _scalar(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, str | int):
        return "" if value is None else str(value)
    raise NotACallback(f"field {name} is neither text nor number")


def _expect_method(request: Request, method: str) -> None:
    if request.method != method:
        raise NotACallback(f"this provider sends {method}")


def _text(request: Request, media_type: str) -> str:
    _expect_method(request, "POST")
    _expect_type(request.content_type, media_type)
    if len(request.body) > MAX_BYTES:
        raise NotACallback(f"the body is larger than {MAX_BYTES // 1024} KiB")
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        raise NotACallback("the body is not UTF-8") from None


def _expect_type(content_type: str, media_type: str) -> None:
    if fault := _type_fault(content_type, media_type):
        raise NotACallback(fault)


@lru_cache(maxsize=64)
def _type_fault(content_type: str, media_type: str) -> str:
    """What is wrong with a content type; empty where nothing is. A provider sends the same one always."""
    given, *parameters = content_type.split(";")
    if given.strip().lower() != media_type:
        return f"the body is not {media_type}"
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower().startswith("charset") and value.strip().strip('"').lower() not in UTF_8:
            return "the charset is not UTF-8"
    return ""


def _pairs(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError:
        raise NotACallback("a field is not UTF-8") from None
    except ValueError:
        raise NotACallback(f"more than {MAX_FIELDS} fields") from None
    return {name: str(value) for name, value in _object(pairs).items()}


def _object(pairs: list[tuple[str, object]] | list[tuple[str, str]]) -> dict[str, object]:
    fields: dict[str, object] = dict(pairs)
    if len(fields) != len(pairs):
        raise NotACallback("a field stands twice")
    return fields
