"""Africa's Talking: USSD.

USSD callback, `POST /ussd/africastalking`, `application/x-www-form-urlencoded`:

    sessionId    ATUid_ and 32 hex digits, one a dialogue
    phoneNumber  +2557…; empty where the network withholds it
    networkCode  the operator's number, 64004; optional
    serviceCode  *384*10025#
    text         empty on the first leg, afterwards all inputs joined with *

answered with `text/plain`: `CON ` and a screen that waits for an answer, or `END ` and the last one. Anything else
ends the dialogue with an error on the phone.

    POST text=9*2*Barabara+mbovu&sessionId=ATUid_…&serviceCode=%2A384%2A10025%23&phoneNumber=%2B255700000001
    CON Chagua:

Digits dialled behind the code arrive as `text` of the first leg, so a text in an unknown dialogue may be a start: the
gateway decides. The leg is the hash of the whole text; later legs may leave the dialled digits out.

End-of-session notice, `POST /ussd/africastalking/events`, form: `sessionId`, `serviceCode`, `phoneNumber`, `status`
(Success, Incomplete, Failed) and more. `input` and `lastAppResponse` hold the citizen's words: they are never read.

Nothing is signed; the token in the address is all that tells the provider from others.
"""

from __future__ import annotations

from urllib.parse import urlencode

from ussd_engine.channels import wire
from ussd_engine.channels.base import (
    ACKNOWLEDGED,
    Closing,
    Dial,
    Kind,
    NoOptions,
    Request,
    Response,
    Settings,
    configure,
)
from ussd_engine.model import LegKind, Phase, Profile, Reply, Turn

PROFILE = Profile(hold_s=0.0)
SANDBOX_NETWORK = "99999"

STATUS = {"Success": Closing.COMPLETED, "Incomplete": Closing.INCOMPLETE, "Failed": Closing.NETWORK_ERROR}


class AfricasTalking:
    """USSD through Africa's Talking."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        self.profile, _ = configure(settings, PROFILE, NoOptions)
        self._settings = settings

    def parse(self, request: Request) -> Turn:
        fields = wire.form(request)
        text = wire.present(fields, "text")
        code, dialled = self._code(fields)
        return Turn(
            channel=self.name,
            dialogue=wire.filled(fields, "sessionId"),
            phase=Phase.INPUT if text else Phase.START,
            text=text or dialled,
            service_code=code,
            msisdn=self._settings.msisdn(wire.present(fields, "phoneNumber")),
            leg_kind=LegKind.CUMULATIVE,
            operator=self._settings.networks.get(fields.get("networkCode", "")),
        )

    def parse_event(self, request: Request) -> Turn:
        fields = wire.form(request)
        return Turn(
            channel=self.name,
            dialogue=wire.filled(fields, "sessionId"),
            phase=Phase.CLOSED,
            text=STATUS.get(wire.filled(fields, "status"), Closing.UNKNOWN),
            service_code=self._code(fields)[0],
            msisdn=self._settings.msisdn(wire.present(fields, "phoneNumber")),
            leg_kind=LegKind.CUMULATIVE,
        )

    def _code(self, fields: dict[str, str]) -> tuple[str, str]:
        return self._settings.dialled(wire.filled(fields, "serviceCode"), "field serviceCode")

    def reply(self, reply: Reply, turn: Turn | None) -> Response:
        if turn is not None and turn.phase is Phase.CLOSED:
            return ACKNOWLEDGED
        return wire.prefixed(reply)

    def build(self, dial: Dial) -> Request:
        code, dialled = self._settings.codes.split(dial.dialled)
        text = "*".join((dialled, *dial.inputs) if dialled else dial.inputs)
        return _post(Kind.USSD, {**_caller(dial, code), "text": text})

    def build_close(self, dial: Dial) -> Request:
        code, _ = self._settings.codes.split(dial.dialled)
        closing = {"date": "2026-01-15 09:31:02", "status": "Incomplete", "cost": "0.0", "durationInMillis": "41210"}
        words = {"hopsCount": str(len(dial.inputs)), "input": "*".join(dial.inputs), "errorMessage": ""}
        return _post(Kind.EVENTS, {**_caller(dial, code), **closing, **words})

    def read(self, response: Response) -> Reply:
        return wire.unprefixed(self.name, response)


def _caller(dial: Dial, code: str) -> dict[str, str]:
    return {
        "sessionId": dial.dialogue,
        "phoneNumber": f"+{dial.msisdn}" if dial.msisdn else "",
        "networkCode": dial.operator or SANDBOX_NETWORK,
        "serviceCode": code,
    }


def _post(kind: Kind, fields: dict[str, str]) -> Request:
    headers = {"content-type": f"{wire.FORM}; charset=UTF-8"}
    return Request(method="POST", kind=kind, headers=headers, body=urlencode(fields).encode())
