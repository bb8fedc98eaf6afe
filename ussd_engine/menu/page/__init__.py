"""The menus as one page for a browser: a phone to click through, where its lines lead, what takes them, an overview.

The page holds all it needs and asks nothing of anybody; its screens are those of the gateway's own rendering, with an
example for each value, and its ways are those of the machine.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from io import BytesIO
from typing import Any

import msgspec
from babel.messages.extract import extract

from ussd_engine import gsm
from ussd_engine.actions import ACTIONS
from ussd_engine.facts import FACTS, PILOT
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.lint.fits import Whole, Worst
from ussd_engine.menu.lint.values import Values
from ussd_engine.menu.page.examples import Examples, Given, Page
from ussd_engine.menu.page.leads import Leads
from ussd_engine.model import Profile
from ussd_engine.render import possible_lines
from ussd_engine.screens.base import Screen
from ussd_engine.texts import is_text

_FOLDER = resources.files(__name__)
_SCRIPTS = ("walk.js", "draw.js")
_SAID = re.compile(r'data-(?:say|label|hint)="([^"]*)"')
LISTED = "the phone is listed for the pilot of {value}"

Words = Mapping[str, Mapping[str, str]]
"""By language, the page's own words in English to those in that language."""


class Stop(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of a transcript: what was done, and the screen that came, `SERVICE/NAME`."""

    does: str
    screen: str = ""
    locale: str = ""
    text: str = ""
    ends: bool = False
    note: str = ""
    gets: Sequence[str] = ()
    taken: Sequence[str] = ()
    """What of the menu was taken, as the gateway's own count names it: `line SERVICE/NAME 1`."""


class Trace(msgspec.Struct, frozen=True):
    """A transcript that was played."""

    file: str
    title: str
    steps: Sequence[Stop]


def page(
    edition: Edition,
    profile: Profile,
    traces: Sequence[Trace] = (),
    given: Mapping[str, Given] | None = None,
    words: Words | None = None,
) -> str:
    """The whole page. `given`: by language, examples of what is typed. Without `words` it speaks English alone."""
    data = {**contents(edition, profile, traces, given or {}), "words": words or {}}
    style, script = _text("page.css"), "".join(map(_text, _SCRIPTS))
    # a text may hold "</script>", and two characters end a line in JavaScript but not in JSON
    plain = msgspec.json.encode(data).decode().replace("<", "\\u003c").replace("\u2028", "\\u2028")
    return (
        _text("page.html")
        .replace("@POLICY@", _policy(style, script))
        .replace("@STYLE@", style)
        .replace("@SCRIPT@", script)
        .replace("@DATA@", plain)
    )


def own_words() -> Iterator[tuple[str, str]]:
    """The page's own words in English, each with the file below this package's folder where it stands, as
    `menu/page/draw.js`: those of its script, of its frame, of the facts and of the actions."""
    for name in _SCRIPTS:
        script = BytesIO(_text(name).encode())
        for _, text, _, _ in extract("javascript", script, {"say": None}, options={"parse_template_string": True}):
            yield f"menu/page/{name}", str(text)
    yield from (("menu/page/page.html", text) for text in _SAID.findall(_text("page.html")))
    yield from (("facts.py", text) for values in FACTS.values() for text in values.values())
    yield "menu/page/__init__.py", LISTED
    yield from (("actions.py", action.help) for action in ACTIONS.values())


def _text(name: str) -> str:
    return _FOLDER.joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """What the browser may do: run this script and this style, and fetch nothing at all."""
    style_hash, script_hash = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)
    )
    return (
        f"default-src 'none'; script-src 'sha256-{script_hash}'; style-src 'sha256-{style_hash}'; "
        "base-uri 'none'; form-action 'none'"
    )


def contents(edition: Edition, profile: Profile, traces: Sequence[Trace], given: Mapping[str, Given]) -> dict[str, Any]:
    """All that the page knows."""
    return {
        "version": edition.version.hex(),
        "codes": dict(edition.codes),
        "room": {"GSM-7": profile.septets, "UCS-2": profile.units},
        "facts": {**FACTS, **_pilots(edition)},
        "services": {name: _service(edition, menu, profile, given) for name, menu in sorted(edition.services.items())},
        "traces": list(traces),
    }


def _pilots(edition: Edition) -> dict[str, dict[str, str]]:
    """The fact on which the lines to services in pilot depend; nothing where there are none."""
    pilots = [name for name, menu in sorted(edition.services.items()) if menu.service.pilot]
    return {PILOT: dict.fromkeys(pilots, LISTED)} if pilots else {}


def _service(edition: Edition, menu: Menu, profile: Profile, given: Mapping[str, Given]) -> dict[str, Any]:
    service, leads = menu.service, Leads(menu)
    shows = {
        locale: Examples(edition, menu, locale, profile, given.get(locale, {}))
        for locale in edition.languages[menu.name]
    }
    values = Values(edition, menu)
    return {
        "name": menu.name,
        "code": edition.code(menu.name, profile.passes_digits),
        "languages": list(edition.languages[menu.name]),
        "start": service.start,
        "pilot": bool(service.pilot),
        "doors": {
            "first": service.first,
            "resume": service.resume,
            "last": service.last,
            "pilot": service.pilot,
            "too_many": service.too_many,
            **{f"dial {digits}": screen for digits, screen in service.dial.items()},
            **{f"system {name}": screen for name, screen in service.system.items()},
        },
        "tries": service.tries,
        "keys": {
            "back": service.back.number if service.back else "",
            "more": service.more.number if service.more else "",
            "home": service.home,
        },
        "actions": {name: ACTIONS[action.do].help for name, action in service.actions.items()},
        "words": {locale: _words(edition, menu, locale) for locale in shows},
        "edges": [list(edge) for edge in sorted(menu.edges)],
        "screens": {
            name: {
                "kind": screen.kind,
                "place": f"{screen.place.file}:{screen.place.line}",
                "forms": list(menu.homes.get(name, {})),
                "answers": leads.answers(name),
                "shown": {locale: _shown(examples, values, screen) for locale, examples in shows.items()},
            }
            for name, screen in service.screens.items()
        },
    }


def _shown(examples: Examples, values: Values, screen: Screen) -> dict[str, Any]:
    """A screen in one language: its pages, how long it can get, and the lines that can stand above it."""
    frame = examples.frame(screen)
    above = [(name.lstrip("!"), frame.above(name)) for name in possible_lines(examples.menu, screen)]
    return {
        "pages": [_page(one) for one in examples.pages(screen)],
        "longest": _longest(examples, values, screen),
        "above": above,
    }


def _page(one: Page) -> dict[str, Any]:
    found: dict[str, Any] = {"rows": one.rows, "encoding": one.size.encoding, "units": one.size.units}
    return {**found, "culprit": one.culprit} if one.culprit else found


def _longest(examples: Examples, values: Values, screen: Screen) -> int:
    """What its longest page takes with the longest values, without a line above."""
    longest = 0
    for plural in range(examples.edition.catalog.plurals(examples.locale, examples.menu.name)):
        scope = Worst(values, screen, examples.locale, plural)
        frame = Whole(scope, examples.profile)
        for page in range(len(frame.pages())):
            scope.session.page = page
            longest = max(longest, gsm.measure(frame.text()).units)
    return longest


def _words(edition: Edition, menu: Menu, locale: str) -> dict[str, dict[str, str]]:
    """By answer: its values as they are shown."""
    return {
        name: {
            value: edition.catalog.gettext(locale, menu.name, context, msgid) if is_text(msgid) else msgid
            for value, (context, msgid) in shown.words.items()
        }
        for name, shown in menu.shown.items()
        if shown.words
    }
