"""What can lie behind a screen on the way that she came, outside forms: back leads there.

A form lies on that way as the screen from which it was entered; where she came back to it by a redial, as the start.
What is shown once it is over has that behind it, unless she had been there before: then her way is cut off in front of
it. A door that was dialled has the start behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ussd_engine.menu.schema import Service

Pair = tuple[str, str]
"""A screen and one that follows it; or one and what lies behind it."""


class Trail:
    """The ways outside forms. `homes`: screen to the forms in which it may stand; `entries`: by form the screens from
    which it is entered; `leads`: which screens lead to which, those behind the acts of a form too."""

    def __init__(
        self,
        service: Service,
        homes: Mapping[str, Collection[str]],
        entries: Mapping[str, Collection[str]],
        leads: Collection[Pair],
    ) -> None:
        self.service = service
        self.homes = homes
        self.entries = entries
        self.leads = leads
        self.shut = {service.first, service.resume, service.last}
        self.next = self._next()

    def under(self, source: str) -> set[str]:
        """The screens outside forms that may lie right behind what follows a screen; a door that shuts is none."""
        return self._before(self.homes[source]) if self.homes[source] else {source} - self.shut

    def _before(self, forms: Collection[str]) -> set[str]:
        """Where forms were entered; an act of one may lead into another, which then lies where the first one did."""
        found, todo, seen = set[str](), [*forms], set[str]()
        while todo:
            if (one := todo.pop()) in seen:
                continue
            seen.add(one)
            for source in self.entries.get(one, ()):
                todo += self.homes[source]
                found |= set() if self.homes[source] else {source} - self.shut
        return found | ({self.service.start} if self.service.resume else set())

    def back(self) -> Iterator[Pair]:
        """Each screen behind which another lies that does not lead there itself."""
        for source, others in self.next.items():
            yield from ((other, source) for other in others if self._apart(source, other))
        start = self.service.start
        yield from ((door, start) for door in self.service.dial.values() if door != start)

    def _next(self) -> dict[str, set[str]]:
        """By screen outside forms those that may stand right behind it on her way."""
        found: dict[str, set[str]] = {}
        for source, dest in self.leads:
            for one in self.under(source):
                found.setdefault(one, set()).add(dest)
        return found

    def _apart(self, source: str, other: str) -> bool:
        """Whether she can come to a screen without having been at another one."""
        seen, todo = {other}, [self.service.start, *self.service.dial.values()]
        while todo:
            if (one := todo.pop()) not in seen:
                seen.add(one)
                todo += self.next.get(one, ())
        return source in seen and source != other
