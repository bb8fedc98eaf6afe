"""Whether a form asks for nothing on the ground of what it asks later.

The first question that applies and has no answer is asked next. Were a question to depend on a later one, its answer
would come and go with that one's, and back and forward would not lead to the same place.
"""

from __future__ import annotations

from collections.abc import Iterator

from ussd_engine.menu.conditions import certain
from ussd_engine.menu.course import grounds
from ussd_engine.menu.schema import Form, Item, Service
from ussd_engine.screens.base import Place, Tests


def out_of_order(service: Service, form: Form) -> Iterator[tuple[Place, str]]:
    """Each condition and ground that comes too early, in words: of a question, what is asked at or after it; of what is
    asked inside a sub-form, what is asked after that one and not surely before inside. No form may ask itself."""
    for index, item in enumerate(form.ask):
        own = _saved_by(service, item.name)
        after = {name for other in form.ask[index + 1 :] for name in _saved_by(service, other.name)}
        for name, place in _looks(service, item):
            if name in own | after:
                when = "which it saves itself" if name in own else "which is asked later"
                yield place, f'form "{form.name}": "{item.name}" looks at "{name}", {when}'
        for name, place in _unsure(service, item.name, after):
            when = (
                "which may be asked only later: save it by another name there"
                if name in own
                else "which is asked later"
            )
            yield place, f'form "{form.name}": "{item.name}" looks at "{name}", {when}'


def _looks(service: Service, item: Item) -> Iterator[tuple[str, Place]]:
    """The answers that decide on a question, each with where that stands."""
    yield from ((test.name, test.place) for test in item.tests)
    screen = service.screens.get(item.name)
    yield from ((name, item.place) for name in sorted(grounds(screen) if screen else ()))


def _unsure(service: Service, name: str, after: set[str]) -> Iterator[tuple[str, Place]]:
    """The looks of all that a form asks at what is asked after it too; not where a question before, inside, which
    applies whenever the one that looks does, has answered that already. Nothing for a screen."""
    before: list[tuple[set[str], Tests]] = []
    for item, whole in _inside(service, name, ()):
        for looked, place in _looks(service, item):
            answered = any(looked in saves and certain(tests, whole, {}) for saves, tests in before)
            if looked in after and not answered:
                yield looked, place
        screen = service.screens.get(item.name)
        before.append((set(screen.answers) if screen else set(), whole))


def _inside(service: Service, name: str, tests: Tests) -> Iterator[tuple[Item, Tests]]:
    """All that a form asks, in order, each with its conditions and those of the sub-forms around it."""
    if name in service.forms:
        for item in service.forms[name].ask:
            whole = (*tests, *item.tests)
            yield item, whole
            yield from _inside(service, item.name, whole)


def _saved_by(service: Service, name: str) -> set[str]:
    if name in service.forms:
        return {saved for item in service.forms[name].ask for saved in _saved_by(service, item.name)}
    screen = service.screens.get(name)
    return set(screen.answers) if screen else set()
