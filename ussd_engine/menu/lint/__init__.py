"""The proofs: what must hold of an edition before a citizen meets it, beyond that all its names lead somewhere."""

from __future__ import annotations

from collections.abc import Mapping

from ussd_engine.errors import Fault
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.lint.asked import never_asked
from ussd_engine.menu.lint.changes import unasked
from ussd_engine.menu.lint.fits import fits
from ussd_engine.menu.lint.keys import clashes
from ussd_engine.menu.lint.lines import alike
from ussd_engine.menu.lint.reach import dead_ends, unreachable
from ussd_engine.menu.lint.receipts import unreceipted
from ussd_engine.menu.lint.rows import rowless
from ussd_engine.menu.lint.said import Said, said_in
from ussd_engine.menu.lint.sms import unfilled, unfitting, unprefixed, unsaid
from ussd_engine.menu.lint.types import untimed
from ussd_engine.menu.lint.values import Values
from ussd_engine.menu.lint.words import alphabet, placeholders, wordless
from ussd_engine.model import Profile
from ussd_engine.texts import texts_of

_NO_PREFIXES: Mapping[str, str] = {}


def prove(
    edition: Edition, profiles: Mapping[str, Profile], sms_prefixes: Mapping[str, str] = _NO_PREFIXES
) -> list[Fault]:
    """Every fault of an edition on the channels of `profiles`, by file and line; empty where all holds."""
    faults: set[Fault] = set()
    for name, menu in edition.services.items():
        faults.update(unreachable(menu), dead_ends(menu), clashes(menu), never_asked(menu), unasked(menu))
        faults.update(rowless(menu, edition.data), alike(edition, menu), unreceipted(edition, menu))
        faults.update(untimed(edition, menu))
        said = said_in(menu.service, edition.nodes.get(name, []))
        values = Values(edition, menu)
        faults.update(alphabet(said), placeholders(menu, said, values), wordless(menu, said))
        faults.update(_translations(edition, name))
        faults.update(fits(edition, menu, profiles, values))
        faults.update(unsaid(menu), unfitting(edition, menu, values), unfilled(edition, menu))
    return sorted({*faults, *roomless(edition, sms_prefixes)})


def roomless(edition: Edition, sms_prefixes: Mapping[str, str]) -> list[Fault]:
    """A fault for each SMS without room for its service's prefix; the gateway runs all the same, and says so."""
    there = [(edition.services[name], prefix) for name, prefix in sms_prefixes.items() if name in edition.services]
    return [fault for menu, prefix in there for fault in unprefixed(edition, menu, Values(edition, menu), prefix)]


def _translations(edition: Edition, name: str) -> list[Fault]:
    asked = {text.key: text for node in reversed(edition.nodes.get(name, [])) for text in texts_of(node)}
    return edition.catalog.check(name, edition.services[name].service.language, asked.values())


__all__ = ["Said", "prove", "roomless"]
