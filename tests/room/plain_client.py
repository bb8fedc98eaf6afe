"""A provider written by hand from its documents: the standard library's HTTP client, and none of our builders.

Each wire makes the request of a leg and reads the screen out of an answer.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import quote_plus
from xml.etree import ElementTree


class Leg(NamedTuple):
    """What is known when a provider calls: `inputs` are all answers so far."""

    session: str
    number: str
    code: str
    inputs: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.inputs[-1] if self.inputs else self.code


Call = tuple[str, str, str, str]
"""Method, address behind the channel's, content type, body."""


def _query(**fields: str) -> str:
    return "&".join(f"{name}={quote_plus(value)}" for name, value in fields.items())


def _xml(text: str) -> str:
    return html.escape(text, quote=True).replace("\n", "&#10;")


def africastalking(leg: Leg) -> Call:
    fields = _query(
        sessionId=leg.session,
        phoneNumber=f"+{leg.number}",
        networkCode="99999",
        serviceCode=leg.code,
        text="*".join(leg.inputs),
    )
    return "POST", "", "application/x-www-form-urlencoded", fields


def generic(leg: Leg) -> Call:
    text = leg.inputs[-1] if leg.inputs else ""
    first = "0" if leg.inputs else "1"
    return "GET", "?" + _query(id=leg.session, msisdn=leg.number, new=first, code=leg.code, text=text), "", ""


def airtel(leg: Leg) -> Call:
    text = leg.inputs[-1] if leg.inputs else leg.code.strip("*#")
    return "GET", "?" + _query(input=text, sessionid=leg.session, msisdn=leg.number), "", ""


def tigo(leg: Leg) -> Call:
    first = "0" if leg.inputs else "1"
    fields = _query(MSISDN=leg.number, Session_id=leg.session, NEW_REQUEST=first, Ussd_string=leg.text)
    return "GET", "?" + fields, "", ""


def beem(leg: Leg) -> Call:
    payload = {"request_id": len(leg.inputs), "response": leg.inputs[-1] if leg.inputs else 0}
    command = "continue" if leg.inputs else "initiate"
    who = {"msisdn": leg.number, "operator": "vodacom", "session_id": leg.session}
    return "POST", "", "application/json", json.dumps({"command": command, **who, "payload": payload})


def truroute(leg: Leg) -> Call:
    kind = "2" if leg.inputs else "1"
    body = (
        f"<ussd><msisdn>{leg.number}</msisdn><sessionid>{leg.session}</sessionid>"
        f"<type>{kind}</type><msg>{_xml(leg.text)}</msg></ussd>"
    )
    return "POST", "", "text/xml", body


def restcomm(leg: Leg) -> Call:
    said = f'invokeId="{len(leg.inputs)}" dataCodingScheme="15" string="{_xml(leg.text)}"'
    if leg.inputs:
        inner, kind = f"<unstructuredSSRequest_Response {said}/>", "Continue"
    else:
        caller = f'<msisdn nai="international_number" npi="ISDN" number="{leg.number}"/>'
        request = "processUnstructuredSSRequest_Request"
        inner, kind = f"<{request} {said}>{caller}</{request}>", "Begin"
    head = f'<dialog type="{kind}" networkId="0" localId="{leg.session}" remoteId="{leg.session}" mapMessagesSize="1">'
    return "POST", "", "text/xml", f"{head}{inner}</dialog>"


def halotel(leg: Leg) -> Call:
    fields = {
        "user": "",
        "pass": "",
        "msisdn": "null" if leg.inputs else leg.number,
        "msg": leg.text,
        "sessionid": "null",
        "transactionid": leg.session,
        "requestType": "101" if leg.inputs else "100",
        "ussdgw_id": "1",
    }
    inner = "".join(f"<{name}>{_xml(value)}</{name}>" for name, value in fields.items())
    return (
        "POST",
        "",
        "text/xml",
        (
            '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
            f'<InsertMO xmlns="http://tempuri.org/">{inner}</InsertMO></soap:Body></soap:Envelope>'
        ),
    )


def smpp(leg: Leg) -> Call:
    """Not over HTTP: the body of a `deliver_sm`, in hex."""
    op, text = (b"\x12", leg.text) if leg.inputs else (b"\x01", leg.code)
    plain = text.isascii() and not set(text) & set("@$_`^{}[]~|\\")
    short = text.encode() if plain else text.encode("utf-16-be")
    info = bytes((int(leg.session[-2:], 16), 2 * len(leg.inputs)))
    number = b"\1\1" + leg.number.encode() + b"\0"
    coding = b"\0" if plain else b"\x08"
    fixed = b"\0\0\0\0\0\0\0" + coding + b"\0" + bytes((len(short),))
    options = b"\x05\x01\0\1" + op + b"\x13\x83\0\2" + info
    return "DELIVER", "", "", (b"USSD\0" + number + b"\0\x00152*00\0" + fixed + short + options).hex()


WIRES: dict[str, Callable[[Leg], Call]] = {
    "africastalking": africastalking,
    "airtel": airtel,
    "beem": beem,
    "generic": generic,
    "halotel": halotel,
    "restcomm": restcomm,
    "smpp": smpp,
    "tigo": tigo,
    "truroute": truroute,
}
POSTING = ("halotel",)
"""Those whose screens come in a request of the gateway's."""
BOUND = ("smpp",)
"""Those to whose network the gateway binds."""


def ask(url: str, channel: str, call: Call) -> bytes:
    """Make a call; the body of its answer."""
    method, tail, content_type, body = call
    connection = HTTPConnection(url.removeprefix("http://"), timeout=15)
    try:
        headers = {"content-type": content_type} if content_type else {}
        connection.request(method, f"/ussd/{channel}{tail}", body.encode() or None, headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        return answer.read()
    finally:
        connection.close()


def screen(channel: str, body: bytes) -> tuple[str, bool]:
    """The text that the phone shows, and whether it is the last."""
    if channel == "smpp":
        return _submitted(body)
    text = body.decode()
    if channel == "beem":
        said = json.loads(text)
        return said["payload"]["request"], said["command"] == "terminate"
    if channel == "truroute":
        root = ElementTree.fromstring(text)
        return root.findtext("msg") or "", root.findtext("type") == "3"
    if channel == "restcomm":
        shown = ElementTree.fromstring(text)[0]
        return shown.attrib["string"], shown.tag.startswith("process")
    if channel == "halotel":
        fields = {re.sub("{.*}", "", one.tag): one.text or "" for one in ElementTree.fromstring(text).iter()}
        return fields["msg"], fields["requestType"] in ("201", "203")
    return text[4:], text.startswith("END ")


def _submitted(body: bytes) -> tuple[str, bool]:
    """Of a `submit_sm` with its header: three texts with the types of two numbers between, ten octets, the message."""
    _service, rest = body[16:].split(b"\0", 1)
    _source, rest = rest[2:].split(b"\0", 1)
    _destination, rest = rest[2:].split(b"\0", 1)
    coding, size = rest[7], rest[9]
    said, options = rest[10 : 10 + size], rest[10 + size :]
    text = said.decode("utf-16-be") if coding == 8 else said.decode("ascii").replace("}", "ñ")
    return text, options[options.index(b"\x05\x01\0\1") + 4] == 17
