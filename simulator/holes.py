"""What is new on every run of a transcript: `<ref>`, `<pin>`, `<date>`, `<code>` stand for it in a screen.

The same name is the same value through a transcript; `<ref2>` is another one. In what is typed, `<number>` is the
caller's own number as people write it (`<digits>` without spaces, `<msisdn>` with the country's code), and `<ref>` and
its like are the values that were shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ussd_engine import reference
from ussd_engine.msisdn import Numbers

PATTERNS = {
    "ref": r"[1-9][0-9]{8}",
    "pin": r"[0-9]{4}",
    "date": r"[0-9]{2}/[0-9]{2}/[0-9]{4}",
    "code": r"\*[0-9*]+#(?: [0-9]+)*",
}
NUMBERS = ("number", "digits", "msisdn")
"""The caller's own number, in each spelling."""
_HOLE = re.compile(rf"<({'|'.join([*NUMBERS, *PATTERNS])})([0-9]*)>")
_FOUND = re.compile(
    rf"\b(?P<ref>{PATTERNS['ref']})\b|(?:(?<=PIN: )|(?<=PIN [a-z][a-z] [0-9]{{9}}: ))(?P<pin>{PATTERNS['pin']})\b"
    rf"|\b(?P<date>{PATTERNS['date']})\b|(?P<code>{PATTERNS['code']})"
)


class Holes:
    """The values of one run, as they were first seen."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def match(self, expected: str, found: str) -> bool:
        """Whether `found` is `expected` with one value for each hole; new values are remembered."""
        names: set[str] = set()
        result = re.fullmatch("".join(self._pattern(expected, names)), found)
        if result is None:
            return False
        self.values.update(result.groupdict())
        return True

    def _pattern(self, expected: str, names: set[str]) -> Iterator[str]:
        at = 0
        for hole in _HOLE.finditer(expected):
            yield re.escape(expected[at : hole.start()])
            yield self._hole(hole, names)
            at = hole.end()
        yield re.escape(expected[at:])

    def _hole(self, hole: re.Match[str], names: set[str]) -> str:
        name = hole[1] + hole[2]
        if name in self.values or hole[1] not in PATTERNS:
            return re.escape(self.values.get(name, hole[0]))
        if name in names:
            return f"(?P={name})"
        names.add(name)
        return f"(?P<{name}>{PATTERNS[hole[1]]})"

    def fill(self, text: str) -> str:
        """`text` with its holes filled, as far as their values are known."""
        return _HOLE.sub(lambda hole: self.values.get(hole[1] + hole[2], hole[0]), text)

    def cut(self, text: str) -> str:
        """A screen as it is written down: with a hole for all that is new on every run."""
        return _FOUND.sub(self._cut, self.unnumbered(text))

    def calls(self, msisdn: str | None, of: Numbers) -> None:
        """Whose the phone in hand is: E.164 without the plus sign, `None` where it is withheld; `of`: how the country
        writes its numbers."""
        spelled = (of.written(msisdn), of.dialled(msisdn), msisdn) if msisdn else [f"<{name}>" for name in NUMBERS]
        self.values.update(zip(NUMBERS, spelled, strict=True))

    def unnumbered(self, text: str) -> str:
        """`text` with holes for the caller's own number."""
        for name in NUMBERS:
            if number := self.values.get(name):
                text = text.replace(number, f"<{name}>")
        return text

    def _cut(self, found: re.Match[str]) -> str:
        kind = str(found.lastgroup)
        if kind == "ref" and reference.parse(found[0]) is None:
            return found[0]
        return f"<{self._name(kind, found[0])}>"

    def _name(self, kind: str, value: str) -> str:
        known = {name: old for name, old in self.values.items() if name.rstrip("0123456789") == kind}
        name = next((name for name, old in known.items() if old == value), "")
        if not name:
            name = f"{kind}{len(known) + 1}" if known else kind
            self.values[name] = value
        return name
