"""RestComm's USSD gateway, once Mobicents: MAP dialogs as XML.

USSD callback, `POST /ussd/restcomm`, `text/xml`; a dialogue is `localId`, and `remoteId` where there is one:

    <dialog type="Begin" appCntx="networkUnstructuredSsContext_version2" networkId="0" localId="1" remoteId="1"
     mapMessagesSize="1" returnMessageOnError="false">
     <processUnstructuredSSRequest_Request invokeId="0" dataCodingScheme="15" string="*152*00#">
      <msisdn nai="international_number" npi="ISDN" number="255700000001"/></processUnstructuredSSRequest_Request>
    </dialog>

without `<msisdn>` the caller stands in `<originationReference>` of the dialog. Later legs hold
`<unstructuredSSRequest_Response invokeId="1" dataCodingScheme="15" string="1"/>`, and neither code nor caller. Answered
with `text/xml; charset=utf-8`, a screen that waits, then the last one:

    <dialog mapMessagesSize="1"><unstructuredSSRequest_Request dataCodingScheme="15" string="Chagua&#10;1. …"/></dialog>
    <dialog mapMessagesSize="1" prearrangedEnd="false"><processUnstructuredSSRequest_Response invokeId="0"
     dataCodingScheme="15" string="Asante"/></dialog>

`invokeId` of the last one is that of the first request. Where it is not 0 we have it carried along in `userObject`,
which comes back on every leg. `dataCodingScheme` is 15 for GSM-7 and 72 for UCS-2. An end is told by attributes of the
dialog and by `<errComponents>` with something in it (table `CLOSES`), and is answered with an empty dialog.

The leg is the `invokeId` of the answer: the number of our request, which the gateway counts, perhaps from 0. That of
the first request was given on the other side, and is no number of a leg. Both are one octet with a sign. Where it is
found not to grow, the setting `legs` is to be `window`.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from ussd_engine import gsm
from ussd_engine.channels import markup
from ussd_engine.channels.base import (
    Closing,
    Dial,
    Request,
    Response,
    Settings,
    UnreadableReply,
    configure,
    numbered,
)
from ussd_engine.errors import NotACallback
from ussd_engine.model import LegKind, Phase, Profile, Reply, Turn

PROFILE: Final = Profile(session_s=60.0)
DIALLED, TYPED = "processUnstructuredSSRequest_Request", "unstructuredSSRequest_Response"
WAITS, LAST = "unstructuredSSRequest_Request", "processUnstructuredSSRequest_Response"
CLOSES: Final = {
    "mapUserAbortChoice": Closing.USER_CANCELLED,
    "mapAbortProviderReason": Closing.NETWORK_ERROR,
    "mapRefuseReason": Closing.NETWORK_ERROR,
    "dialogTimedOut": Closing.TIMEOUT,
    "invokeTimedOut": Closing.TIMEOUT,
}
OVER: Final = ("End", "Abort")
"""Types of a dialog that carries no message any more."""
CLOSED: Final = Response(body=b'<dialog mapMessagesSize="0" prearrangedEnd="false"/>', content_type=markup.CONTENT_TYPE)
CONTEXT: Final = "networkUnstructuredSsContext_version2"

OCTET: Final = 256

_number = re.compile(r"[0-9]{1,9}|-[0-9]{1,3}").fullmatch


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `invokeId` is worth, and the table of data coding schemes."""

    legs: Literal["numbered", "window"] = "numbered"
    gsm7: int = 15
    ucs2: int = 72


class RestComm:
    """USSD through RestComm's gateway."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.name
        profile, self._options = configure(settings, PROFILE, Options)
        self.profile, self._leg_kind = numbered(settings, profile, self._options.legs)
        self._settings = settings

    def parse(self, request: Request) -> Turn:
        dialog = markup.document(request)
        if dialog.name != "dialog":
            raise NotACallback("the document is no <dialog>")
        dialogue = ".".join(filter(None, (_attribute(dialog, "localId"), dialog.attributes.get("remoteId"))))
        closing = _closing(dialog)
        if closing:
            return self._turn(dialogue, Phase.CLOSED, closing)
        dialled, typed = dialog.child(DIALLED), dialog.child(TYPED)
        if (dialled is None) is (typed is None):
            raise NotACallback("neither one first request nor one answer")
        if typed is not None:
            first = dialog.attributes.get("userObject", "")
            echo = first if _number(first) else "0"
            return self._turn(dialogue, Phase.INPUT, _attribute(typed, "string", ""), _counted(_invoked(typed)), echo)
        assert dialled is not None
        caller = dialled.child("msisdn") or dialog.needed("originationReference")
        code, digits = self._settings.dialled(_attribute(dialled, "string"), "attribute string")
        begun = self._turn(dialogue, Phase.START, digits, first=str(_invoked(dialled)))
        msisdn = self._settings.msisdn(_attribute(caller, "number", ""))
        return msgspec.structs.replace(begun, service_code=code, msisdn=msisdn)

    def parse_event(self, request: Request) -> Turn:
        raise NotACallback("this provider tells the end on the address of its callbacks")

    def _turn(self, dialogue: str, phase: Phase, text: str, sequence: int = 0, first: str = "0") -> Turn:
        return Turn(
            channel=self.name,
            dialogue=dialogue,
            phase=phase,
            text=text,
            leg_kind=self._leg_kind,
            sequence=sequence,
            echo=(first,),
        )

    def reply(self, reply: Reply, turn: Turn | None) -> Response:
        if turn is not None and turn.phase is Phase.CLOSED:
            return CLOSED
        first = turn.echo[0] if turn else "0"
        scheme = self._options.gsm7 if gsm.measure(reply.text).encoding == "GSM-7" else self._options.ucs2
        said = f'dataCodingScheme="{scheme}" string="{markup.attribute(reply.text)}"'
        if reply.ends:
            body = f'<dialog mapMessagesSize="1" prearrangedEnd="false"><{LAST} invokeId="{first}" {said}/></dialog>'
        else:
            carried = f' userObject="{first}"' if first != "0" else ""
            body = f'<dialog mapMessagesSize="1"{carried}><{WAITS} {said}/></dialog>'
        return Response(body=body.encode(), content_type=markup.CONTENT_TYPE)

    def build(self, dial: Dial) -> Request:
        scheme, text = self._options.gsm7, markup.attribute(dial.inputs[-1] if dial.inputs else dial.dialled)
        invoke = len(dial.inputs) if self._leg_kind is LegKind.SEQUENCE else 0
        said = f'invokeId="{invoke}" dataCodingScheme="{scheme}" string="{text}"'
        if dial.inputs:
            return _post(dial, "Continue", 'mapMessagesSize="1"', f"<{TYPED} {said}/>")
        number = markup.attribute(dial.msisdn or "")
        caller = f'<msisdn nai="international_number" npi="ISDN" number="{number}"/>'
        return _post(dial, "Begin", 'mapMessagesSize="1"', f"<{DIALLED} {said}>{caller}</{DIALLED}>")

    def build_close(self, dial: Dial) -> Request:
        reason = 'mapMessagesSize="0" mapUserAbortChoice="isUserSpecificReason"'
        return _post(dial, "Unknown", reason, "<errComponents/>")

    def read(self, response: Response) -> Reply:
        try:
            dialog = markup.parsed(response.body)
            waits, last = dialog.child(WAITS), dialog.child(LAST)
            shown = waits or last
            text = _attribute(shown, "string", "") if shown else None
        except NotACallback:
            waits, text = None, None
        if response.status != 200 or text is None:
            raise UnreadableReply(f"{self.name}: status {response.status}, a body that shows no screen")
        return Reply(text, waits is None)


def _closing(dialog: markup.Element) -> Closing | None:
    errors = dialog.child("errComponents")
    for name, closing in CLOSES.items():
        if dialog.attributes.get(name, "false") != "false":
            return closing
    if errors and errors.children:
        return Closing.NETWORK_ERROR
    over = dialog.attributes.get("type") in OVER and dialog.attributes.get("mapMessagesSize") == "0"
    return Closing.UNKNOWN if over else None


def _attribute(element: markup.Element, name: str, least: str | None = None) -> str:
    """An attribute; `least` where it may be empty."""
    found = element.attributes.get(name)
    if found is None or (not found and least is None):
        raise NotACallback(f"attribute {name} is missing or empty")
    return found


def _invoked(element: markup.Element) -> int:
    text = _attribute(element, "invokeId")
    if not _number(text):
        raise NotACallback("attribute invokeId is no number")
    return int(text)


def _counted(invoke: int) -> int:
    """Which leg an answer is, by the request that it answers; the start is 0, and answers none."""
    return invoke % OCTET + 1 if invoke < 0 else invoke + 1


def _post(dial: Dial, kind: str, how: str, inner: str) -> Request:
    local, _, remote = dial.dialogue.partition(".")
    ids = {"networkId": "0", "localId": local, **({"remoteId": remote} if remote else {})}
    known = " ".join(f'{name}="{markup.attribute(value)}"' for name, value in ids.items())
    names = f'type="{kind}" appCntx="{CONTEXT}" {known}'
    begun = f'<?xml version="1.0" encoding="UTF-8" ?>\n<dialog {names} {how} returnMessageOnError="false">'
    body = f"{begun}\n {inner}\n</dialog>\n"
    return Request(method="POST", headers={"content-type": "text/xml; charset=utf-8"}, body=body.encode())
