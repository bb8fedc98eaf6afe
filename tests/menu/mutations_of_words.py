"""Mutations of what the shipped menu says: in the wrong letters, with wrong placeholders, not translated."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from tests.menu.mutations_of_ways import CHOOSE, GO, Kind, Mutation, label, misspelt, mutation
from tests.menu.po_entries import PoEntry, po_entries
from tests.menu.shipped_copy import Entry, ShippedCopy, Told
from ussd_engine.registry import WORDS

ENGLISH = "locales/en/LC_MESSAGES/emrejesho.po"
UNPAGED = tuple(f"screens/*/{kind}" for kind in ("end", "notice", "input"))
HEADS = (*UNPAGED, "screens/*/menu", "screens/*/list")
ROW = "screens/*/row"
ABOVE = ("errors/*", "warnings/*")


def english(copy: ShippedCopy) -> list[PoEntry]:
    return list(po_entries(ENGLISH, copy.read(ENGLISH)))


def rewrite(copy: ShippedCopy, entry: PoEntry, written: str) -> None:
    whole, old = copy.read(entry.file), "\n".join(entry.lines)
    assert whole.count(old) == 1
    copy.write(entry.file, whole.replace(old, written))


def places(copy: ShippedCopy, *patterns: str) -> Iterator[Entry]:
    """Entries whose value is a text with words."""
    for entry in copy.entries(*patterns):
        if re.search("[a-z]", re.sub(r"\{.*?\}", "", entry.text)):
            yield entry


# letters and placeholders


def letter_outside_the_alphabet(copy: ShippedCopy) -> Iterator[Mutation]:
    strangers = "’ẽ“—😀ŋ"
    for index, entry in enumerate([*places(copy, *HEADS, *ABOVE, "words/*/*", "screens/*/again")]):
        stranger = strangers[index % len(strangers)]

        def make(entry: Entry = entry, stranger: str = stranger) -> Told:
            copy.append(entry, stranger)
            return Told(entry.file, entry.line, f"{stranger!r} (U+{ord(stranger):04X}) is outside the GSM alphabet")

        yield mutation(entry, make)


def letter_outside_the_alphabet_in_a_line(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries(GO, CHOOSE):

        def make(entry: Entry = entry) -> Told:
            copy.rename(entry, f'"{entry.name}\u2019"')
            return Told(entry.file, entry.line, "(U+2019) is outside the GSM alphabet")

        yield mutation(entry, make)


def letter_outside_the_alphabet_in_english(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in english(copy):

        def make(entry: PoEntry = entry) -> Told:
            last = entry.words[-1]
            rewrite(copy, entry, entry.written(**{last: entry.fields[last] + "\u2019"}))
            return Told(ENGLISH, entry.line, "(U+2019), which is outside the GSM alphabet")

        yield Mutation(entry.said, make)


def placeholder_misspelt(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries(*HEADS, *ABOVE, "screens/*/again", "screens/*/row"):
        found = re.search(r"\{([a-z]+)", entry.text)
        # what has no word of its own is no message, and is told at its screen
        if found and re.search(r"[A-Za-z]", re.sub(r"\{[^}]*\}", "", entry.text)):

            def make(entry: Entry = entry, name: str = found[1]) -> Told:
                start, end = entry.value.start_mark.index, entry.value.end_mark.index
                text = copy.read(entry.file)[start:end].replace("{" + name, "{" + misspelt(name), 1)
                copy.replace(entry.file, start, end, text)
                return Told(entry.file, entry.line, "{" + misspelt(name))

            yield mutation(entry, make)


def brace_not_closed(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries(*HEADS, *ABOVE):
        if "}" in entry.text:

            def make(entry: Entry = entry) -> Told:
                at = copy.read(entry.file).index("}", copy.read(entry.file).index("{", entry.value.start_mark.index))
                copy.replace(entry.file, at, at + 1, "")
                return Told(entry.file, entry.line, "a brace that is no placeholder")

            yield mutation(entry, make)


# translations


def _of_english(
    copy: ShippedCopy, edit: Callable[[PoEntry], str | None], message: Callable[[PoEntry], str]
) -> Iterator[Mutation]:
    for entry in english(copy):
        written = edit(entry)
        if written is not None:

            def make(entry: PoEntry = entry, written: str = written) -> Told:
                rewrite(copy, entry, written)
                return Told(ENGLISH, entry.line, message(entry))

            yield Mutation(f"{entry.fields['msgctxt']}/{entry.said}", make)


def translation_emptied(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _of_english(
        copy,
        lambda entry: entry.written(**dict.fromkeys(entry.words, "")),
        lambda entry: f'"{entry.said}" ({entry.fields["msgctxt"]}) is not translated',
    )


def plural_form_emptied(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _of_english(
        copy,
        lambda entry: entry.written(msgstr_1="") if len(entry.words) > 1 else None,
        lambda entry: f'"{entry.said}" ({entry.fields["msgctxt"]}) is not translated',
    )


def translation_in_doubt(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in english(copy):

        def make(entry: PoEntry = entry) -> Told:
            rewrite(copy, entry, "#, fuzzy\n" + "\n".join(entry.lines))
            return Told(ENGLISH, entry.line + 1, f'"{entry.said}" ({entry.fields["msgctxt"]}) is marked fuzzy')

        yield Mutation(entry.said, make)


def translation_removed(copy: ShippedCopy) -> Iterator[Mutation]:
    """Its line is gone with it: the fault stands at the head of the file and names the text's place in the menu."""
    texts = {(entry.names[1], entry.text): entry for entry in copy.entries(*HEADS)}
    for entry in english(copy):
        asked = texts.get((entry.fields["msgctxt"], json.loads(f'"{entry.fields["msgid"]}"')))
        if asked:

            def make(entry: PoEntry = entry, asked: Entry = asked) -> Told:
                rewrite(copy, entry, "")
                return Told(ENGLISH, 1, f'"{entry.said}" ({asked.names[1]}) of {asked.file}:{asked.line} has no entry')

            yield Mutation(entry.said, make)


def _other_placeholder(entry: PoEntry) -> str | None:
    changed = {name: re.sub(r"\{[a-z]+", "{other", entry.fields[name], count=1) for name in entry.words}
    return None if changed == {name: entry.fields[name] for name in entry.words} else entry.written(**changed)


def placeholder_of_one_language(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _of_english(copy, _other_placeholder, lambda entry: "differs from its text in ")


def placeholder_lost_in_translation(copy: ShippedCopy) -> Iterator[Mutation]:
    def without(entry: PoEntry) -> str | None:
        last = entry.words[-1]
        changed = re.sub(r" ?\{[^}]*\}", "", entry.fields[last], count=1)
        return None if changed == entry.fields[last] else entry.written(**{last: changed})

    yield from _of_english(copy, without, lambda entry: "differs from its text in {")


def text_reworded_without_its_translation(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in places(copy, *HEADS):
        old = [one for one in english(copy) if one.fields["msgctxt"] == entry.names[1]]
        of_it = [one for one in old if json.loads(f'"{one.fields["msgid"]}"') == entry.text]
        if of_it:

            def make(entry: Entry = entry, old: PoEntry = of_it[0]) -> Told:
                copy.append(entry, "!")
                return Told(ENGLISH, old.line, f'"{old.said}" ({entry.names[1]}) stands in no menu any more')

            yield mutation(entry, make)


def line_dropped_and_its_translation_left(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries(GO, CHOOSE):
        named = (entry.names[1], label(entry))
        left = [one for one in english(copy) if (one.fields["msgctxt"], one.fields["msgid"]) == named]
        looked_for = any(one.text and one.text == entry.text for one in copy.entries("forms/*/ask/*/*/*/*"))
        if entry.droppable and left and entry.text and not looked_for and entry.names[2] == "choose":

            def make(entry: Entry = entry, left: PoEntry = left[0]) -> Told:
                copy.drop(entry)
                return Told(ENGLISH, left.line, f'"{left.said}" ({entry.names[1]}) stands in no menu any more')

            yield mutation(entry, make)


# words that are needed


def words_of_a_value_dropped(copy: ShippedCopy) -> Iterator[Mutation]:
    chosen = {entry.text for entry in copy.entries(CHOOSE, f"{CHOOSE}/is")}
    for entry in copy.entries("words/*/*"):
        if entry.name not in chosen and entry.names[1] not in WORDS:

            def make(entry: Entry = entry) -> Told:
                copy.drop(entry)
                shown = next(one for one in copy.entries(*HEADS) if "{" + entry.names[1] + "}" in one.text)
                return Told(shown.file, shown.line, f'"{entry.names[1]}" can be "{entry.name}", which has no words')

            yield mutation(entry, make)


def words_of_a_state_dropped(copy: ShippedCopy) -> Iterator[Mutation]:
    """Of what the engine itself puts into a row or a text."""
    for entry in copy.entries("words/*/*", "words/*/*/*"):
        table = entry.names[1]
        if table in WORDS and entry.text:
            value = ": ".join(entry.names[2:])

            def make(entry: Entry = entry, table: str = table, value: str = value) -> Told:
                copy.drop(entry)
                shown = next(one for one in copy.entries(*HEADS, ROW, GO) if "{" + table + "}" in one.text + one.name)
                rows = shown.names[2:] == ("row",)
                place = copy.line(shown.names[:2]) if rows else (shown.file, shown.line)
                return Told(*place, f'words.{table} has no words for "{value}"')

            yield mutation(entry, make)


NEEDS = {
    "choice": "screens/*/choose",
    "empty": "screens/*/choose",
    "short": "screens/*/check/letters",
    "letters": "screens/*/check/letters",
    "words": "screens/*/check/words",
    "reference": "screens/*/check",
    "pin": "screens/*/check",
}
"""Where an error line may be needed."""
SAID = {"short": "", "reference": "reference", "pin": "pin"}
"""What stands there, where not all of those places need it."""


def line_above_dropped(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("errors/*"):
        needs = [one for one in copy.entries(NEEDS[entry.name]) if one.text == SAID.get(entry.name, one.text)]

        def make(entry: Entry = entry, screen: str = needs[0].names[1]) -> Told:
            copy.drop(entry)
            return Told(*copy.line(("screens", screen)), f'"{screen}" can need the error line "{entry.name}"')

        yield mutation(entry, make)


# what a citizen keeps


def receipt_without_its_number(copy: ShippedCopy) -> Iterator[Mutation]:
    """The reference or the PIN left out of a screen, or put beside what may be empty, which leaves the line out."""
    receipts = (f"screens/{name}/{kind}" for name in ("done", "done_anon", "last") for kind in ("end", "notice"))
    for entry in copy.entries(*receipts):
        for name, instead in (("ref", ""), ("pin", ""), ("ref", "{ref} {due}"), ("pin", "{pin} {sc}")):
            if "{" + name + "}" in entry.text:

                def make(entry: Entry = entry, name: str = name, instead: str = instead) -> Told:
                    start, end = entry.value.start_mark.index, entry.value.end_mark.index
                    text = copy.read(entry.file)[start:end].replace("{" + name + "}", instead, 1)
                    copy.replace(entry.file, start, end, text)
                    screen = entry.names[1]
                    return Told(*copy.line(entry.names[:2]), f'screen "{screen}" may leave out {{{name}}} in sw, en')

                yield Mutation(f"{'/'.join(entry.names)}, {name}: {instead}", make)


def receipt_joined_in_translation(copy: ShippedCopy) -> Iterator[Mutation]:
    """The line of the PIN with the line below it; on `last` no value below is ever empty."""
    for entry in english(copy):
        words = entry.fields.get("msgstr", "")
        before, _, after = words.partition("PIN: {pin}\\n")
        if after and "{due}" in words:

            def make(entry: PoEntry = entry, before: str = before, after: str = after) -> Told:
                joined = after.replace("\\n", " ")
                rewrite(copy, entry, entry.written(msgstr=f"{before}PIN: {{pin}} {joined}"))
                screen = entry.fields["msgctxt"]
                return Told(*copy.line(("screens", screen)), f'screen "{screen}" may leave out {{pin}} in en')

            yield Mutation(entry.fields["msgctxt"], make)


KINDS: tuple[Kind, ...] = (
    letter_outside_the_alphabet,
    letter_outside_the_alphabet_in_a_line,
    letter_outside_the_alphabet_in_english,
    placeholder_misspelt,
    brace_not_closed,
    translation_emptied,
    plural_form_emptied,
    translation_in_doubt,
    translation_removed,
    placeholder_of_one_language,
    placeholder_lost_in_translation,
    text_reworded_without_its_translation,
    line_dropped_and_its_translation_left,
    words_of_a_value_dropped,
    words_of_a_state_dropped,
    line_above_dropped,
    receipt_without_its_number,
    receipt_joined_in_translation,
)
