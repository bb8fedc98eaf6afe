"""A service of any size in a folder: a tree of menus with forms at its leaves, and institutions in one long list.

Whatever the size, screens of one kind have the same shape and the first institutions are the same, so that what a step
costs can differ by the size alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ussd_engine.country import Country
from ussd_engine.menu.edition import Edition, load_edition

ROOT = Path(__file__).parents[2]
CODE = "*1#"
SMALLEST = 11
"""Screens: the start, the door after a drop, the ends, one menu of the tree and one form."""
FANOUT = 5
FORM = 6
"""Screens of a form."""
A_FILE = 600
"""Screens in one file, which may have 256 KiB."""
REGIONS = 3
"""So few that even of 500 institutions a region has more than a search looks at."""

FRAME = """\
service: large
language: sw
start: home
resume: resume
keys: {back: 0. Rudi, more: 98. Zaidi, home: "00"}
tries: 3
too_many: sorry
system: {fault: sorry, old: sorry, busy: sorry, maint: sorry}
errors:
  choice: Chaguo si sahihi.
  empty: Hujaandika kitu.
  letters: Herufi zimezidi {max}.
screens:
  home: {menu: Karibu, go: {1. Andika: form_0, 2. Matawi: branch_0}}
  resume: {menu: Yalikatika., go: {1. Endelea: continue, 2. Futa: forget}}
  sorry: {end: "Piga tena {code}"}
  done: {end: "Namba {ref}, PIN {pin}"}
actions:
  send: {do: submit, ok: done, limit: sorry, hour: sorry, failed: sorry, cancelled: sorry, in_doubt: sorry}
  leave: {do: cancel, ok: home, sent: done, in_doubt: sorry}
"""

BRANCH = """\
  branch_{at}:
    menu: Tawi la {at}
    go: {lines}
"""

ASKED = """\
  form_{at}: {{set: {{type: complaint}}, ask: [find_{at}, found_{at}, office_{at}, kind_{at}, review_{at}]}}
"""

ASKS = """\
  find_{at}: {{input: "Andika jina la taasisi, fomu {at}", save: query, check: {{letters: 40}}}}
  found_{at}:
    list: "Chagua taasisi, fomu {at}:"
    from: {{institutions: {{matching: query}}}}
    most: 5
    save: institution
    none: nothing_{at}
    go: {{9. Tafuta tena: change query}}
  nothing_{at}: {{menu: 'Fomu {at}: hakuna "{{query:20}}".', go: {{1. Tena: change query}}}}
  office_{at}: {{list: "Chagua wakala, fomu {at}:", from: {{institutions: {{kind: agency}}}}, save: body}}
  kind_{at}: {{menu: "Aina, fomu {at}?", save: kind_{at}, choose: {{1. Kero {at}: delay, 2. Rushwa {at}: graft}}}}
  review_{at}:
    menu: "Hakiki {at}: {{institution}}, {{body}}, {{kind_{at}}}"
    go: {{1. Tuma: send, 2. Badili: change institution, 9. Acha: leave}}
"""

TABLES = {
    "roles.csv": "role,kind,code\ncouncil,borough,\ndesk,,CROWN\n",
    "topics.csv": "topic,role,code\nother,,\n",
    "aliases.csv": "typed,code,role,region\nqueen,CROWN,,\n",
    "stopwords.csv": "word\nof\nin\n",
    "deadlines.csv": "for,type,working_days\n*,complaint,14\n",
}


WORDS = 'msgid ""\nmsgstr ""\n"Language: sw\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'


class Shape(NamedTuple):
    """Of what a service of so many screens is made."""

    branches: int
    forms: int

    @classmethod
    def of(cls, screens: int) -> Shape:
        more = screens - SMALLEST
        forms = more // (FORM + 2)
        return cls(1 + more - forms * FORM, 1 + forms)

    def under(self, branch: int) -> list[str]:
        """Where the lines of a branch lead: to branches as long as there are some, then to the forms in turn."""
        slots = range(branch * FANOUT + 1, branch * FANOUT + FANOUT + 1)
        return [f"branch_{at}" if at < self.branches else f"form_{(at - self.branches) % self.forms}" for at in slots]


def write(folder: Path, screens: int, institutions: int) -> None:
    """Write `menus` and `locales` below a folder: the service and its institutions."""
    home = folder / "menus/large"
    home.mkdir(parents=True)
    words = folder / "locales/sw/LC_MESSAGES"
    words.mkdir(parents=True)
    (words / "large.po").write_text(WORDS)
    (home / "service.yaml").write_text(FRAME)
    shape = Shape.of(screens)
    for first in range(0, shape.branches, A_FILE):
        blocks = map(shape_branch, [shape] * A_FILE, range(first, min(first + A_FILE, shape.branches)))
        (home / f"branches_{first:05}.yaml").write_text("screens:\n" + "".join(blocks))
    for first in range(0, shape.forms, A_FILE // FORM):
        numbers = range(first, min(first + A_FILE // FORM, shape.forms))
        asked = "".join(ASKED.format(at=at) for at in numbers)
        asks = "".join(ASKS.format(at=at) for at in numbers)
        (home / f"forms_{first:05}.yaml").write_text(f"forms:\n{asked}screens:\n{asks}")
    for name, text in TABLES.items():
        (home / name).write_text(text)
    (home / "institutions.csv").write_text("\n".join(roster(institutions)) + "\n")


def shape_branch(shape: Shape, at: int) -> str:
    lines = ", ".join(f"{number}. Njia {at}/{number}: {to}" for number, to in enumerate(shape.under(at), 1))
    return BRANCH.format(at=at, lines=f"{{{lines}}}")


def roster(size: int) -> Iterator[str]:
    """The lines of a table of `size` institutions: four agencies of five, the rest councils of a few regions."""
    yield "code,kind,name_sw,short,region,parent"
    yield "CROWN,office,Office of the Crown,Crown,,"
    for at in range(1, size):
        name = name_of(at)
        if at % 5:
            yield f"A{at},agency,National Agency of {name},{name} NA,,CROWN"
        else:
            yield f"B{at},borough,Borough Council of {name},{name} BC,Region{chr(65 + at // 5 % REGIONS)},"


def name_of(at: int) -> str:
    """A name of its own for each number below 65,536, at least two letters from every other."""
    letters = "".join("abcdefghijklmnop"[(at >> shift) & 15] for shift in (0, 4, 8, 12))
    return f"{letters}{letters[::-1]}".capitalize()


def load(folder: Path) -> Edition:
    """The edition of a folder that was written."""
    country = Country.load(ROOT / "menus/countries/tanzania.yaml")
    return load_edition(folder / "menus", folder / "locales", {CODE: "large"}, country)


@cache
def edition(screens: int, institutions: int) -> Edition:
    """An edition of that size."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), screens, institutions)
        return load(Path(folder))
