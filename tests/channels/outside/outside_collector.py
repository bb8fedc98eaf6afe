"""A collector as a package outside would write it, small and whole: forms in, a word and a sentence out."""

from __future__ import annotations

from collections.abc import Mapping

from ussd_engine.channels import wire
from ussd_engine.channels.base import Request, Response
from ussd_engine.channels.forms import Asked, Collected, FormSettings, configure


class Slip:
    """`phone=…&message=…`, and `field=…&typed=…` for a check; `YES`, `SEND` or `NO`, and words."""

    def __init__(self, settings: FormSettings) -> None:
        self.name, self.options, self._msisdn = settings.name, configure(settings), settings.msisdn

    def asked(self, request: Request) -> Asked:
        fields = wire.form(request)
        return Asked(wire.filled(fields, "field"), wire.present(fields, "typed"))

    def collected(self, request: Request) -> Collected:
        given = wire.form(request)
        number = wire.filled(given, "phone")
        fields = {name: given[name].strip() for name in self.options.fields if given.get(name, "").strip()}
        return Collected(self._msisdn(number) or "", fields, number)

    def right(self, shown: Mapping[str, str]) -> Response:
        return _said("YES", shown.get("name", ""))

    def wrong(self, words: str) -> Response:
        return _said("NO", words)

    def taken(self, words: str, *, by_sms: bool) -> Response:
        return _said("SEND" if by_sms else "YES", words)

    def refused(self, words: str, field: str = "", *, by_sms: bool) -> Response:
        return _said("TELL" if by_sms else "NO", " ".join(filter(None, [field, words])))


def _said(word: str, words: str) -> Response:
    return Response(body=f"{word} {words}".encode())
