"""Mutations that make a text of the shipped menu just too long for its screen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from tests.menu.mutations_of_ways import CHOOSE, GO, Kind, Mutation
from tests.menu.mutations_of_words import ABOVE, UNPAGED, english, places, rewrite
from tests.menu.po_entries import PoEntry
from tests.menu.shipped_copy import Entry, ShippedCopy, Told

TOO_LONG = re.compile(r"does not fit in (?P<locale>[a-z]+).*: (?P<size>\d+) of (?P<room>\d+) septets")
ALWAYS_OVER = 320
MORE = 12
"""No line that leads to the next page takes more septets."""


def _one_over(copy: ShippedCopy, locale: str, grow: Callable[[int], None], most: int) -> None:
    """Make a text so long that its screen has just no room, and then one septet longer.

    How long that is comes from the sizes that the check tells, and the check is held to it: at the bound there is no
    fault, at most `most` septets further there is one. Where lines are cut into pages those are some more: the last
    page, without its "more", may have room for them.
    """
    grow(ALWAYS_OVER)
    bound = ALWAYS_OVER - max(_sizes(copy, locale))
    copy.restore()
    grow(bound)
    assert _sizes(copy, locale) == [], f"at the bound, {bound} septets longer, something is too long"
    for septets in range(bound + 1, bound + most + 1):
        copy.restore()
        grow(septets)
        if _sizes(copy, locale):
            return
    raise AssertionError(f"{bound + most} septets longer and nothing is too long")


def _sizes(copy: ShippedCopy, locale: str) -> list[int]:
    """By how many septets each screen that is too long is so."""
    found = (TOO_LONG.search(one.message) for one in copy.check())
    return [int(match["size"]) - int(match["room"]) for match in found if match and match["locale"] == locale]


def _over(copy: ShippedCopy, locale: str, place: str, screen: str, grow: Callable[[int], None]) -> Mutation:
    """The fault stands at the screen; where the words are shown on several, or in an SMS, it is one of those."""

    def make() -> Told:
        cut = not screen or copy.entries(f"screens/{screen}/menu", f"screens/{screen}/list")
        _one_over(copy, locale, grow, MORE if cut else 1)
        if screen:
            return Told(*copy.line(("screens", screen)), f'screen "{screen}" does not fit in {locale}')
        told = next(one for one in copy.check() if f"does not fit in {locale}" in one.message)
        kind, named, *_ = told.message.split('"')
        section = "sms" if kind.startswith("sms") else "screens"
        return Told(*copy.line((section, named)), f'{kind}"{named}" does not fit in {locale}')

    return Mutation(f"{place} in {locale}", make)


def _in_swahili(copy: ShippedCopy, entries: Iterator[Entry]) -> Iterator[Mutation]:
    for entry in entries:

        def grow(septets: int, entry: Entry = entry) -> None:
            copy.append(entry, "M" * septets)

        yield _over(copy, "sw", "/".join(entry.names), entry.names[1] if entry.names[0] == "screens" else "", grow)


def _in_english(copy: ShippedCopy, entries: Iterator[Entry]) -> Iterator[Mutation]:
    """The same texts where the English words are too long."""
    wanted = {(entry.names[1] if entry.names[0] == "screens" else entry.names[0], entry.text) for entry in entries}
    for entry in english(copy):
        context, msgid = entry.fields["msgctxt"], json.loads(f'"{entry.fields["msgid"]}"')
        if (context, msgid) in wanted:

            def grow(septets: int, entry: PoEntry = entry) -> None:
                longer = {name: text + "M" * septets for name, text in entry.fields.items() if name in entry.words}
                rewrite(copy, entry, entry.written(**longer))

            yield _over(
                copy, "en", f"{context}/{entry.said}", "" if context in ("errors", "warnings") else context, grow
            )


def end_of_161_septets(copy: ShippedCopy) -> Iterator[Mutation]:
    """An end shows nothing but its text, so that its size can be counted here: an extension letter takes two."""
    for index, entry in enumerate(copy.entries("screens/*/end")):
        just = ("M" * 160, "^" * 80, "M" * 40 + "€" * 60)[index % 3]

        def make(entry: Entry = entry, just: str = just) -> Told:
            copy.put(entry, f'"{just}"')
            assert _sizes(copy, "sw") == []
            copy.restore()
            copy.put(entry, f'"{just}M"')
            return Told(*copy.line(entry.names[:2]), "161 of 160 septets")

        yield Mutation("/".join(entry.names), make)


def text_over_its_bound_in_swahili(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _in_swahili(copy, places(copy, *UNPAGED))


def text_over_its_bound_in_english(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _in_english(copy, places(copy, *UNPAGED))


def again_over_its_bound_in_swahili(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _in_swahili(copy, places(copy, "screens/*/again"))


def again_over_its_bound_in_english(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _in_english(copy, places(copy, "screens/*/again"))


def heading_over_its_bound_in_swahili(copy: ShippedCopy) -> Iterator[Mutation]:
    """Of a menu or list, which is cut into pages: too long is what leaves no room for one line."""
    yield from _in_swahili(copy, places(copy, "screens/*/menu", "screens/*/list"))


def heading_over_its_bound_in_english(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _in_english(copy, places(copy, "screens/*/menu", "screens/*/list"))


def line_above_over_its_bound_in_swahili(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _in_swahili(copy, places(copy, *ABOVE))


def line_above_over_its_bound_in_english(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _in_english(copy, places(copy, *ABOVE))


def row_over_its_bound(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _in_swahili(copy, iter(copy.entries("screens/*/row")))


def label_over_its_bound(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries(GO, CHOOSE):

        def grow(septets: int, entry: Entry = entry) -> None:
            copy.rename(entry, json.dumps(entry.name + "M" * septets, ensure_ascii=False))

        # What a line saves may be shown elsewhere, in its words.
        yield _over(copy, "sw", "/".join(entry.names), entry.names[1] if "go" in entry.names else "", grow)


def value_over_its_bound(copy: ShippedCopy) -> Iterator[Mutation]:
    """Words that are put into other texts: the screens that show them are too long."""
    yield from _in_swahili(copy, iter(copy.entries("words/type/*", "words/identity/*")))


KINDS: tuple[Kind, ...] = (
    end_of_161_septets,
    text_over_its_bound_in_swahili,
    text_over_its_bound_in_english,
    again_over_its_bound_in_swahili,
    again_over_its_bound_in_english,
    heading_over_its_bound_in_swahili,
    heading_over_its_bound_in_english,
    line_above_over_its_bound_in_swahili,
    line_above_over_its_bound_in_english,
    row_over_its_bound,
    label_over_its_bound,
    value_over_its_bound,
)
