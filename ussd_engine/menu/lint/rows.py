"""Whether what a menu names in the service's data is there: rows for its lists, topics for its offers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ussd_engine.errors import Fault, did_you_mean, or_one_of
from ussd_engine.institutions import Institutions
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.keywords import INSTITUTION
from ussd_engine.registry import OFFERS, SOURCES, Place
from ussd_engine.screens.base import Screen


def rowless(menu: Menu, data: Mapping[str, Institutions]) -> Iterator[Fault]:
    """A fault for each list that shows no row whatever was answered, each answer that an offer does not know, and each
    form that is set to go to an institution that is none."""
    known = data.get(menu.name)
    for form in menu.service.forms.values() if known else ():
        code = form.set.get(INSTITUTION)
        if known is not None and code is not None and known.get(code) is None:
            message = f'form "{form.name}": set: no institution has the code "{code}"{did_you_mean(code, codes(known))}'
            yield Fault(*form.place, message, "rows")
    for screen in menu.service.screens.values() if known else ():
        assert known is not None
        yield from _empty(screen, Place(known, menu.service.language))
        if screen.offer and (topics := OFFERS[screen.offer.function].topics):
            yield from _unknown(menu, screen.offer.args[0], topics(known), screen.offer.function)


def codes(data: Institutions) -> set[str]:
    """The codes of all institutions."""
    return {row.code for row in data}


def _empty(screen: Screen, place: Place) -> Iterator[Fault]:
    if screen.source is None:
        return
    source = SOURCES[screen.source.source]
    args, kinds = screen.source.args, {row.kind for row in place.data}
    strange = [value for name, value in args.items() if source.args[name] == "literal" and value not in kinds]
    for kind in strange:
        hint = did_you_mean(kind, kinds) or or_one_of(kind, sorted(kinds))
        message = f'screen "{screen.name}": no institution is of the kind "{kind}"{hint}'
        yield Fault(*screen.place, message, "rows")
    if strange or screen.none:
        return
    if source.local and all(source.args[name] == "literal" for name in args) and not source.rows(place, args):
        given = "".join(f" for {name}: {value}" for name, value in args.items())
        message = (
            f'screen "{screen.name}": {screen.source.source} has no rows{given}: institutions.csv names none: '
            "add them, or say under none which screen is shown then"
        )
        yield Fault(*screen.place, message, "rows")


def _unknown(menu: Menu, answer: str, topics: frozenset[str], offer: str) -> Iterator[Fault]:
    for screen in menu.service.screens.values():
        for line in screen.lines if answer in screen.save else ():
            if line.value is not None and line.value not in topics:
                message = f'offer "{offer}" does not know "{line.value}"{did_you_mean(line.value, topics)}'
                yield Fault(*line.place, message, "rows")
