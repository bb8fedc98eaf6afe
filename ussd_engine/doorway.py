"""Who does not get past a service's door: everybody where it is stopped, in a pilot whoever is not listed."""

from __future__ import annotations

from sessions import Outcome, Session
from ussd_engine.facts import PILOT, shut
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.schema import Service
from ussd_engine.scope import Facts

Barred = tuple[str, Outcome | None]
"""The end screen that is shown at the door, and what it shows."""


def barred(service: Service, facts: Facts) -> Barred | None:
    """What is shown to who does not get in now; `None` to who does."""
    if service.pilot and service.name not in facts.get(PILOT, frozenset()):
        return service.pilot, None
    ends = facts.get(shut(service.name))
    if ends is None:
        return None
    # A repeat of the leg shows the same, whatever has changed by then.
    said = Outcome(0, {"date": str(ends)})
    return (service.system["maint"] if ends else service.system.get("stopped", service.system["fault"])), said


def counted(edition: Edition, session: Session) -> list[str]:
    """As what it is counted that a dialog came to this screen; nothing where it is none of a door."""
    service = edition.services[session.service].service
    if session.screen == service.pilot:
        return ["not_open"]
    return ["maintenance"] * (session.screen in (service.system["maint"], service.system.get("stopped")))
