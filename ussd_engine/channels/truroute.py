"""TruRoute USSD XML 1.3, spoken by Vodacom Tanzania.

USSD callback, `POST /ussd/truroute`, `text/xml`, or `GET` with the same names in the address:

    <ussd><msisdn>255700000001</msisdn><sessionid>S1</sessionid><type>1</type><msg>*152*00#</msg></ussd>

    msisdn     2557…, on every leg
    sessionid  one a dialogue
    type       1 first leg, 2 answer; 3, 4, 10 the end (table `CLOSES`)
    msg        the dialled code, the newest input, or why a charge failed

answered with `text/xml; charset=utf-8`, `type` 2 where the screen waits and 3 where it is the last one:

    <ussd><type>2</type><msg>Karibu. 1. Lalamiko</msg></ussd>

An end is answered by `END_OF_ALL`. The code comes on the first leg alone. Nothing tells a repeat: the repeat window.
"""

from __future__ import annotations

from typing import Final

from ussd_engine.channels import markup, wire
from ussd_engine.channels.base import (
    Closing,
    Dial,
    NoOptions,
    Request,
    Response,
    Settings,
    UnreadableReply,
    configure,
)
from ussd_engine.errors import NotACallback
from ussd_engine.model import Phase, Profile, Reply, Turn

PROFILE: Final = Profile(session_s=60.0)
FIRST, ANSWER = "1", "2"
WAITS, LAST = "2", "3"
CLOSES: Final = {"3": Closing.USER_CANCELLED, "4": Closing.TIMEOUT, "10": Closing.CHARGE_FAILED}
END_OF_ALL: Final = Response(body=b"<ussd><type>3</type><msg></msg></ussd>", content_type=markup.CONTENT_TYPE)


class TruRoute:
    """USSD through TruRoute's XML."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        self.profile, _ = configure(settings, PROFILE, NoOptions)
        self._settings = settings

    def parse(self, request: Request) -> Turn:
        fields = wire.query(request) if request.method == "GET" else _posted(request)
        kind, dialogue = wire.filled(fields, "type").strip(), wire.filled(fields, "sessionid").strip()
        if kind not in (FIRST, ANSWER, *CLOSES):
            raise NotACallback("field type is none that this provider sends")
        if kind in CLOSES:
            # An end may come with nothing else: it names its dialogue, and changes nothing.
            msisdn = self._settings.msisdn(fields.get("msisdn", "").strip())
            return Turn(channel=self.name, dialogue=dialogue, phase=Phase.CLOSED, text=CLOSES[kind], msisdn=msisdn)
        text, code = wire.present(fields, "msg"), None
        if kind == FIRST:
            code, text = self._settings.dialled(text, "field msg")
        return Turn(
            channel=self.name,
            dialogue=dialogue,
            phase=Phase.START if kind == FIRST else Phase.INPUT,
            text=text,
            service_code=code,
            msisdn=self._settings.msisdn(wire.present(fields, "msisdn").strip()),
        )

    def parse_event(self, request: Request) -> Turn:
        raise NotACallback("this provider tells the end on the address of its callbacks")

    def reply(self, reply: Reply, turn: Turn | None) -> Response:
        if turn is not None and turn.phase is Phase.CLOSED:
            return END_OF_ALL
        kind = LAST if reply.ends else WAITS
        body = f"<ussd><type>{kind}</type><msg>{markup.text(reply.text)}</msg></ussd>"
        return Response(body=body.encode(), content_type=markup.CONTENT_TYPE)

    def build(self, dial: Dial) -> Request:
        if dial.inputs:
            return _post(dial, ANSWER, dial.inputs[-1])
        return _post(dial, FIRST, dial.dialled)

    def build_close(self, dial: Dial) -> Request:
        return _post(dial, "3", "")

    def read(self, response: Response) -> Reply:
        try:
            root = markup.parsed(response.body)
            fields = root.fields()
        except NotACallback:
            root, fields = None, {}
        kind = fields.get("type")
        if response.status != 200 or root is None or root.name != "ussd" or kind not in (WAITS, LAST):
            raise UnreadableReply(f"{self.name}: status {response.status}, a body that is no <ussd> of type 2 or 3")
        return Reply(fields.get("msg", ""), kind == LAST)


def _posted(request: Request) -> dict[str, str]:
    root = markup.document(request)
    if root.name != "ussd":
        raise NotACallback("the document is no <ussd>")
    return root.fields()


def _post(dial: Dial, kind: str, text: str) -> Request:
    rows = {"msisdn": dial.msisdn or "", "sessionid": dial.dialogue, "type": kind, "msg": text}
    inner = "".join(f"<{name}>{markup.text(value)}</{name}>" for name, value in rows.items())
    body = f"<ussd>{inner}</ussd>".encode()
    return Request(method="POST", headers={"content-type": "text/xml; charset=utf-8"}, body=body)
