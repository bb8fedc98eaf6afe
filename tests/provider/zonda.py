"""Zonda, of Ruritania: GET; `state` tells the first leg and the end; `typed` is all inputs so far, joined by `*`."""

from urllib.parse import urlencode

from ussd_engine.channels import wire
from ussd_engine.channels.base import ACKNOWLEDGED, Closing, Dial, NoOptions, Request, Response, Settings, configure
from ussd_engine.errors import NotACallback
from ussd_engine.model import LegKind, Phase, Profile, Reply, Turn

PHASES = {"open": Phase.START, "on": Phase.INPUT, "shut": Phase.CLOSED}


class Zonda:
    def __init__(self, settings: Settings) -> None:
        self.name, self._settings = settings.name, settings
        self.profile, _ = configure(settings, Profile(hold_s=0.0), NoOptions)

    def parse(self, request: Request) -> Turn:
        fields = wire.query(request)
        phase, typed = wire.one_of(fields, "state", PHASES), wire.present(fields, "typed")
        code, digits = self._settings.dialled(wire.filled(fields, "service"), "field service")
        text = {Phase.START: digits, Phase.INPUT: typed, Phase.CLOSED: Closing.UNKNOWN}[phase]
        dialogue, msisdn = wire.filled(fields, "dialog"), self._settings.msisdn(wire.present(fields, "phone"))
        return Turn(self.name, dialogue, phase, text, code, msisdn, LegKind.CUMULATIVE)

    def parse_event(self, request: Request) -> Turn:
        raise NotACallback("Zonda tells the end where it tells all else")

    def reply(self, reply: Reply, turn: Turn | None) -> Response:
        return ACKNOWLEDGED if turn and turn.phase is Phase.CLOSED else wire.prefixed(reply)

    def build(self, dial: Dial, state: str = "") -> Request:
        fields = {"dialog": dial.dialogue, "phone": dial.msisdn or "", "service": dial.dialled}
        fields |= {"typed": "*".join(dial.inputs), "state": state or ("on" if dial.inputs else "open")}
        return Request(method="GET", query=urlencode(fields))

    def build_close(self, dial: Dial) -> Request:
        return self.build(dial, "shut")

    def read(self, response: Response) -> Reply:
        return wire.unprefixed(self.name, response)
