"""Kannel 1.4.5: a gateway of the operator's own, before an SMSC.

SMS out, `GET http://HOST:13013/cgi-bin/sendsms` with `username`, `password`, `from`, `to`, `text`, `charset=UTF-8`,
`coding` (2 where the text leaves GSM-7), `smsc` where one is set, and `dlr-mask=31` and `dlr-url` where reports are
wanted. Answered with 202, `0: Accepted for delivery` or `3: Queued for later delivery`; 400 refuses the number, 403
the account, 503 asks for patience.

Reports, `GET /sms/kannel/reports?id=…&type=N`: the `dlr-url` of the message, in which Kannel writes a bit for `%d`
(table below). The operator's own words (`%A`) are not asked for: they may hold the beginning of the text. Of several
receivers of one message nothing in it tells which is meant, so each has its own.

Incoming SMS, by a `group = sms-service` with one of

    get-url = "http://HOST:8080/sms/kannel/TOKEN?id=%I&from=%p&to=%P&text=%b&charset=%C&ts=%T"
    post-url = "http://HOST:8080/sms/kannel/TOKEN"

`%b` and not `%a`, which takes blanks together and with them octets of UTF-16. A POST has the text as its body, in the
charset that its content type names, and the rest in headers `X-Kannel-From` (with `send-sender = true`), `-To`,
`-Time`; it has no id, so that the other is better.

Kannel would send the body of our answer as the reply, and where that is empty "<Empty reply from service provider>";
with `omit-empty` it sends neither. So the service needs `max-messages = 0`, and replies leave like any other SMS. Nor
does it try again where we are away for a moment, unless its smsbox has `http-request-retry`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlencode

from ussd_engine.channels import sms, wire
from ussd_engine.channels.base import ACKNOWLEDGED, Request, Response
from ussd_engine.channels.client import Client
from ussd_engine.errors import NotACallback
from ussd_engine.gsm import culprit
from ussd_engine.secret import Secret, Url
from ussd_engine.sms.message import Incoming, Outgoing, Progress, Report, Sent

MASK: Final = 31
REPORTS: Final = {
    "1": Progress.DELIVERED,
    "2": Progress.FAILED,
    "4": Progress.SENT,
    "8": Progress.SENT,
    "16": Progress.REJECTED,
}
CHARSETS: Final = {
    **dict.fromkeys(("", "utf-8", "utf8", "us-ascii"), "utf-8"),
    "utf-16be": "utf-16-be",
    "windows-1252": "cp1252",
    "iso-8859-1": "latin-1",
}
"""What `%C` and content types may name; the last two with `mo-recode`, which writes UTF-16 anew where it can."""

_unix = re.compile(r"[0-9]{9,11}").fullmatch


class SmsOptions(sms.Options, frozen=True, kw_only=True):
    """`reports_url`: our own address for reports as Kannel reaches it, with its token. Without it none come."""

    url: str = "http://127.0.0.1:13013"
    username: str
    password: Secret
    smsc: str = ""
    reports_url: Url | None = None


class KannelSms:
    """SMS through Kannel."""

    replies_in_band = False

    def __init__(self, settings: sms.SmsSettings) -> None:
        self.name = settings.name
        self._options = sms.configure(settings, SmsOptions)
        self.limits = self._options.limits
        self._msisdn = settings.msisdn
        self._client = Client(settings, self._options)

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        [one] = batch
        answer = await self._client.ask("GET", f"{self._options.url}/cgi-bin/sendsms?{self._query(one)}")
        if not answer.taken:
            return sms.refused(batch, str(answer.status))
        if self._options.reports_url:
            return sms.all_as(batch, Progress.ACCEPTED, one.id.hex())
        return sms.all_as(batch, Progress.SENT)

    def _query(self, one: Outgoing) -> str:
        options = self._options
        fields = {
            "username": options.username,
            "password": options.password.reveal(),
            "from": options.sender,
            "to": one.msisdn,
            "text": one.text,
            "charset": "UTF-8",
            "coding": "2" if culprit(one.text) else "0",
            "smsc": options.smsc,
        }
        given = {name: value for name, value in fields.items() if value}
        if options.reports_url:
            given |= {"dlr-mask": str(MASK), "dlr-url": f"{options.reports_url.reveal()}?id={one.id.hex()}&type=%d"}
        return urlencode(given, quote_via=quote, safe="")

    def incoming(self, request: Request) -> Incoming:
        return self._posted(request) if request.method == "POST" else self._asked(request)

    def _asked(self, request: Request) -> Incoming:
        fields = wire.query_octets(request)
        charset = _charset(wire.decoded(fields.get("charset", b"")))
        seconds = wire.decoded(fields.get("ts", b""))
        return Incoming(
            channel=self.name,
            id=sms.identity(wire.decoded(fields.get("id", b""))),
            msisdn=self._msisdn(wire.decoded(wire.filled(fields, "from"))) or "",
            to=wire.decoded(fields.get("to", b"")),
            text=wire.decoded(wire.present(fields, "text"), charset),
            at_ms=int(seconds) * 1000 if _unix(seconds) else None,
        )

    def _posted(self, request: Request) -> Incoming:
        if len(request.body) > wire.MAX_BYTES:
            raise NotACallback("the body is larger than any SMS")
        charset = _charset(_parameter(request.content_type, "charset"))
        return Incoming(
            channel=self.name,
            id="",
            msisdn=self._msisdn(_header(request, "x-kannel-from")) or "",
            to=request.headers.get("x-kannel-to", ""),
            text=wire.decoded(request.body, charset),
            at_ms=sms.moment(request.headers.get("x-kannel-time", "")),
        )

    def answer(self, incoming: Incoming | None, reply: str | None) -> Response:
        return ACKNOWLEDGED

    def reports(self, request: Request) -> list[Report]:
        fields = wire.query(request)
        id, status = sms.identified(fields, "id"), wire.filled(fields, "type")
        return [sms.report(self.name, id, status, REPORTS.get(status))]

    async def close(self) -> None:
        await self._client.close()


def _header(request: Request, name: str) -> str:
    value = request.headers.get(name, "")
    if not value:
        raise NotACallback(f"header {name} is missing")
    return value


def _parameter(content_type: str, name: str) -> str:
    """A parameter of a content type; empty where it has none of this name."""
    for parameter in content_type.split(";")[1:]:
        given, _, value = parameter.partition("=")
        if given.strip().lower() == name:
            return value.strip().strip('"')
    return ""


def _charset(name: str) -> str:
    found = CHARSETS.get(name.lower())
    if found is None:
        raise NotACallback(f"the charset is none of {', '.join(filter(None, CHARSETS))}")
    return found
