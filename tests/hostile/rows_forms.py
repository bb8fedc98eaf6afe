"""Hostile forms and field checks, as a platform's callbacks."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.hostile.rows import MINE, WHOLE, Row, request

FORMS, CHECK = "/forms/mgov", "/forms/mgov/check"
JSON = "application/json"
WORDS = "Umeme umekatika siku tatu Mtumba"
SOUND = {"msisdn": MINE, "em_aina": "1", "em_taasisi": "TANESCO"}
"""A form that lacks its words: it is answered, and nothing is stored."""


def dumped(**changes: object) -> bytes:
    return json.dumps({name: value for name, value in {**SOUND, **changes}.items() if value is not ...}).encode()


def bodies() -> Iterator[Row]:
    """What may stand in the place of a form."""
    deep = b'{"msisdn":"' + MINE.encode() + b'","x":' + b"[" * 50_000 + b"]" * 5_000 + b"}"
    for label, body, status in (
        ("sound", dumped(), 200),
        ("empty", b"", 400),
        ("an empty object", b"{}", 400),
        ("null", b"null", 400),
        ("a list", b"[]", 400),
        ("a list of forms", b"[" + dumped() + b"]", 400),
        ("a text", json.dumps(MINE).encode(), 400),
        ("NaN", b'{"msisdn":NaN}', 400),
        ("Infinity in a field of nobody", b'{"msisdn":"%b","x":Infinity}' % MINE.encode(), 200),
        ("without number", dumped(msisdn=...), 200),
        ("an empty number", dumped(msisdn=""), 200),
        ("a null number", dumped(msisdn=None), 200),
        ("a number that is a list", dumped(msisdn=[MINE]), 200),
        ("a number that is an object", dumped(msisdn={"$ne": ""}), 200),
        ("a number that is a fraction", dumped(msisdn=2.557), 200),
        ("a number that is true", dumped(msisdn=True), 200),
        ("a number of 5,000 digits", dumped(msisdn="2" * 5_000), 200),
        ("a number of SQL", dumped(msisdn="' OR 1=1 --"), 200),
        ("a number of digits of another script", dumped(msisdn="\u0662\u0665\u0665"), 200),
        ("a field that is a list", dumped(em_aina=["1", "2"]), 200),
        ("a field that is an object", dumped(em_aina={"$gt": ""}), 200),
        ("a field that is a fraction", dumped(em_aina=1.5), 200),
        ("a field that is huge", dumped(em_aina=10**300), 200),
        ("a field twice", b'{"msisdn":"%b","em_aina":"1","em_aina":"2"}' % MINE.encode(), 400),
        ("two numbers", b'{"msisdn":"%b","msisdn":"255700000067"}' % MINE.encode(), 400),
        ("a field of NUL", dumped(em_maelezo="\0" * 100), 200),
        ("a field of line breaks", dumped(em_taasisi="\r\nX-Injected: 1\r\n\r\n"), 200),
        ("a field that is a template", dumped(em_taasisi="{ref} {pin} {{7*7}} ${x} %s"), 200),
        ("a field of markup", dumped(em_taasisi="<script>alert(1)</script>"), 200),
        ("a field of SQL", dumped(em_taasisi="'; DROP TABLE cases; --"), 200),
        ("a field that turns around", dumped(em_taasisi="\u202e\u2066\ufeff"), 200),
        ("a lone surrogate", b'{"msisdn":"%b","em_aina":"\\ud800"}' % MINE.encode(), 400),
        ("a lone surrogate in a field of nobody", b'{"msisdn":"%b","x":"\\ud800"}' % MINE.encode(), 400),
        ("raw Latin-1", b'{"msisdn":"%b","em_aina":"\xe9"}' % MINE.encode(), 400),
        ("UTF-16", dumped().decode().encode("utf-16"), 400),
        ("a byte order mark", b"\xef\xbb\xbf" + dumped(), 400),
        ("too deep", deep, 400),
        ("3,000 fields", json.dumps({"msisdn": MINE, **{f"f{n}": n for n in range(3_000)}}).encode(), 200),
        ("60 KiB of one field", dumped(em_maelezo="x " * 30_000), 200),
        ("60 KiB of an institution", dumped(em_taasisi="maji " * 12_000), 200),
        ("more than 64 KiB", dumped(em_maelezo="x" * WHOLE), 400),
        ("a form as a form", b"msisdn=" + MINE.encode(), 400),
        ("XML", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", 400),
    ):
        yield Row(f"form: {label}", request("POST", FORMS, body, type_=JSON), status)
    for type_ in ("", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-7"):
        yield Row(f"form of type {type_!r}", request("POST", FORMS, dumped(), type_=type_), 400)


def checks() -> Iterator[Row]:
    """What may stand in the place of a check."""
    for label, query, body, status in (
        ("sound", "?field=em_taasisi", b'{"data":"tanesco"}', 200),
        ("without data", "?field=em_taasisi", b"{}", 400),
        ("of a list", "?field=em_taasisi", b'{"data":["tanesco"]}', 400),
        ("of null", "?field=em_taasisi", b'{"data":null}', 200),
        ("of a field of nobody", "?field=__class__", b'{"data":"x"}', 400),
        ("of two fields", "?field=em_aina&field=em_taasisi", b'{"data":"x"}', 400),
        ("of %FF", "?field=%FF", b'{"data":"x"}', 400),
        ("of 65 fields", "?" + "&".join(f"f{n}=" for n in range(65)), b'{"data":"x"}', 400),
        ("of 60 KiB", "?field=em_taasisi", json.dumps({"data": "dodoma " * 8_000}).encode(), 200),
        ("of NUL", "?field=em_taasisi", b'{"data":"\\u0000"}', 200),
        ("of a placeholder", "?field=em_taasisi", b'{"data":"{code}{minutes}{ref}"}', 200),
        ("of no JSON", "?field=em_taasisi", b"{", 400),
    ):
        yield Row(f"check {label}", request("POST", CHECK + query, body, type_=JSON), status)


def addresses() -> Iterator[Row]:
    """Where there is no platform."""
    for target, status in {
        "/forms": 404,
        "/forms/": 404,
        "/forms/nobody": 404,
        "/forms/africastalking": 404,
        f"{FORMS}/wrong": 404,
        f"{CHECK}/wrong": 404,
        f"{FORMS}/": 404,
        f"{CHECK}/check": 404,
        "/forms/mgov/%2e%2e/check": 404,
        "/forms/%6dgov": 200,
    }.items():
        yield Row(f"forms at {target}", request("POST", target, dumped(), type_=JSON), status)
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        yield Row(f"form by {method}", request(method, FORMS, dumped(), type_=JSON), 405)
