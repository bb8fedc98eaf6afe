"""The table of hostile callbacks: what is sent, byte for byte, and the status that it must get.

0 is a connection that is closed without a word. A request that gets 200 may move its own sender's dialog; any other one
changes nothing.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

from tests.hostile.front import CODE, FORM

MINE = "255700000066"
"""The number of whoever means harm."""
AT, AT_EVENTS, GENERIC = "/ussd/africastalking", "/ussd/africastalking/events", "/ussd/generic"
KIB = 1024
WHOLE = 64 * KIB


class Row(NamedTuple):
    """One exchange."""

    label: str
    sent: bytes
    status: int
    half_closed: bool = False


def request(
    method: str = "POST",
    target: str = AT,
    body: bytes = b"",
    *headers: str,
    type_: str = FORM,
    version: str = "HTTP/1.1",
    length: bool = True,
) -> bytes:
    """A request that asks for its connection to be closed; text is sent in UTF-8."""
    lines = [f"{method} {target} {version}", "Host: gateway", "Connection: close"]
    lines += [f"Content-Type: {type_}"] if type_ else []
    lines += [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def fields(**changes: str | None) -> dict[str, str]:
    """A sound first leg, with fields that are other or not there."""
    sound: dict[str, str | None] = {
        "sessionId": "ATUid_hostile",
        "phoneNumber": f"+{MINE}",
        "networkCode": "64004",
        "serviceCode": CODE,
        "text": "",
    }
    return {name: value for name, value in {**sound, **changes}.items() if value is not None}


def form(**changes: str | None) -> bytes:
    return urlencode(fields(**changes)).encode()


def query(**changes: str | None) -> str:
    """A sound first leg of the channel that is read from the address."""
    sound: dict[str, str | None] = {"id": "hostile", "msisdn": MINE, "new": "1", "code": CODE, "text": ""}
    return urlencode({name: value for name, value in {**sound, **changes}.items() if value is not None})


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + end


SOUND = form()


def methods() -> Iterator[Row]:
    for method, status in {
        "GET": 400,
        "HEAD": 405,
        "PUT": 405,
        "PATCH": 405,
        "DELETE": 405,
        "OPTIONS": 405,
        "TRACE": 405,
        "PROPFIND": 405,
        "BREW": 400,
        "post": 400,
        "P\u00d6ST": 400,
        "": 400,
        "X" * 200: 400,
    }.items():
        yield Row(f"{method[:9]!r} of a channel that is posted to", request(method, AT, SOUND), status)
    yield Row("POST to a channel that is read from the address", request("POST", f"{GENERIC}?{query()}", SOUND), 400)
    yield Row("HEAD of a channel that is read from the address", request("HEAD", f"{GENERIC}?{query()}"), 405)
    yield Row("CONNECT", request("CONNECT", "gateway:443"), 404)


def types() -> Iterator[Row]:
    for type_, status in {
        "": 400,
        "text/plain": 400,
        "application/json": 400,
        "multipart/form-data": 400,
        "multipart/form-data; boundary=x": 400,
        "application/octet-stream": 400,
        "application/x-www-form-urlencoded2": 400,
        "*/*": 400,
        ";": 400,
        f"{FORM}; charset=utf-7": 400,
        f"{FORM}; charset=utf-16": 400,
        f"{FORM}; charset=utf-16le": 400,
        f"{FORM}; charset=iso-8859-1": 400,
        f"{FORM}; charset=no-such": 400,
        f"{FORM}; charset=": 400,
        f"{FORM}; charset=utf-8; charset=utf-7": 400,
        f"{FORM}; charset*=utf-7''utf-7": 400,
        f"{FORM}; charset='utf-7'": 400,
        f"{FORM}, application/json": 400,
        f"{FORM}; charset=rot13": 400,
        f'{FORM}; charset="UTF-8"': 200,
        f"{FORM.upper()};CHARSET=UTF8": 200,
        f"{FORM}; boundary=x": 200,
        f"{FORM};": 200,
    }.items():
        yield Row(f"content type {type_!r}", request("POST", AT, SOUND, type_=type_), status)
    yield Row("two content types", request("POST", AT, SOUND, "Content-Type: application/json"), 400)
    yield Row("JSON for a form", request("POST", AT, json.dumps(fields()).encode()), 400)
    yield Row(
        "JSON as JSON for a form", request("POST", AT, json.dumps(fields()).encode(), type_="application/json"), 400
    )
    yield Row("a form in UTF-16", request("POST", AT, SOUND.decode().encode("utf-16")), 400)
    yield Row("a form in UTF-7", request("POST", AT, b"sessionId+AD0-a+ACY-text+AD0-"), 400)
    yield Row("a form behind a byte order mark", request("POST", AT, b"\xef\xbb\xbf" + SOUND), 400)


def bytes_() -> Iterator[Row]:
    """Octets and escapes inside a field."""
    for label, text, status in (
        ("raw \\xff", b"\xff", 400),
        ("a cut character", b"\xe2\x82", 400),
        ("an overlong NUL", b"\xc0\x80", 400),
        ("a raw surrogate", b"\xed\xa0\x80", 400),
        ("%FF", b"%FF", 400),
        ("%C0%80", b"%C0%80", 400),
        ("a lone surrogate, %ED%A0%80", b"%ED%A0%80", 400),
        ("a pair of surrogates, %ED%A0%BD%ED%B8%80", b"%ED%A0%BD%ED%B8%80", 400),
        ("%F5%80%80%80", b"%F5%80%80%80", 400),
        ("%00", b"9%002", 200),
        ("a raw NUL", b"9\x002", 200),
        ("a bare percent sign", b"100%", 200),
        ("%zz", b"%zz", 200),
        ("%u0041", b"%u0041", 200),
        ("raw line breaks", b"9\r\n2", 200),
        ("a semicolon", b"9;text=1", 200),
        ("raw UTF-8", "ng\u2019ombe \U0001f600".encode(), 200),
        ("10,000 signs of one letter", b"e" + b"%CC%81" * 9_999, 200),
        ("60,000 stars", b"*" * 60_000, 200),
        ("a text of 20,000 answers", b"*".join([b"1"] * 20_000), 200),
        ("a number without end", b"9" * 60_000, 200),
    ):
        yield Row(f"text: {label}", request("POST", AT, form(text=None) + b"&text=" + text), status)
    for name in ("sessionId", "serviceCode", "phoneNumber", "networkCode", "other"):
        body = form(**{name: None}) + f"&{name}=%ED%A0%80".encode()
        yield Row(f"{name}: a lone surrogate", request("POST", AT, body), 400)
    yield Row("a name that is no UTF-8", request("POST", AT, SOUND + b"&%FF=1"), 400)


def fields_() -> Iterator[Row]:
    """Fields that are missing, double, too many, too long."""
    for name in ("sessionId", "phoneNumber", "serviceCode", "text"):
        yield Row(f"{name} missing", request("POST", AT, form(**{name: None})), 400)
        yield Row(f"{name} twice", request("POST", AT, SOUND + f"&{name}=".encode()), 400)
        yield Row(f"{name} in other letters", request("POST", AT, form(**{name: None, name.upper(): "1"})), 400)
        yield Row(f"{name} as a list", request("POST", AT, form(**{name: None, f"{name}[]": "1"})), 400)
    yield Row("networkCode twice", request("POST", AT, SOUND + b"&networkCode=1"), 400)
    yield Row("sessionId empty", request("POST", AT, form(sessionId="")), 400)
    yield Row("serviceCode empty", request("POST", AT, form(serviceCode="")), 400)
    yield Row("serviceCode a word", request("POST", AT, form(serviceCode="code")), 400)
    yield Row("serviceCode without end", request("POST", AT, form(serviceCode="*1" * 9_000 + "#")), 200)
    yield Row("serviceCode of digits of another script", request("POST", AT, form(serviceCode="*\u0661\u0665#")), 400)
    yield Row("serviceCode that nobody serves", request("POST", AT, form(serviceCode="*999#")), 200)
    yield Row("64 fields", request("POST", AT, SOUND + b"".join(b"&f%d=" % n for n in range(59))), 200)
    yield Row("65 fields", request("POST", AT, SOUND + b"".join(b"&f%d=" % n for n in range(60))), 400)
    yield Row("20,000 fields", request("POST", AT, b"&".join(b"%d=" % n for n in range(9_000))), 400)
    for label, body in (("no", b""), ("&", b"&&&&"), ("=", b"====")):
        yield Row(f"{label} body", request("POST", AT, body), 400)
    yield Row("a session id of 10,000 letters", request("POST", AT, form(sessionId="s" * 10_000)), 200)
    yield Row("a session id of line breaks", request("POST", AT, form(sessionId="\r\nX-Injected: 1\r\n\r\n")), 200)
    yield Row("a network without end", request("POST", AT, form(networkCode="6" * 10_000)), 200)


def numbers() -> Iterator[Row]:
    """Whatever stands where the number should, a dialog goes on: with a number or without."""
    for number in (
        MINE,
        f"+{MINE}",
        f" {MINE}",
        f"%2B{MINE}",
        f"00{MINE}",
        f"0{MINE[3:]}",
        "+255 700 000 066",
        "+255-700-000-066",
        f"tel:+{MINE}",
        f"+{MINE};phone-context=x",
        "",
        " ",
        "+",
        "-1",
        "0",
        "1e308",
        "NaN",
        "null",
        "+1 555 0100",
        "9" * 30_000,
        "\u0662\u0665\u0665\u0667",
        "\uff12\uff15\uff15",
        "\U0001f4f1",
        "\x00",
        f"{MINE}\r\n{MINE}",
        "' OR 1=1 --",
        "{{7*7}}",
        "../../etc/passwd",
    ):
        shown = number if len(number) < 30 else f"{number[:9]}…"
        yield Row(f"number {shown!r}", request("POST", AT, form(phoneNumber=number)), 200)


def sizes() -> Iterator[Row]:
    """Bodies of every size, in one piece, in chunks, packed, and not as long as they say."""
    room = WHOLE - len(form(text=None)) - len("&text=")
    just = form(text=None) + b"&text=" + b"x" * room
    yield Row("64 KiB", request("POST", AT, just), 200)
    yield Row("an octet more than 64 KiB", request("POST", AT, just + b"x"), 400)
    yield Row("1 MiB", request("POST", AT, just * 16), 400)
    yield Row("100,000 stars", request("POST", AT, form(text="*" * 100_000)), 400)
    parts = [SOUND[index : index + 7] for index in range(0, len(SOUND), 7)]
    in_chunks = request("POST", AT, b"", "Transfer-Encoding: chunked", length=False)
    yield Row("in chunks", in_chunks + chunked(*parts), 200)
    yield Row("in chunks, with a trailer", in_chunks + chunked(*parts, end=b"0\r\nX-Trailer: 1\r\n\r\n"), 200)
    yield Row("in chunks of more than 64 KiB", in_chunks + chunked(*[b"a=" + b"x" * 8_000] * 12), 400)
    yield Row("a chunk without a size", in_chunks + b"zz\r\nabc\r\n0\r\n\r\n", 400)
    yield Row("a chunk of a negative size", in_chunks + b"-5\r\nabc\r\n0\r\n\r\n", 400)
    yield Row("a chunk of a size without end", in_chunks + b"f" * 40 + b"\r\nabc\r\n", 400)
    yield Row("a chunk that never comes", in_chunks + b"5\r\nab", 0, half_closed=True)
    for name, packed, status in (
        ("gzip", gzip.compress(SOUND), 200),
        ("deflate", zlib.compress(SOUND), 200),
        ("gzip", b"no gzip at all", 400),
        ("gzip", gzip.compress(SOUND)[:-12], 400),
        ("gzip", b"\x1f\x8b\x08\x00" + b"\x00" * 40, 400),
        ("deflate", b"\xff" * 40, 400),
        ("gzip", gzip.compress(b"a" * 20_000_000), 400),
        ("br", SOUND, 400),
        ("compress", SOUND, 200),
        ("gzip, gzip", gzip.compress(gzip.compress(SOUND)), 400),
    ):
        label = f"{name} of {len(packed)} octets, {packed[:4]!r}"
        yield Row(label, request("POST", AT, packed, f"Content-Encoding: {name}"), status)


def json_bodies() -> Iterator[Row]:
    """For a channel that is set to read JSON."""
    sound = {"id": "hostile", "msisdn": MINE, "new": "1", "code": CODE, "text": ""}
    good = json.dumps(sound)
    for label, body, status in (
        ("sound", good, 200),
        ("a text that is a number", json.dumps({**sound, "text": 1}), 200),
        ("a text that is a truth value", json.dumps({**sound, "text": True}), 200),
        ("a text that is null", json.dumps({**sound, "text": None}), 200),
        ("a text that is an object", json.dumps({**sound, "text": {}}), 400),
        ("a text that is a list", json.dumps({**sound, "text": ["1"]}), 400),
        ("a text that is a fraction", json.dumps({**sound, "text": 1.5}), 200),
        ("a number that is an object", json.dumps({**sound, "msisdn": {"a": 1}}), 400),
        ("a number that is a number", json.dumps({**sound, "msisdn": int(MINE)}), 200),
        ("an id that is null", json.dumps({**sound, "id": None}), 400),
        ("1e999", good.replace('"text": ""', '"text": 1e999'), 200),
        ("NaN", good.replace('"text": ""', '"text": NaN'), 400),
        ("an integer of 4,000 digits", good.replace('"text": ""', f'"text": {"9" * 4_000}'), 200),
        ("an integer of 50,000 digits", good.replace('"text": ""', f'"text": {"9" * 50_000}'), 400),
        ("60,000 open brackets", "[" * 60_000, 400),
        ("10,000 objects in each other", '{"a":' * 10_000 + "1" + "}" * 10_000, 400),
        ("a list", json.dumps([sound]), 400),
        ("a text", '"text"', 400),
        ("null", "null", 400),
        ("nothing", "", 400),
        ("a name twice", good[:-1] + ', "text": "1"}', 400),
        ("a lone surrogate", good.replace('"text": ""', '"text": "\\ud800"'), 400),
        ("a lone surrogate in a name", good[:-1] + ', "\\udfff": "1"}', 400),
        ("an escaped NUL", good.replace('"text": ""', '"text": "9\\u00002"'), 200),
        ("something behind it", good + "{}", 400),
        ("a comment", "// x\n" + good, 400),
        ("single quotes", str(sound), 400),
        ("a byte order mark", "\ufeff" + good, 400),
    ):
        yield Row(f"JSON: {label}", request("POST", GENERIC, body.encode(), type_="application/json"), status)
    for encoding in ("utf-16", "utf-32", "latin-1"):
        coded = good.replace("hostile", "h\u00f6stile").encode(encoding)
        yield Row(f"JSON in {encoding}", request("POST", GENERIC, coded, type_="application/json"), 400)
    yield Row("JSON: a form", request("POST", GENERIC, urlencode(sound).encode()), 400)
    yield Row(
        "JSON: a form that says JSON", request("POST", GENERIC, urlencode(sound).encode(), type_="text/json"), 400
    )
