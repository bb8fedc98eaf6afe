"""A step becomes the text of a screen: words in the caller's language, within the channel's budget, in pages.

`render` is pure: the same edition, session and facts give the same bytes, so replies are never stored.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from sessions import Session
from ussd_engine import gsm, memo
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Cut, Edition
from ussd_engine.menu.template import Slot, template
from ussd_engine.model import Profile, Reply
from ussd_engine.registry import RULES, SOURCES, Row
from ussd_engine.scope import Facts, Scope
from ussd_engine.screens import TYPES
from ussd_engine.screens.base import Line, Screen, number_of, passes
from ussd_engine.texts import COUNTS


def render(
    edition: Edition, session: Session, facts: Facts, profile: Profile, extra: Mapping[str, str] | None = None
) -> Reply:
    """The screen on which the session stands."""
    scope = Scope(edition, session, facts, extra)
    ends = scope.screen.kind == "end"
    key = memo.key_of(scope, profile.septets, profile.units)
    if key is None:
        return Reply(Frame(scope, profile).text(), ends)
    text = edition.texts.get(key)
    if text is None:
        text = Frame(scope, profile).text()
        if len(edition.texts) >= memo.MOST:
            edition.texts.clear()
        edition.texts[key] = text
    return Reply(text, ends)


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
        forms = scope.edition.catalog.forms(scope.locale, scope.menu.name, context, msgid)
        if len(forms) > 1:
            count = next(slot for slot in template(msgid).slots if slot.name in COUNTS)
            if (value := fill(count)).isdecimal():
                which = scope.edition.catalog.plural(scope.locale, scope.menu.name, int(value))
                return template(forms[which]).fill(fill)
        return template(self.words(context, msgid)).fill(fill)

    @cached_property
    def head(self) -> str:
        return self.filled(self.screen.name, self.screen.text, self.scope.fill)

    @cached_property
    def again(self) -> str:
        if self.screen.again is None:
            return self.head
        return self.filled(self.screen.name, self.screen.again, self.scope.fill) if self.screen.again else ""

    def above(self, name: str, bounds: Mapping[str, int] | None = None) -> str:
        """The error line of that name, or the warning where it begins with `!`; `bounds`: where they are not those of
        the screen."""
        service = self.scope.menu.service
        warning = name.startswith("!")
        msgid = service.warnings[name[1:]] if warning else service.errors[name]
        bounds = self.screen.bounds if bounds is None else bounds
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
        above = self.above(session.line, self.scope.bounds) if session.line else ""
        return self.cut("\n".join(filter(None, [above, self.words_above(), *self.body(session.page)])))

    def words_above(self) -> str:
        """The words over the lines; a long text is all in its pages."""
        if self.screen.kind == "read":
            return ""
        return self.again if self.scope.session.line else self.head

    def cut(self, text: str) -> str:
        """What the proofs rule out is cut all the same rather than lost on the way."""
        fits = gsm.fits(text, self.profile.septets, self.profile.units)
        return text if fits else gsm.cut(text, self.profile.septets, self.profile.units)

    def body(self, page: int) -> list[str]:
        """What stands below the words on a page: rows, lines, navigation."""
        lines, follows = self.page(page)
        more = [self.more()] if follows else []
        return [*lines, *more, *self.back()]

    def page(self, number: int) -> tuple[Sequence[str], bool]:
        """The lines of a page, or of the last one where there are fewer, and whether another follows."""
        if self.screen.kind == "list":
            return self.list_page(number)
        pages = self.pages()
        at = min(number, len(pages) - 1)
        return pages[at], at < len(pages) - 1

    def pages(self) -> Sequence[Sequence[str]]:
        """The lines of every page."""
        kind = self.screen.kind
        if kind == "read":
            return self.read_cut
        if kind == "list":
            self.list_page(sys.maxsize)
            return self.list_cut.pages
        lines = self.lines()
        return self.cut_pages(lines) if TYPES[kind].PAGED else [lines]

    def list_page(self, number: int) -> tuple[Sequence[str], bool]:
        """As `page`. A list is cut only as far as somebody has looked: it may be long."""
        cut = self.list_cut
        while not cut.whole and len(cut.pages) <= number:
            self.cut_on(cut)
        at = min(number, len(cut.pages) - 1)
        return cut.pages[at], at < len(cut.pages) - 1 or not cut.whole

    @cached_property
    def list_cut(self) -> Cut:
        """The pages of this list so far: those that the edition remembers, or its own."""
        key = self.memo_key()
        pages = self.scope.edition.pages
        if key is None:
            return Cut()
        if len(pages) >= memo.MOST and key not in pages:
            pages.clear()
        return pages.setdefault(key, Cut())

    def cut_on(self, cut: Cut) -> None:
        """One page more; a list that is short enough is looked at as a whole."""
        rows, lines = self.scope.rows(self.screen), self.lines()
        total = len(rows) + len(lines)
        if total <= self.profile.septets:
            cut.pages = self.cut_pages([*map(self.numbered, range(len(rows)), rows), *lines])
            cut.whole = True
            return
        tops, page = self.tops(), list[str]()
        for at in range(cut.at, total):
            line = self.numbered(at, rows[at]) if at < len(rows) else lines[at - len(rows)]
            tail = self.back() if at == total - 1 else [self.more(), *self.back()]
            if page and not self.fits(tops, [*page, line, *tail]):
                break
            page.append(line)
        cut.pages.append(page)
        cut.at += len(page)
        cut.whole = cut.at == total

    def memo_key(self) -> object | None:
        """What the pages of a list depend on; `None` where that is anything that a citizen typed."""
        source, shown, answers = self.screen.source, self.scope.menu.shown, self.scope.answers
        assert source is not None
        if not SOURCES[source.source].local:
            return None
        kinds = SOURCES[source.source].args
        asked = [value for name, value in source.args.items() if kinds[name] == "answer"]
        lines = [*self.screen.lines, *([self.screen.skip] if self.screen.skip else [])]
        said = [self.screen.text, self.screen.again or "", *(line.label for line in lines)]
        by_citizen = any(template(text).slots for text in said) or any(line.tests for line in lines)
        if by_citizen or not all(name in shown and shown[name].kind for name in asked):
            return None
        rows = tuple(answers.get(name) for name in asked)
        return (self.scope.menu.name, self.screen.name, self.scope.locale, self.profile, rows)

    def numbered(self, index: int, row: Row) -> str:
        more = self.scope.menu.service.more
        assert self.screen.source is not None
        number = (
            f"{number_of(index, more.number if more else '')}. " if SOURCES[self.screen.source.source].chosen else ""
        )
        return number + self.row(row)

    def row(self, row: Row) -> str:
        """A row as it looks: its short name, or the words of `row` with its columns."""
        assert self.screen.source is not None
        kind = SOURCES[self.screen.source.source].kind
        if self.screen.row is None:
            return self.scope.column(kind, row, "")

        def fill(slot: Slot) -> str:
            text = self.scope.column(kind, row, slot.column if slot.name == kind else slot.name)
            return gsm.cut(text, slot.width) if slot.width else text

        return template(self.words(self.screen.name, self.screen.row)).fill_row(fill)

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

    @cached_property
    def read_cut(self) -> list[list[str]]:
        return self.read_pages()

    def read_pages(self) -> list[list[str]]:
        """A long text cut at word ends; the lines stand on the last page."""
        last = [*self.lines(), *self.back()]
        tail = max([self.more(), *self.back()], last, key=lambda lines: len("\n".join(lines)))
        above = self.lines_above() or ("",)
        pages: list[list[str]] = []
        page = ""
        for word in (piece for whole in self.head.split(" ") for piece in self.pieces(whole, above, tail)):
            longer = f"{page} {word}".strip()
            if page and not self.fits(above, [longer, *tail]):
                pages.append([page])
                longer = word
            page = longer
        return [*pages, [page, *self.lines()]]

    def pieces(self, word: str, above: Sequence[str], tail: Sequence[str]) -> Iterator[str]:
        """A word; one that is longer than a page is cut all the same rather than lost."""
        while len(word) > 1 and not self.fits(above, [word, *tail]):
            sizes = range(min(len(word) - 1, self.profile.septets), 0, -1)
            size = next((size for size in sizes if self.fits(above, [word[:size], *tail])), 1)
            yield word[:size]
            word = word[size:]
        yield word

    def fits(self, tops: Sequence[str], lines: Sequence[str]) -> bool:
        body = "\n".join(lines)
        septets, units = self.profile.septets, self.profile.units
        return all(gsm.fits(f"{top}\n{body}" if top else body, septets, units) for top in tops)

    def tops(self) -> list[str]:
        """All that can stand above the lines: the heading, and each possible line with the `again` words."""
        again = self.again
        return [self.head, *(f"{line}\n{again}" if again else line for line in self.lines_above())]

    def lines_above(self) -> tuple[str, ...]:
        """Each line that can stand above; they show nothing of a session, so they are made once."""
        scope = self.scope
        key = (scope.menu.name, self.screen.name, scope.locale)
        made = scope.edition.above
        if key not in made:
            made[key] = tuple(map(self.above, possible_lines(scope.menu, self.screen)))
        return made[key]


def possible_lines(menu: Menu, screen: Screen) -> tuple[str, ...]:
    """The names of the error and warning lines that can stand above a screen."""
    if screen.kind == "end":
        return ()
    errors = ["empty"] if screen.kind == "input" else ["choice", "empty"]
    for rule, bounds in screen.checks.items():
        errors += [error for error in RULES[rule].errors if error != "short" or "min" in bounds]
    warnings = {f"!{warning}" for warning in menu.warned.get(screen.name, ())}
    return (*dict.fromkeys(errors), *sorted(warnings))


def has_more(scope: Scope, profile: Profile) -> bool:
    """Whether a page follows the one that the citizen saw."""
    return Frame(scope, profile).page(scope.session.page)[1]
