"""A step becomes the text of a screen: words in the caller's language, within the channel's budget, in pages.

`render` is pure: the same edition, session and facts give the same bytes, so replies are never stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sessions import Session
from ussd_engine import gsm
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.template import Slot, template
from ussd_engine.model import Profile, Reply
from ussd_engine.registry import RULES, SOURCES
from ussd_engine.scope import Facts, Row, Scope
from ussd_engine.screens import TYPES
from ussd_engine.screens.base import Line, Screen, number_of, passes
from ussd_engine.texts import COUNTS

MEMO = 8192
"""The most page cuts an edition remembers."""


def render(
    edition: Edition, session: Session, facts: Facts, profile: Profile, extra: Mapping[str, str] | None = None
) -> Reply:
    """The screen on which the session stands."""
    frame = Frame(Scope(edition, session, facts, extra), profile)
    return Reply(frame.text(), frame.screen.kind == "end")


class Frame:
    """One screen about to be shown: its words, its lines, its pages."""

    def __init__(self, scope: Scope, profile: Profile) -> None:
        self.scope = scope
        self.profile = profile
        self.screen: Screen = scope.screen

    # words

    def words(self, context: str, msgid: str) -> str:
        scope = self.scope
        return scope.edition.catalog.gettext(scope.locale, scope.menu.name, context, msgid)

    def filled(self, context: str, msgid: str, fill: Callable[..., str]) -> str:
        """A text with its values; where it holds one count, in the plural form of that count."""
        scope = self.scope
        counts = [slot for slot in template(msgid).slots if slot.name in COUNTS]
        if len(counts) == 1 and (value := fill(counts[0])).isdecimal():
            catalog = scope.edition.catalog
            return template(catalog.ngettext(scope.locale, scope.menu.name, context, msgid, int(value))).fill(fill)
        return template(self.words(context, msgid)).fill(fill)

    def head(self) -> str:
        return self.filled(self.screen.name, self.screen.text, self.scope.fill)

    def again(self) -> str:
        if self.screen.again is None:
            return self.head()
        return self.filled(self.screen.name, self.screen.again, self.scope.fill) if self.screen.again else ""

    def above(self, name: str) -> str:
        """The error line of that name, or the warning where it begins with `!`."""
        service = self.scope.menu.service
        warning = name.startswith("!")
        msgid = service.warnings[name[1:]] if warning else service.errors[name]
        bounds = self.screen.bounds
        return self.filled("warnings" if warning else "errors", msgid, lambda slot: str(bounds.get(slot.name, "")))

    # lines

    def visible(self, line: Line) -> bool:
        return passes(line.tests, self.scope.look)

    def printed(self, line: Line) -> str:
        return f"{line.number}. {self.filled(self.screen.name, line.label, self.scope.fill)}"

    def lines(self) -> list[str]:
        lines = [self.printed(line) for line in self.screen.lines if self.visible(line)]
        return [*lines, self.printed(self.screen.skip)] if self.screen.skip else lines

    def back(self) -> list[str]:
        line = self.scope.menu.service.back
        silent = self.screen.kind == "end" or self.screen.name in self.scope.menu.silent
        return [] if silent or line is None else [f"{line.number}. {self.words('keys', line.label)}"]

    def more(self) -> str:
        line = self.scope.menu.service.more
        return f"{line.number}. {self.words('keys', line.label)}" if line else ""

    # pages

    def text(self) -> str:
        """The whole screen, on the session's page, with the line that stands above it."""
        session = self.scope.session
        above = self.above(session.line) if session.line else ""
        return self.cut("\n".join(filter(None, [above, self.words_above(), *self.body(session.page)])))

    def words_above(self) -> str:
        """The words over the lines; a long text is all in its pages."""
        if self.screen.kind == "read":
            return ""
        return self.again() if self.scope.session.line else self.head()

    def cut(self, text: str) -> str:
        """What the proofs rule out is cut all the same rather than lost on the way."""
        fits = gsm.fits(text, self.profile.septets, self.profile.units)
        return text if fits else gsm.cut(text, self.profile.septets, self.profile.units)

    def body(self, page: int) -> list[str]:
        """What stands below the words on a page: rows, lines, navigation."""
        pages = self.pages()
        if len(pages) == 1:
            return [*pages[0], *self.back()]
        page = min(page, len(pages) - 1)
        more = [self.more()] if page < len(pages) - 1 else []
        return [*pages[page], *more, *self.back()]

    def pages(self) -> Sequence[Sequence[str]]:
        """The lines of every page. A list's rows are formatted for one cut only and remembered with the edition."""
        kind = self.screen.kind
        if kind == "read":
            return self.read_pages()
        if kind == "list":
            return self.list_pages()
        lines = self.lines()
        return self.cut_pages(lines) if TYPES[kind].PAGED else [lines]

    def list_pages(self) -> Sequence[Sequence[str]]:
        key = self.memo_key()
        memo = self.scope.edition.pages
        if key is None:
            return self.cut_list()
        if key not in memo and len(memo) < MEMO:
            memo[key] = self.cut_list()
        return memo.get(key) or self.cut_list()

    def memo_key(self) -> object | None:
        """What the pages of a list depend on; `None` where that is anything that a citizen typed."""
        source, shown, answers = self.screen.source, self.scope.menu.shown, self.scope.answers
        assert source is not None
        kinds = SOURCES[source.source].args
        asked = [value for name, value in source.args.items() if kinds[name] == "answer"]
        if template(self.screen.text).slots or not all(name in shown and shown[name].kind for name in asked):
            return None
        rows = tuple(answers.get(name) for name in asked)
        return (self.scope.menu.name, self.screen.name, self.scope.locale, self.profile, rows)

    def cut_list(self) -> Sequence[Sequence[str]]:
        more = self.scope.menu.service.more
        number = more.number if more else ""
        rows = enumerate(self.scope.rows(self.screen))
        return self.cut_pages([*(f"{number_of(index, number)}. {self.row(row)}" for index, row in rows), *self.lines()])

    def row(self, row: Row) -> str:
        """A row as it looks: its short name, or the words of `row` with its columns."""
        assert self.screen.source is not None
        kind = SOURCES[self.screen.source.source].kind
        if self.screen.row is None:
            return self.scope.column(kind, row, "")

        def fill(slot: Slot) -> str:
            text = self.scope.column(kind, row, slot.column if slot.name == kind else slot.name)
            return gsm.cut(text, slot.width) if slot.width else text

        return template(self.words(self.screen.name, self.screen.row)).fill(fill)

    def cut_pages(self, lines: Sequence[str]) -> list[list[str]]:
        """The lines in pages: each fits with the heading, and in its `again` form below the longest line."""
        tops = self.tops()
        if self.fits(tops, [*lines, *self.back()]):
            return [list(lines)]
        pages: list[list[str]] = []
        page: list[str] = []
        for index, line in enumerate(lines):
            tail = self.back() if index == len(lines) - 1 else [self.more(), *self.back()]
            if page and not self.fits(tops, [*page, line, *tail]):
                pages.append(page)
                page = []
            page.append(line)
        return [*pages, page]

    def read_pages(self) -> list[list[str]]:
        """A long text cut at word ends; the lines stand on the last page."""
        words = self.head().split(" ")
        last = [*self.lines(), *self.back()]
        tail = max([self.more(), *self.back()], last, key=lambda lines: len("\n".join(lines)))
        above = [top for top in self.tops() if top in self.lines_above()] or [""]
        pages: list[list[str]] = []
        page = ""
        for word in words:
            longer = f"{page} {word}".strip()
            if page and not self.fits(above, [longer, *tail]):
                pages.append([page])
                longer = word
            page = longer
        return [*pages, [page, *self.lines()]]

    def fits(self, tops: Sequence[str], lines: Sequence[str]) -> bool:
        body = "\n".join(lines)
        septets, units = self.profile.septets, self.profile.units
        return all(gsm.fits(f"{top}\n{body}" if top else body, septets, units) for top in tops)

    def tops(self) -> list[str]:
        """All that can stand above the lines: the heading, and each possible line with the `again` words."""
        again = self.again()
        return [self.head(), *(f"{line}\n{again}" if again else line for line in self.lines_above())]

    def lines_above(self) -> list[str]:
        return [self.above(name) for name in possible_lines(self.scope.edition, self.scope.menu.name, self.screen)]


def possible_lines(edition: Edition, service: str, screen: Screen) -> tuple[str, ...]:
    """The names of the error and warning lines that can stand above a screen."""
    key = (service, screen.name)
    if key not in edition.above:
        edition.above[key] = _possible(edition, service, screen)
    return edition.above[key]


def _possible(edition: Edition, service: str, screen: Screen) -> tuple[str, ...]:
    menu = edition.services[service]
    if screen.kind == "end":
        return ()
    errors = ["empty"] if screen.kind == "input" else ["choice", "empty"]
    for rule, bounds in screen.checks.items():
        errors += [error for error in RULES[rule].errors if error != "short" or "min" in bounds]
    warnings = {
        f"!{warning}"
        for edge in menu.edges
        if edge.dest == screen.name and edge.verb in ("ask", "full", "none", "to")
        for warning in menu.screen(edge.source).warn
    }
    return (*dict.fromkeys(errors), *sorted(warnings))


def has_more(scope: Scope, profile: Profile) -> bool:
    """Whether a page follows the one that the citizen saw."""
    return scope.session.page < len(Frame(scope, profile).pages()) - 1
