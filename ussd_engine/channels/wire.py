"""Strict decoding of what providers send: always UTF-8, every field once, nothing guessed. All raise `NotACallback`.

A body that is read leniently turns into an empty form, and an empty form looks like a citizen who dials.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar
from urllib.parse import parse_qsl

from ussd_engine.channels.base import Request, Response, UnreadableReply
from ussd_engine.errors import NotACallback
from ussd_engine.model import Reply

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
UTF_8 = frozenset({"utf-8", "utf8"})
CONTINUE, LAST = "CON ", "END "
MAX_FIELDS = 64
MAX_BYTES = 64 * 1024

_Text = TypeVar("_Text", str, bytes)
_Meaning = TypeVar("_Meaning")


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
    """The object in a JSON body. A number with a fraction is the text as which it is written: nothing is measured."""
    try:
        value = json.loads(_text(request, JSON), object_pairs_hook=_object, parse_float=str)
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate is no text
    except (ValueError, RecursionError):
        raise NotACallback("the body is not JSON") from None
    if not isinstance(value, dict):
        raise NotACallback("the body is not a JSON object")
    return value


def octets(request: Request, *media_types: str) -> bytes:
    """The body of a POST of one of these types, in UTF-8 by its headers and not yet decoded."""
    _expect_method(request, "POST")
    given = request.content_type.partition(";")[0].strip().lower()
    if given not in media_types:
        raise NotACallback(f"the body is not {' or '.join(media_types)}")
    if not _is_utf_8(request.content_type):
        raise NotACallback("the charset is not UTF-8")
    if len(request.body) > MAX_BYTES:
        raise NotACallback(f"the body is larger than {MAX_BYTES // 1024} KiB")
    return request.body


def folded(fields: dict[str, str]) -> dict[str, str]:
    """`fields` by their names in lower case, for a provider that spells them now this way, now that."""
    found = {name.lower(): value for name, value in fields.items()}
    if len(found) != len(fields):
        raise NotACallback("a field stands twice")
    return found


def prefixed(reply: Reply) -> Response:
    """A screen as `text/plain`, behind `CON ` where it waits for an answer, else behind `END `."""
    return Response(body=((LAST if reply.ends else CONTINUE) + reply.text).encode())


def unprefixed(channel: str, response: Response) -> Reply:
    """The screen behind `CON ` or `END `. Raises `UnreadableReply`."""
    text = response.body.decode(errors="replace")
    if response.status != 200 or not text.startswith((CONTINUE, LAST)):
        raise UnreadableReply(f"{channel}: status {response.status}, a body without CON or END")
    return Reply(text[len(CONTINUE) :], text.startswith(LAST))


def scalars(request: Request) -> dict[str, str]:
    """The object in a JSON body, its values as texts."""
    return {name: _scalar(name, value) for name, value in json_object(request).items()}


def texts(document: dict[str, object], *names: str) -> dict[str, str]:
    """The fields of a JSON object under `names`, as texts; of these an object or a list counts as missing. The others
    are not looked at: a field more must not cost a citizen her dialog."""
    found = {name: document[name] for name in names if name in document}
    return {name: _scalar(name, value) for name, value in found.items() if not isinstance(value, dict | list)}


def inner(document: dict[str, object], name: str) -> dict[str, object]:
    """An object inside a JSON object."""
    found = document.get(name)
    if not isinstance(found, dict):
        raise NotACallback(f"field {name} is no object")
    return found


def chosen(request: Request, *names: str) -> dict[str, str]:
    """The fields of a form or of a JSON object under `names`, as texts. The others are not looked at, and of these an
    object or a list counts as missing: a field more must not cost a citizen her message."""
    octets(request, JSON, FORM)
    if request.content_type.partition(";")[0].strip().lower() != JSON:
        fields = form(request)
        return {name: fields[name] for name in names if name in fields}
    given = json_object(request)
    return {name: str(given[name]) for name in names if isinstance(given.get(name), str | int | float)}


def filled(fields: Mapping[str, _Text], name: str) -> _Text:
    """A field that no callback of this provider leaves empty."""
    value = present(fields, name)
    if not value:
        raise NotACallback(f"field {name} is empty")
    return value


def present(fields: Mapping[str, _Text], name: str) -> _Text:
    """A field that every callback of this provider has."""
    try:
        return fields[name]
    except KeyError:
        raise NotACallback(f"field {name} is missing") from None


def one_of(fields: Mapping[str, str], name: str, meanings: Mapping[str, _Meaning]) -> _Meaning:
    """What a field means that has one of a few values."""
    try:
        return meanings[present(fields, name)]
    except KeyError:
        raise NotACallback(f"field {name} is none that this provider sends") from None


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
    try:
        return octets(request, media_type).decode()
    except UnicodeDecodeError:
        raise NotACallback("the body is not UTF-8") from None


@lru_cache(maxsize=64)
def _is_utf_8(content_type: str) -> bool:
    """Whether no parameter of a content type says otherwise. A provider sends the same one always."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower().startswith("charset") and value.strip().strip('"').lower() not in UTF_8:
            return False
    return True


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
