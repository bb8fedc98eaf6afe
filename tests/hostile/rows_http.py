"""The table of hostile callbacks, second part: addresses, headers, connections, and the routes for operators."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.rows import AT, AT_EVENTS, GENERIC, SOUND, Row, form, query, request


def addresses() -> Iterator[Row]:
    for target, status in {
        "/": 404,
        "/ussd": 404,
        "/ussd/": 404,
        f"{AT}/": 404,
        f"/{AT}": 404,
        "/ussd//africastalking": 404,
        "/USSD/africastalking": 404,
        "/ussd/AfricasTalking": 404,
        "/ussd/africastalking%00": 404,
        "/ussd/africastalking%2f": 404,
        "/ussd/africastalking;x=1": 404,
        "/ussd/africastalking/%00": 404,
        "/ussd/africastalking/%ED%A0%80": 404,
        "/ussd/africastalking/%FF": 404,
        "/ussd/africastalking/'--": 404,
        "/ussd/africastalking/" + "x" * 4_000: 404,
        "/ussd/africastalking/a/b/c/d": 404,
        "/ussd/generic/events/wrong": 404,
        "/ussd/%2e%2e/%2e%2e/etc/passwd": 404,
        "/ussd/..%2f..%2fetc/passwd": 404,
        "/ussd/{channel}": 404,
        "/ussd/__class__": 404,
        "/ussd/nobody": 404,
        "/metrics/../ussd/nobody": 404,
        "/%2e%2e/healthz/": 404,
        "/ussd/%61fricastalking": 200,
        "/ussd/./africastalking": 404,
        "/ussd/x/../africastalking": 404,
        f"{AT}?text=1&sessionId=2": 200,
        f"{AT}#events": 200,
        "http://elsewhere.example/ussd/africastalking": 200,
        "http://elsewhere.example/ussd/nobody": 404,
        "*": 400,
        "ussd/africastalking": 400,
        "": 400,
        f"{AT} x": 400,
        f"{AT}\x01": 400,
        "/ussd/" + "x" * 20_000: 400,
    }.items():
        yield Row(f"address {target[:50]!r}", request("POST", target, SOUND), status)


def queries() -> Iterator[Row]:
    """The channel that is read from the address."""
    for label, asked, status in (
        ("sound", query(), 200),
        ("nothing", "", 400),
        ("id missing", query(id=None), 400),
        ("text missing", query(text=None), 400),
        ("new missing", query(new=None), 400),
        ("code missing", query(code=None), 400),
        ("id empty", query(id=""), 400),
        ("new is 2", query(new="2"), 400),
        ("new is empty", query(new=""), 400),
        ("id twice", query() + "&id=2", 400),
        ("msisdn twice", query() + "&msisdn=255700000067", 400),
        ("65 fields", query() + "".join(f"&f{n}=" for n in range(60)), 400),
        ("%FF", query(text=None) + "&text=%FF", 400),
        ("a lone surrogate", query(text=None) + "&text=%ED%A0%80", 400),
        ("%00", query(text=None) + "&text=%00", 200),
        ("%zz", query(text=None) + "&text=%zz", 200),
        ("raw UTF-8", query(text=None) + "&text=ng\u2019ombe", 400),
        ("a code of nothing", query(code="#"), 400),
        ("an input out of nowhere", query(id="never seen", new="0", text="1" + "*1" * 500), 200),
        ("8,000 letters", query(text="x" * 7_500), 200),
        ("20,000 letters", query(text="x" * 20_000), 400),
    ):
        yield Row(f"query: {label}", request("GET", f"{GENERIC}?{asked}", type_=""), status)


def notices() -> Iterator[Row]:
    """End-of-session notices: acknowledged, and nothing changes."""
    sound = form(text=None, status="Success")
    for label, body, status in (
        ("sound", sound, 200),
        ("of a status that nobody knows", form(text=None, status="' OR 1=1"), 200),
        ("with words of somebody", form(status="Success", input="1*2*words", lastAppResponse="END words"), 200),
        ("without status", form(text=None), 400),
        ("with an empty status", form(text=None, status=""), 400),
        ("without session", form(sessionId=None, status="Success"), 400),
        ("without number", form(phoneNumber=None, status="Success"), 400),
        ("with two statuses", sound + b"&status=Failed", 400),
        ("with a lone surrogate", sound + b"&input=%ED%A0%80", 400),
        ("of nothing", b"", 400),
    ):
        yield Row(f"notice {label}", request("POST", AT_EVENTS, body), status)
    yield Row("notice by GET", request("GET", AT_EVENTS), 400)
    yield Row("notice by PUT", request("PUT", AT_EVENTS, sound), 405)
    yield Row("notice of the channel that has none", request("POST", f"{GENERIC}/events", sound), 400)
    yield Row("notice in the address", request("GET", f"{GENERIC}/events?id=hostile"), 200)


def operators() -> Iterator[Row]:
    """Liveness, readiness, numbers."""
    for where in ("/healthz", "/readyz", "/metrics"):
        for method, status in {"GET": 200, "HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405, "OPTIONS": 405}.items():
            yield Row(f"{method} {where}", request(method, where), status)
        yield Row(f"{where}/", request("GET", f"{where}/"), 404)
        yield Row(f"{where} with a query", request("GET", f"{where}?name[]=%ED%A0%80&x={{}}"), 200)
        yield Row(f"{where} with a body", request("GET", where, b"\xff" * 70_000, type_="application/json"), 200)
        yield Row(f"{where} that takes nothing", request("GET", where, b"", "Accept: nothing/nothing"), 200)
    yield Row("/metrics in OpenMetrics", request("GET", "/metrics", b"", "Accept: application/openmetrics-text"), 200)


def headers() -> Iterator[Row]:
    for label, lines, status in (
        ("a header without colon", ["Garbage"], 400),
        ("a header without name", [": x"], 400),
        ("a name with a blank", ["Bad Name: x"], 400),
        ("a blank before the colon", ["X-Bad : x"], 400),
        ("a folded header", ["X-Folded: a", "  b"], 400),
        ("a NUL in a header", ["X-Nul: a\x00b"], 400),
        ("a bare CR in a header", ["X-Cr: a\rb"], 400),
        ("raw UTF-8 in a header", ["X-Name: ng\u2019ombe"], 200),
        ("a header of 20,000 octets", ["X-Long: " + "x" * 20_000], 400),
        ("2,000 headers", [f"X-{n}: {'x' * 20}" for n in range(2_000)], 400),
        ("two hosts", ["Host: other"], 400),
        ("a proxy's word from anywhere", ["X-Forwarded-For: 10.0.0.1", "Forwarded: for=_hidden"], 200),
        ("an address to rewrite", ["X-Original-URL: /metrics", "X-Rewrite-URL: /metrics"], 200),
        ("another method", ["X-HTTP-Method-Override: DELETE"], 200),
        ("a cookie", ["Cookie: session=" + "a" * 4_000], 200),
        ("a range", ["Range: bytes=0-1,2-,-5,9999999999999-"], 200),
        ("an upgrade to a socket", ["Upgrade: websocket", "Sec-WebSocket-Key: x"], 200),
        ("an upgrade to HTTP/2", ["Upgrade: h2c", "HTTP2-Settings: AAMAAABk"], 200),
        ("credentials", ["Authorization: Basic !!!!"], 200),
        ("a date that is none", ["If-Modified-Since: yesterday", "If-None-Match: *"], 200),
        ("an expectation of nobody", ["Expect: 200-ok"], 417),
    ):
        yield Row(f"header: {label}", request("POST", AT, SOUND, *lines), status)
    yield Row("100-continue", request("POST", AT, SOUND, "Expect: 100-continue"), 200)
    for label, lines, status in (
        ("negative", ["Content-Length: -1"], 400),
        ("a word", ["Content-Length: ten"], 400),
        ("with a plus", [f"Content-Length: +{len(SOUND)}"], 400),
        ("hexadecimal", ["Content-Length: 0x10"], 400),
        ("without end", ["Content-Length: " + "9" * 400], 400),
        ("twice", [f"Content-Length: {len(SOUND)}", "Content-Length: 3"], 400),
        ("beside chunks", [f"Content-Length: {len(SOUND)}", "Transfer-Encoding: chunked"], 400),
        ("of digits of another script", ["Content-Length: \u0661"], 400),
        ("none", [], 400),
    ):
        yield Row(f"length: {label}", request("POST", AT, SOUND, *lines, length=False), status)
    for coding in ("gzip, chunked", "identity", "chunked, chunked", "xchunked", "chunked;x=1"):
        sent = request("POST", AT, b"0\r\n\r\n", f"Transfer-Encoding: {coding}", length=False)
        yield Row(f"transfer coding {coding}", sent, 400)


def connections() -> Iterator[Row]:
    """What stands on the wire before, behind and instead of a request."""
    kept = request("POST", AT, SOUND).replace(b"Connection: close", b"Connection: keep-alive")
    yield Row("two requests at once", kept + request("GET", "/healthz"), 200)
    yield Row("a request and garbage", kept + b"\x00\x01\x02\r\n\r\n", 400)
    yield Row("a body that is longer than it says", kept + request("GET", "/admin"), 404)
    yield Row("thirty requests at once", kept * 30 + request("GET", "/nowhere"), 404)
    yield Row("a body that never comes", kept[:-5], 0, half_closed=True)
    yield Row("a head that never ends", b"POST /ussd/africastalking HTTP/1.1\r\nHost: x\r\n", 0, half_closed=True)
    yield Row("nothing at all", b"", 0, half_closed=True)
    yield Row("line breaks", b"\r\n" * 50, 0, half_closed=True)
    yield Row("garbage", bytes(range(256)) + b"\r\n\r\n", 400)
    yield Row("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 60 + b"\r\n\r\n", 400)
    yield Row("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400)
    yield Row("HTTP/0.9", b"GET /healthz\r\n\r\n", 200)
    yield Row("HTTP/1.0", request("POST", AT, SOUND, version="HTTP/1.0"), 200)
    yield Row("HTTP/9.9", request("POST", AT, SOUND, version="HTTP/9.9"), 400)
    yield Row("HTTP/1.1.1", request("POST", AT, SOUND, version="HTTP/1.1.1"), 400)
    yield Row("FTP", b"USER anonymous\r\nPASS x\r\n\r\n", 400)
    yield Row("SIP", b"INVITE sip:a@b SIP/2.0\r\n\r\n", 400)
    no_host = request("POST", AT, SOUND).replace(b"Host: gateway\r\n", b"")
    yield Row("no host", no_host, 400)
    yield Row("bare line feeds", no_host.replace(b"\r\n", b"\n"), 400)
