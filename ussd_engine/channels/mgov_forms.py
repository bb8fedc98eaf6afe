"""Forms that the government's mobile platform (mGov) collects in a menu of its own, on its code `*152*00#`.

It asks whether a field may stand, `POST /forms/mgov/check?field=em_taasisi`, JSON:

    {"data":"tanesco"}

answered with `{"success":true,"code":"TANESCO","name":"TANESCO"}`, of which its menu may show what it likes, or with
`{"success":false,"message":"Hatukupata \\"xyz\\"."}`. It does not say of which field it asks, so the address does;
where that says none, it is the field of the institution.

It delivers the finished form, `POST /forms/mgov`, JSON, by names that the author of its menu gave:

    {"msisdn":"255700000001","em_aina":"1","em_taasisi":"TANESCO","em_maelezo":"Barabara mbovu"}

answered with `{"status":true,"sms_reply":true,"sms_text":"Tumepokea. Namba: 482173657. …"}`, or with
`{"success":false,"field":"em_maelezo","sms_reply":true,"sms_text":"…"}`. `sms_reply` lets the platform send `sms_text`
by SMS; it is false where the form has no number of the country. A form without number can only be anonymous.

No call has an id: the same answers of the same number within `window_s` are the same form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from ussd_engine.channels import wire
from ussd_engine.channels.base import Request, Response
from ussd_engine.channels.forms import Asked, Collected, FormSettings, configure
from ussd_engine.errors import NotACallback
from ussd_engine.fieldtable import whole

NUMBER: Final = "msisdn"
DATA: Final = "data"
FIELD: Final = "field"


class MgovForms:
    """The platform as a collector of forms."""

    def __init__(self, settings: FormSettings) -> None:
        self.name = settings.name
        self.options = configure(settings)
        self._msisdn = settings.msisdn

    def asked(self, request: Request) -> Asked:
        return Asked(_field(request.query), wire.present(wire.texts(wire.json_object(request), DATA), DATA))

    def collected(self, request: Request) -> Collected:
        given = wire.texts(wire.json_object(request), NUMBER, *self.options.fields)
        number = whole(given.get(NUMBER, "").strip())
        fields = {name: given[name].strip() for name in self.options.fields if given.get(name, "").strip()}
        if not number and not fields:
            raise NotACallback("there is no number, and no field that the settings know")
        return Collected(self._msisdn(number) or "", fields, number)

    def right(self, shown: Mapping[str, str]) -> Response:
        return _answer({"success": True, **shown})

    def wrong(self, words: str) -> Response:
        return _answer({"success": False, "message": words})

    def taken(self, words: str, *, by_sms: bool) -> Response:
        return _answer({"status": True, "sms_reply": by_sms, "sms_text": words})

    def refused(self, words: str, field: str = "", *, by_sms: bool) -> Response:
        where = {"field": field} if field else {}
        return _answer({"success": False, **where, "sms_reply": by_sms and bool(words), "sms_text": words})


def _field(query: str) -> str:
    """The field that the address names; empty for none."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=wire.MAX_FIELDS)
    except ValueError:
        raise NotACallback("the address cannot be read") from None
    named = [value for name, value in pairs if name == FIELD]
    if len(named) > 1:
        raise NotACallback("a field stands twice")
    return named[0] if named else ""


def _answer(said: Mapping[str, object]) -> Response:
    document = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    return Response(body=document.encode(), content_type=wire.JSON)
