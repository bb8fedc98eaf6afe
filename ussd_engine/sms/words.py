"""An SMS in words: the template of a notice, with its values, in a language of the edition.

`text(edition, notice, locale, extra)` gives the SMS. Values stand in a notice as they are stored, and are worded here:

- `institution`, `from`, `higher`: codes, shown as short names in the language;
- `status`: a `CaseState` as `found` shows it (queued is received), in the form that goes with a number; `level`: a
  value of the answer `level`; of `appeal_refused` `ask`: `too_early`, `too_late`, `top` or `never`;
- `date`, `due`, `appeal_until`: ISO dates, shown as dd/mm/yyyy; `n`, `max`, `hours`: digits;
- `ask`, `part`: an office's words, `part` as `parts` cut it;
- of a template with rows (`SMS[name].rows`) the values of such a placeholder, joined by line breaks.

`extra` holds what only the sender knows: `code`, what to dial, and `days`. A line of which a value is empty is left
out. The text is empty where nothing is left, or where the service has no such words: `lacking` says beforehand which
settings are missing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Final

import msgspec

from ussd_engine import gsm
from ussd_engine.catalog import format_date
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.smsbook import CONTEXT
from ussd_engine.menu.template import Slot, template
from ussd_engine.registry import KINDS, ROW, Place
from ussd_engine.scope import plain
from ussd_engine.sms.message import Notice
from ussd_engine.sms.prefix import prefixed
from ussd_engine.sms.templates import DATES, PREFIXED, RELAYED, SEPTETS, SMS, VALUES, WARNING
from ussd_engine.texts import count_of


def text(edition: Edition, notice: Notice, locale: str, extra: Mapping[str, str], prefix: str = "") -> str:
    """The SMS for a notice; empty where it has no words. `prefix` stands before its keywords, as often as there is room
    for it."""
    if notice.template == RELAYED:
        return gsm.shorten(f"{notice.values['ref']}: {notice.values['part']}", SEPTETS)
    if prefix and notice.template in PREFIXED:
        values = {**notice.values, "prefix": prefix}
        notice, prefix = msgspec.structs.replace(notice, template=PREFIXED[notice.template], values=values), ""
    menu = edition.services.get(notice.service)
    msgid = menu.service.sms.get(notice.template, "") if menu else ""
    if menu is None or not msgid:
        return ""
    known = locale if locale in edition.languages[menu.name] else menu.service.language
    filling = _Filling(edition, menu, notice, known, extra)
    *said, plain = [filling.fill(words) for words in prefixed(filling.words(msgid), menu.service.keywords, prefix)]
    room = len(gsm.segments(plain))
    return next((text for text in said if len(gsm.segments(text)) == room), plain)


def sends(edition: Edition, service: str) -> bool:
    """Whether a service has words for SMS."""
    return service in edition.services and bool(edition.services[service].service.sms)


def lacking(edition: Edition, service: str, extra: Mapping[str, str]) -> set[str]:
    """The settings that SMS of a service show and that have no value: without them lines would be missing."""
    texts = edition.services[service].service.sms.items()
    shown = {slot.name for name, msgid in texts for slot in template(msgid).slots if slot.name not in SMS[name].values}
    return {name for name in shown if not (extra.get(name) or edition.settings.get(name))}


class _Filling:
    """One text while its values are put in."""

    def __init__(self, edition: Edition, menu: Menu, notice: Notice, locale: str, extra: Mapping[str, str]) -> None:
        self.edition = edition
        self.menu = menu
        self.notice = notice
        self.locale = locale
        self.extra = extra
        self.template = SMS[notice.template]
        self.seen: Counter[str] = Counter()

    def words(self, msgid: str) -> str:
        """The text in its language and its form, before its values."""
        catalog, count = self.edition.catalog, count_of(msgid)
        number = self._raw(count, 0) if count else ""
        if number.isdecimal():
            return catalog.ngettext(self.locale, self.menu.name, CONTEXT, msgid, int(number))
        return catalog.forms(self.locale, self.menu.name, CONTEXT, msgid)[-1]

    def fill(self, words: str) -> str:
        """The text with its values."""
        self.seen.clear()
        text = template(words).fill(self.value)
        text = _AFTER_ITS_END.sub(r"\1", text) if "ask" in self.seen else text
        return "\n".join(filter(None, [self.warning(), text])) if text else ""

    def warning(self) -> str:
        """The line above a reply; empty where none is wanted."""
        msgid = self.menu.service.warnings.get(self.notice.values.get(WARNING, ""), "")
        return self.edition.catalog.gettext(self.locale, self.menu.name, WARNINGS, msgid) if msgid else ""

    def value(self, slot: Slot) -> str:
        at = self.seen[slot.name]
        self.seen[slot.name] += 1
        found = self._shown(slot, self._raw(slot.name, at))
        return gsm.cut(found, slot.width).rstrip() if slot.width else found

    def _raw(self, name: str, at: int) -> str:
        value = self.notice.values.get(name)
        if value is None:
            return self.extra.get(name) or ("" if name in self.template.values else self.edition.settings.get(name, ""))
        if name not in self.template.rows:
            return value
        rows = value.split("\n")
        return rows[at] if at < len(rows) else ""

    def _shown(self, slot: Slot, value: str) -> str:
        name = slot.name
        if not value or name not in self.template.values:
            return value
        if name in DATES:
            return format_date(self.locale, date.fromisoformat(value))
        if name == "ask":
            return self._worded(self.template.words, value) if self.template.words else _ask(value)
        if VALUES[name].words:
            return self._worded(VALUES[name].words, value)
        return self._column(VALUES[name].kind, slot.column, value) if VALUES[name].kind else value

    def _worded(self, table: str, value: str) -> str:
        """The words of a value in a table of the menu; where they differ by type those behind a number."""
        words = self.menu.shown[table].words if table in self.menu.shown else {}
        context, msgid = words.get(value) or words.get(f"{value}.{ROW}") or ("", "")
        return self.edition.catalog.gettext(self.locale, self.menu.name, context, msgid) if msgid else ""

    def _column(self, kind: str, column: str, key: str) -> str:
        data = self.edition.data.get(self.menu.name)
        row = KINDS[kind].find(Place(data, self.locale), key) if data else None
        found = KINDS[kind].columns[column]
        return "" if row is None else gsm.cut(found.read(row, self.locale), found.longest)


WARNINGS: Final = "warnings"
"""The gettext context of the lines that may stand above a reply."""
_AFTER_ITS_END = re.compile(r"([?!]|\.\.\.)\.")
"""An office's question ends by itself, and so do words that are cut."""


def _ask(words: str) -> str:
    """An office's words in one line, with room for what stands around them."""
    return gsm.shorten(plain(words).rstrip(" ."), VALUES["ask"].longest, words=True)
