"""Which service an SMS is for, where several take them, how each hears, and by which words it knows a language.

services = Services({"emrejesho": "EM"})   # by service, what stands before its keywords on a number that is shared
services.named(edition, "EM HALI 482173657")   # "emrejesho"
"""

from __future__ import annotations

from collections.abc import Mapping

from ussd_engine.menu.edition import Edition
from ussd_engine.sms.keywords import Ear
from ussd_engine.sms.tongues import Tongues
from ussd_engine.words import split


class Services:
    """The services that take SMS, by their prefixes. Keeps an ear and the tongues of each, of one edition."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._prefixes = prefixes
        self._ears: dict[tuple[bytes, str], Ear] = {}
        self._tongues: dict[tuple[bytes, str], Tongues] = {}

    def taking(self, edition: Edition) -> list[str]:
        """Those that take SMS."""
        return [name for name, menu in edition.services.items() if menu.service.keywords is not None]

    def named(self, edition: Edition, text: str) -> str:
        """The one whose prefix stands in front of a text; empty for none."""
        first = next(iter(split(text)), "")
        return next((name for name in self.taking(edition) if first and self._folded(name) == first), "")

    def first(self, edition: Edition) -> str:
        """The one for what names none: the first that has no prefix, else the first; empty where none takes SMS."""
        taking = self.taking(edition)
        return next(iter([*(name for name in taking if not self._folded(name)), *taking]), "")

    def ear(self, edition: Edition, service: str) -> Ear:
        """Hears for a service of an edition that takes SMS."""
        ear = self._ears.get((edition.version, service))
        if ear is None:
            keywords = edition.services[service].service.keywords
            assert keywords is not None
            ear = Ear(keywords, edition.data.get(service), self._prefixes.get(service, ""))
            self._ears = {key: one for key, one in self._ears.items() if key[0] == edition.version}
            self._ears[edition.version, service] = ear
        return ear

    def tongues(self, edition: Edition, service: str) -> Tongues:
        """The languages of a service of an edition, by their words."""
        found = self._tongues.get((edition.version, service))
        if found is None:
            found = Tongues(edition, service)
            self._tongues = {key: one for key, one in self._tongues.items() if key[0] == edition.version}
            self._tongues[edition.version, service] = found
        return found

    def _folded(self, service: str) -> str:
        return "".join(split(self._prefixes.get(service, "")))
