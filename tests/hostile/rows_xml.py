"""The table of hostile callbacks, third part: channels that are posted XML or JSON, and those that are asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from tests.hostile.front import CODE
from tests.hostile.rows import KIB, MINE, Row, request

XML = "text/xml; charset=utf-8"
TRUROUTE, HALOTEL, RESTCOMM = "/ussd/truroute", "/ussd/halotel", "/ussd/restcomm"
SOAP = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
"""Each entity is ten of the one before: a thousand million letters in a few hundred octets."""


def ussd(text: str = CODE, inner: str = "", kind: str = "1", root: str = "ussd") -> str:
    fields = f"<msisdn>{MINE}</msisdn><sessionid>hostile</sessionid><type>{kind}</type><msg>{text}</msg>{inner}"
    return f"<{root}>{fields}</{root}>"


def inserted(text: str = CODE, kind: str = "100", inner: str = "") -> str:
    fields = {"user": "u", "pass": "p", "msisdn": MINE, "msg": text, "sessionid": "null", "transactionid": "W1"}
    rows = "".join(f"<{name}>{value}</{name}>" for name, value in {**fields, "requestType": kind}.items())
    return SOAP.format(f'<InsertMO xmlns="http://tempuri.org/">{rows}{inner}</InsertMO>')


def dialog(string: str = CODE, inner: str = "", attributes: str = "") -> str:
    caller = f'<msisdn nai="international_number" npi="ISDN" number="{MINE}"/>'
    name = "processUnstructuredSSRequest_Request"
    first = f'<{name} invokeId="0" dataCodingScheme="15" string="{string}">{caller}{inner}</{name}>'
    return f'<dialog type="Begin" localId="66" remoteId="1" mapMessagesSize="1" {attributes}>{first}</dialog>'


def posted(where: str, body: str | bytes, type_: str = XML) -> bytes:
    return request("POST", where, body.encode() if isinstance(body, str) else body, type_=type_)


SOUND = {TRUROUTE: ussd(), HALOTEL: inserted(), RESTCOMM: dialog()}
WITH: dict[str, Callable[[str], str]] = {TRUROUTE: ussd, HALOTEL: inserted, RESTCOMM: dialog}


def bombs() -> Iterator[Row]:
    """Document types in every shape: all are refused before anything is declared."""
    for where, sound in SOUND.items():
        named = where.rpartition("/")[2]
        for label, before, text in (
            ("a thousand million laughs", f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>', "&l9;"),
            ("one long entity, many times", f'<!DOCTYPE x [<!ENTITY a "{"a" * 20_000}">]>', "&a;" * 5_000),
            ("a file", '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>', "&f;"),
            ("an address", '<!DOCTYPE x [<!ENTITY f SYSTEM "http://169.254.169.254/latest/">]>', "&f;"),
            ("a type kept elsewhere", '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', CODE),
            ("a public type", '<!DOCTYPE x PUBLIC "-//X//EN" "http://127.0.0.1:9/x.dtd">', CODE),
            ("a parameter entity", '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>', CODE),
            ("an attribute by default", '<!DOCTYPE x [<!ATTLIST ussd a CDATA "1">]>', CODE),
            ("an entity of itself", '<!DOCTYPE x [<!ENTITY a "&b;"><!ENTITY b "&a;">]>', "&a;"),
            ("an empty type", "<!DOCTYPE x>", CODE),
        ):
            yield Row(f"{named}: {label}", posted(where, before + WITH[where](text)), 400)
        yield Row(f"{named}: an entity that nobody declared", posted(where, WITH[where]("&nobody;")), 400)
        yield Row(f"{named}: 10,000 deep", posted(where, "<a>" * 10_000), 400)
        deep = sound.replace("><", ">" + "<a>" * 17 + "</a>" * 17 + "<", 1)
        yield Row(f"{named}: 17 deep in a sound one", posted(where, deep), 400)
        yield Row(f"{named}: 100 elements more", posted(where, sound.replace("><", f">{'<a/>' * 100}<", 1)), 400)
        yield Row(f"{named}: 64 KiB and more", posted(where, sound.replace("><", f"><!--{'x' * 64 * KIB}--><", 1)), 400)


def charsets() -> Iterator[Row]:
    """UTF-8 alone, whatever headers and declaration say."""
    for where, sound in SOUND.items():
        named = where.rpartition("/")[2]
        for charset in ("utf-7", "utf-16", "iso-8859-1", "x-unknown"):
            said = f'<?xml version="1.0" encoding="{charset}"?>{sound}'
            yield Row(f"{named}: declared {charset}", posted(where, said), 400)
            yield Row(f"{named}: {charset} in its header", posted(where, sound, f"text/xml; charset={charset}"), 400)
        for encoding in ("utf-16", "utf-32", "utf-7"):
            yield Row(f"{named}: coded {encoding}", posted(where, f"\u00e9{sound}".encode(encoding)), 400)
        for label, octets in (("\\xff", b"\xff"), ("an overlong NUL", b"\xc0\x80"), ("a surrogate", b"\xed\xa0\x80")):
            spoilt = sound.encode().replace(MINE.encode(), MINE.encode() + octets)
            yield Row(f"{named}: {label}", posted(where, spoilt), 400)
        for label, inside in (("a NUL", "\x00"), ("a NUL by number", "&#0;"), ("half a pair by number", "&#xD800;")):
            yield Row(f"{named}: {label}", posted(where, WITH[where](inside)), 400)
        for type_ in ("", "text/plain", "application/json", "application/x-www-form-urlencoded", "text/xml2"):
            yield Row(f"{named}: sent as {type_!r}", posted(where, sound, type_), 400)
        yield Row(f"{named}: nothing", posted(where, ""), 400)
        yield Row(f"{named}: two documents", posted(where, sound + sound), 400)
        yield Row(f"{named}: half a document", posted(where, sound[: len(sound) // 2]), 400)
        yield Row(f"{named}: a prefix that is not declared twice over", posted(where, f"<a:b:c>{sound}</a:b:c>"), 400)
        yield Row(f"{named}: another one's document", posted(where, "<html/>"), 400)
    yield Row("truroute: a byte order mark", posted(TRUROUTE, "\ufeff" + ussd()), 200)
    yield Row("truroute: application/xml", posted(TRUROUTE, ussd(), "application/xml"), 200)
    yield Row("truroute: signs by number", posted(TRUROUTE, ussd("&#x2a;152*00&#35;")), 200)


def fields() -> Iterator[Row]:
    """Missing, twice, empty, and too long; what can be read as a callback is answered."""
    for name in ("msisdn", "sessionid", "type", "msg"):
        yield Row(f"truroute: {name} twice", posted(TRUROUTE, ussd(inner=f"<{name}>1</{name}>")), 400)
        lacking = ussd().replace(f"<{name}>", "<x>").replace(f"</{name}>", "</x>")
        yield Row(f"truroute: {name} missing", posted(TRUROUTE, lacking), 400)
    for name in ("user", "pass", "msisdn", "msg", "transactionid", "requestType"):
        yield Row(f"halotel: {name} twice", posted(HALOTEL, inserted(inner=f"<{name}>1</{name}>")), 400)
        lacking = inserted().replace(f"<{name}>", "<x>").replace(f"</{name}>", "</x>")
        yield Row(f"halotel: {name} missing", posted(HALOTEL, lacking), 400)
    yield Row("halotel: another type of request", posted(HALOTEL, inserted(kind="999")), 400)
    yield Row("halotel: a receipt", posted(HALOTEL, inserted(kind="103")), 200)
    yield Row("halotel: an end", posted(HALOTEL, inserted(kind="102")), 200)
    for name in ("localId", "invokeId", "string", "number"):
        yield Row(f"restcomm: {name} missing", posted(RESTCOMM, dialog().replace(f"{name}=", "x=")), 400)
    yield Row("restcomm: string twice", posted(RESTCOMM, dialog().replace("string=", 'string="1" string=')), 400)
    yield Row("restcomm: two callers", posted(RESTCOMM, dialog(inner='<msisdn number="255700000067"/>')), 400)
    yield Row("restcomm: an invoke id without end", posted(RESTCOMM, dialog().replace('"0"', f'"{"9" * 5_000}"')), 400)
    yield Row("restcomm: sound", posted(RESTCOMM, dialog()), 200)
    yield Row("restcomm: a code that nobody serves", posted(RESTCOMM, dialog("*999#")), 200)
    yield Row("restcomm: words for a code", posted(RESTCOMM, dialog("Karibu")), 400)
    yield Row("truroute: sound", posted(TRUROUTE, ussd()), 200)
    yield Row("truroute: a text of 60,000 letters", posted(TRUROUTE, ussd("x" * 60_000, kind="2")), 200)
    yield Row("truroute: an end of nobody's dialogue", posted(TRUROUTE, ussd("", kind="4")), 200)


def addresses() -> Iterator[Row]:
    """What stands in the address."""
    tigo = {"MSISDN": MINE, "Session_id": "hostile", "NEW_REQUEST": "1", "Ussd_string": CODE}
    other = {"input": "00", "sessionid": "hostile", "msisdn": MINE, "newrequest": "1", "SHORT_CODE": CODE}
    airtel = {"input": "152*00", "sessionid": "hostile", "msisdn": MINE}
    for where, sound in (("/ussd/tigo", tigo), ("/ussd/tigo", other), ("/ussd/airtel", airtel)):
        named = f"{where.rpartition('/')[2]} {len(sound)}"
        asked = urlencode(sound)
        yield Row(f"{named}: sound", request("GET", f"{where}?{asked}"), 200)
        yield Row(f"{named}: posted", request("POST", where, asked.encode()), 400)
        yield Row(f"{named}: nothing", request("GET", where), 400)
        for name in sound:
            lacking = urlencode({key: value for key, value in sound.items() if key != name})
            yield Row(f"{named}: {name} missing", request("GET", f"{where}?{lacking}"), 400)
            yield Row(f"{named}: {name} twice", request("GET", f"{where}?{asked}&{name}=1"), 400)
            turned = f"{asked}&{name.swapcase()}=1"
            yield Row(f"{named}: {name} twice, in other letters", request("GET", f"{where}?{turned}"), 400)
            yield Row(f"{named}: {name} is no UTF-8", request("GET", f"{where}?{lacking}&{name}=%FF"), 400)
        yield Row(f"{named}: 65 fields more", request("GET", f"{where}?{asked}" + "&x=" * 65), 400)


def hub() -> Iterator[Row]:
    """Beem's JSON."""
    payload: dict[str, object] = {"request_id": 0, "response": 0}
    who = {"msisdn": MINE, "session_id": "hostile", "operator": "vodacom"}
    sound = {"command": "initiate", **who, "payload": payload}
    for label, document, status in (
        ("sound", sound, 200),
        ("no payload", {**sound, "payload": None}, 400),
        ("a payload that is a list", {**sound, "payload": [0]}, 400),
        ("a payload 9,000 deep", json.dumps(sound).replace('{"request_id": 0', '{"a":' * 9_000), 400),
        ("a request id of -1", {**sound, "payload": {**payload, "request_id": -1}}, 400),
        ("a request id without end", {**sound, "payload": {**payload, "request_id": "9" * 4_000}}, 400),
        ("a request id that is a fraction", {**sound, "payload": {**payload, "request_id": 0.5}}, 400),
        ("a request id of other digits", {**sound, "payload": {**payload, "request_id": "\u0661"}}, 400),
        ("a session id that is an object", {**sound, "session_id": {}}, 400),
        ("another command", {**sound, "command": "begin"}, 400),
        ("an operator that is a text without end", {**sound, "operator": "v" * 30_000}, 200),
        ("a lone surrogate", json.dumps(sound).replace("vodacom", "\\ud800"), 400),
    ):
        body = document if isinstance(document, str) else json.dumps(document)
        yield Row(f"beem: {label}", request("POST", "/ussd/beem", body.encode(), type_="application/json"), status)
