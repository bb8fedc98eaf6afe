"""Halotel, by its "Integration Document, HTTP" 1.0: SOAP in both directions.

USSD callback, `POST /ussd/halotel`, `text/xml`:

    <soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>
     <InsertMO xmlns="http://tempuri.org/">
      <user>u1</user><pass>p1</pass><msisdn>255700000001</msisdn><msg>*152*00#</msg><sessionid>null</sessionid>
      <transactionid>W1-2-1700000000001</transactionid><requestType>100</requestType><ussdgw_id>1</ussdgw_id>
     </InsertMO></soap:Body></soap:Envelope>

    user, pass     what we gave them (settings `their_user`, `their_password`); wrong ones get `errorCode` 1
    msisdn         2557…; may be the word null after the first leg
    msg            the dialled code, or the newest input; the word null for an empty one
    transactionid  one a dialogue
    requestType    100 first leg, 101 answer; 102, 104 the end (table `CLOSES`); 103 a screen reached the phone

acknowledged at once, in both directions, with `errorCode` 0 or what is wrong (table `FAULTS`):

    <soap:Envelope …><soap:Body><ussdresponse><errorCode>0</errorCode></ussdresponse></soap:Body></soap:Envelope>

The screen follows in a request of ours to the setting `url`: the same envelope with our `user` and `password`, the
header `SOAPAction`, and `requestType` by the table `SCREENS`. It has 4 s and is not tried again: by then the dialogue
is over. The code comes on the first leg alone. All answers of a dialogue look alike, so the repeat window decides.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from ussd_engine.channels import markup, wire
from ussd_engine.channels.base import (
    Answered,
    Closing,
    Dial,
    Request,
    Response,
    Settings,
    UnreadableReply,
    configure,
)
from ussd_engine.counts import Count
from ussd_engine.errors import ConfigError, NotACallback
from ussd_engine.model import Phase, Profile, Reply, Turn
from ussd_engine.network import is_ours
from ussd_engine.secret import Secret

PROFILE: Final = Profile(session_s=60.0)
NOBODY: Final = "null"
FIRST, ANSWER, CANCELLED, RECEIPT = "100", "101", "102", "103"
CLOSES: Final = {CANCELLED: Closing.USER_CANCELLED, "104": Closing.NETWORK_ERROR}
SCREENS: Final = {(True, False): "202", (True, True): "201", (False, False): "200", (False, True): "203"}
"""By whether it is the first screen, and whether it is the last."""
FAULTS: Final = {"-1": "a fault of their system", "1": "user, password or address do not fit", "2": "no such dialogue"}

_ENVELOPE = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>{}</soap:Body></soap:Envelope>'
)
_INSERT = '<?xml version="1.0" encoding="utf-8"?>\n' + _ENVELOPE.format(
    '<InsertMO xmlns="http://tempuri.org/">{}</InsertMO>'
)


def _acknowledged(code: int) -> Response:
    body = _ENVELOPE.format(f"<ussdresponse><errorCode>{code}</errorCode></ussdresponse>")
    return Response(body=body.encode(), content_type=markup.CONTENT_TYPE)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where screens are posted, how we show who we are there, and how they do here."""

    url: str = "http://127.0.0.1:8081/halotel"
    """As shipped where the simulator's phone takes them."""
    tunnel: bool = False
    """A host of another network is reached through a tunnel."""
    user: str = ""
    password: Secret = Secret("")
    their_user: str = ""
    their_password: Secret = Secret("")
    gateway: str = "1"
    """`ussdgw_id`, where a callback tells none."""
    post_s: float = 4.0


class Halotel:
    """USSD through Halotel."""

    acknowledged = _acknowledged(0)
    post_headers: Mapping[str, str] = {
        "content-type": markup.CONTENT_TYPE,
        "SOAPAction": '"http://tempuri.org/InsertMO"',
    }

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        self.profile, self._options = configure(settings, PROFILE, Options)
        self.url, self.post_s = self._options.url, self._options.post_s
        self._settings = settings
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise ConfigError(f'channel "{self.name}": url: expected http:// or https:// and a host, nobody before it')
        if parts.scheme == "http" and not self._options.tunnel and not is_ours(parts.hostname):
            raise ConfigError(
                f'channel "{self.name}": url: expected https://; without TLS only a host of your own network may be '
                "named, or one at the end of a tunnel, which tunnel = true says"
            )

    def parse(self, request: Request) -> Turn:
        fields = _inserted(markup.document(request))
        dialogue, kind = wire.filled(fields, "transactionid").strip(), wire.filled(fields, "requestType").strip()
        if dialogue == NOBODY or kind not in (FIRST, ANSWER, RECEIPT, *CLOSES):
            raise NotACallback("transactionid or requestType are none that this provider sends")
        self._expect_theirs(wire.present(fields, "user"), wire.present(fields, "pass"))
        if kind == RECEIPT:
            raise Answered(self.acknowledged, Count.RECEIPT)
        if kind in CLOSES:
            # An end may come with nothing else: it names its dialogue, and changes nothing.
            msisdn = self._settings.msisdn(fields.get("msisdn", "").strip())
            return Turn(channel=self.name, dialogue=dialogue, phase=Phase.CLOSED, text=CLOSES[kind], msisdn=msisdn)
        text, code = wire.present(fields, "msg"), None
        text = "" if text == NOBODY else text
        if kind == FIRST:
            code, text = self._settings.dialled(text, "field msg")
        msisdn = wire.present(fields, "msisdn").strip()
        return Turn(
            channel=self.name,
            dialogue=dialogue,
            phase=Phase.START if kind == FIRST else Phase.INPUT,
            text=text,
            service_code=code,
            msisdn=self._settings.msisdn(msisdn),
            echo=(msisdn, wire.present(fields, "sessionid"), fields.get("ussdgw_id", "")),
        )

    def parse_event(self, request: Request) -> Turn:
        raise NotACallback("this provider tells the end on the address of its callbacks")

    def _expect_theirs(self, user: str, password: str) -> None:
        """Compares both, so that the time tells nothing of which one was right."""
        known = (self._options.their_user, self._options.their_password.reveal())
        pairs = zip((user, password), known, strict=True)
        fits = [hmac.compare_digest(one.encode(), other.encode()) for one, other in pairs]
        if any(known) and not all(fits):
            raise Answered(_acknowledged(1), Count.NOT_A_CALLBACK)

    def reply(self, reply: Reply, turn: Turn | None) -> Response:
        if turn is not None and turn.phase is Phase.CLOSED:
            return self.acknowledged
        msisdn, session, gateway = turn.echo if turn else ("", "", "")
        fields = {
            "user": self._options.user,
            "pass": self._options.password.reveal(),
            "msisdn": msisdn,
            "msg": reply.text,
            "sessionid": session,
            "transactionid": turn.dialogue if turn else "",
            "requestType": SCREENS[turn is not None and turn.phase is Phase.START, reply.ends],
            "ussdgw_id": gateway or self._options.gateway,
        }
        return Response(body=_insert(fields), content_type=markup.CONTENT_TYPE)

    def build(self, dial: Dial) -> Request:
        if dial.inputs:
            return self._post(dial, ANSWER, dial.inputs[-1], NOBODY)
        return self._post(dial, FIRST, dial.dialled, dial.msisdn or NOBODY)

    def build_close(self, dial: Dial) -> Request:
        return self._post(dial, CANCELLED, NOBODY, NOBODY)

    def _post(self, dial: Dial, kind: str, text: str, msisdn: str) -> Request:
        fields = {
            "user": self._options.their_user,
            "pass": self._options.their_password.reveal(),
            "msisdn": msisdn,
            "msg": text,
            "sessionid": NOBODY,
            "transactionid": dial.dialogue,
            "requestType": kind,
            "ussdgw_id": self._options.gateway,
        }
        return Request(method="POST", headers=self.post_headers, body=_insert(fields))

    def read(self, response: Response) -> Reply:
        try:
            fields = _inserted(markup.parsed(response.body))
        except NotACallback:
            fields = {}
        ends = {kind: ends for (_, ends), kind in SCREENS.items()}.get(fields.get("requestType", ""))
        if response.status != 200 or ends is None:
            raise UnreadableReply(f"{self.name}: status {response.status}, a body that is no screen")
        return Reply(fields.get("msg", ""), ends)

    def addressee(self, posted: bytes) -> str:
        return wire.filled(_inserted(markup.parsed(posted)), "transactionid")

    def fault(self, answer: Response) -> str:
        try:
            said = markup.parsed(answer.body).needed("Body").needed("ussdresponse").needed("errorCode").text.strip()
        except NotACallback:
            said = ""
        if answer.status == 200 and said == "0":
            return ""
        return FAULTS.get(said, f"status {answer.status}, no word that is known")


def _inserted(root: markup.Element) -> dict[str, str]:
    if root.name != "Envelope":
        raise NotACallback("the document is no SOAP envelope")
    return root.needed("Body").needed("InsertMO").fields()


def _insert(fields: Mapping[str, str]) -> bytes:
    """Empty fields are the word null: they take no empty ones."""
    rows = (f"<{name}>{markup.text(value) or NOBODY}</{name}>" for name, value in fields.items())
    return _INSERT.format("".join(rows)).encode()
