"""From a session to what its phone shows: the facts of its screen, what only the engine knows, the reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sessions import Session
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Profile, Reply, Turn
from ussd_engine.reference import derive_pin
from ussd_engine.registry import SPOKEN
from ussd_engine.render import render
from ussd_engine.scope import Facts, about_of, plain
from ussd_engine.unfinished import FINISH, may_finish
from ussd_engine.walk import SMS

KEPT_S = 600.0
"""How long an unfinished dialog is kept after its last leg, and a pending act."""
BUSY_MINUTES = "1"


@dataclass
class Seen:
    """What a turn leaves for metrics and the log: no number, no text, no reference."""

    screen: str = ""
    kind: str = ""
    locale: str = ""
    """The caller's language, empty until it is known."""
    service: str = ""
    answered: str = ""
    """The screen that an answer was taken for, `service/screen`; empty where the leg brought none."""
    counts: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    """What of the menu was taken: `screen SERVICE/NAME`, `above SERVICE/choice`, `line SERVICE/NAME 1`,
    `row SERVICE/NAME`, `outcome SERVICE/ACTION ok`."""


class View:
    """Shows sessions. `pin` is the key from which PINs are derived; `days`: how long a number is kept after the last
    closing; `doors` gives what is shut, and to which pilots a number belongs."""

    def __init__(
        self,
        pin: bytes,
        core_wants: frozenset[str] = frozenset(),
        core_can: frozenset[str] = frozenset(),
        days: int = 0,
        *,
        sends: bool = False,
        doors: Callable[[int], Facts] = lambda _: {},
    ) -> None:
        self._pin = pin
        self._core_wants = core_wants
        self._core_can = core_can
        self._days = str(days)
        self._doors = doors
        self.sends = sends
        """SMS leave, and may be asked for."""

    def facts(self, edition: Edition, session: Session) -> Facts:
        """What is known of the caller, of the case that she asks about, and of the core."""
        about = about_of(session)
        can = set(about.can) if about else set()
        if session.msisdn:
            can.add("be_reached")
        if self.sends:
            can.add("use_sms")
        if self.sends and session.values.get(SMS):
            can.add("set_sms")
        if self.sends and may_finish(edition, session):
            can.add(FINISH)
        known = {"can": frozenset(can), "core_can": self._core_can, "core_wants": self._core_wants}
        return {**known, **self._doors(session.msisdn)}

    def show(
        self,
        edition: Edition,
        session: Session,
        profile: Profile,
        seen: Seen,
        *,
        kept: bool = False,
        words: str | None = None,
    ) -> Reply:
        """The screen on which a session stands. `kept`: something of it is kept, even where no draft is. `words`: what
        the institution said, where the screen shows that."""
        _note(seen, edition, session)
        extra = {
            "code": edition.code(session.service, profile.passes_digits),
            "minutes": str(int(KEPT_S // 60)) if kept or session.drafts else "",
            "days": self._days,
        }
        if not self.sends:
            extra["sc"] = ""  # the country's file may name it before any channel carries SMS
        if words is not None:
            extra[SPOKEN] = plain(words)
        if session.outcome and session.outcome.case:
            extra["pin"] = derive_pin(self._pin, session.outcome.case, session.outcome.generation).reveal()
        return render(edition, session, self.facts(edition, session), profile, extra)

    def system(
        self,
        name: str,
        edition: Edition,
        turn: Turn,
        profile: Profile,
        seen: Seen,
        values: Mapping[str, str] | None = None,
    ) -> Reply:
        """What the engine itself must say: `fault`, `old`, `busy`, `maint`, `limit`, `steps`, `stopped`,
        `not_served`; in the caller's language where known. `values` are what the words may name. A service without
        words for limit or steps says `busy`, for the last two `fault`."""
        if name == "fault":
            seen.kind = name
        root = edition.codes.get(turn.service_code or profile.code or "") or next(iter(edition.codes.values()))
        service = seen.service if seen.service in edition.services else root
        shown = self._system(name, edition, service, seen.locale)
        _note(seen, edition, shown)
        return self._told(edition, shown, profile, values or {})

    def system_of(self, service: str, name: str, edition: Edition, locale: str, values: Mapping[str, str]) -> str:
        """As `system`, of one service, for who has no dialog."""
        return self._told(edition, self._system(name, edition, service, locale), Profile(), values).text

    @staticmethod
    def _system(name: str, edition: Edition, service: str, locale: str) -> Session:
        screens, instead = edition.services[service].service.system, "busy" if name in ("limit", "steps") else "fault"
        spoken = locale if locale in edition.languages[service] else ""
        return Session(b"", edition.version, service, screens.get(name) or screens[instead], spoken)

    @staticmethod
    def _told(edition: Edition, shown: Session, profile: Profile, values: Mapping[str, str]) -> Reply:
        told = {"code": edition.code(shown.service, profile.passes_digits), "minutes": BUSY_MINUTES, **values}
        return render(edition, shown, {}, profile, told)


def _note(seen: Seen, edition: Edition, session: Session) -> None:
    """Which screen is shown, in which language, below which line."""
    seen.screen = f"{session.service}/{session.screen}"
    seen.locale = session.locale or edition.services[session.service].service.language
    seen.taken.append(f"screen {seen.screen}")
    if session.line:
        seen.taken.append(f"above {session.service}/{session.line}")
