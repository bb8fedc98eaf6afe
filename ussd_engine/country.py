"""The country file: numbers, time, working days, and the values that screens show. Nothing of a country is code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec
import yaml

from ussd_engine import gsm, msisdn
from ussd_engine.errors import Fault, MenuError, did_you_mean
from ussd_engine.msisdn import Numbers

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = timedelta(days=1)
_T = TypeVar("_T")


class Country(msgspec.Struct, frozen=True, kw_only=True):
    """One country, as its file describes it. `weekend` counts Monday as 0; `yearly` holds (month, day)."""

    country: str
    time_zone: ZoneInfo
    numbers: Numbers
    weekend: frozenset[int]
    yearly: frozenset[tuple[int, int]]
    holidays: frozenset[date]
    pin_words: tuple[str, ...]
    """What people call a PIN, as they type it."""
    settings: Mapping[str, str]

    @classmethod
    def load(cls, path: Path) -> Country:
        """Read and check the file; `MenuError` names every fault with its line."""
        reader = _Reader(str(path))
        country = _country(reader, reader.root(path))
        if reader.faults:
            raise MenuError(sorted(reader.faults, key=lambda fault: fault.line))
        return country

    def today(self, now_ms: int) -> date:
        """The day in this country at a Unix time in milliseconds."""
        return datetime.fromtimestamp(now_ms / 1000, self.time_zone).date()

    def is_working(self, day: date) -> bool:
        """Whether offices are open on `day`."""
        free = day.weekday() in self.weekend or (day.month, day.day) in self.yearly or day in self.holidays
        return not free

    def working_days_after(self, start: date, days: int) -> date:
        """The working day that is `days` of them after `start`, which does not count itself."""
        day = start
        while days > 0:
            day += _DAY
            days -= self.is_working(day)
        return day

    def msisdn(self, text: str) -> str | None:
        """E.164 without the plus sign of a number in any spelling used here (`ussd_engine.msisdn.parse`)."""
        return msisdn.parse(text, self.numbers)

    def national(self, msisdn: str) -> str:
        """The digits of a number of this country without calling code and trunk prefix; else all its digits."""
        return msisdn.removeprefix(self.numbers.calling_code)


def _country(reader: _Reader, root: yaml.Node | None) -> Country:
    of = reader.fields(root, Country.__struct_fields__)
    return Country(
        country=reader.scalar(of, "country", _iso, "TZ"),
        time_zone=reader.scalar(of, "time_zone", ZoneInfo, "Africa/Nairobi"),
        numbers=_numbers(reader, reader.fields(of.get("numbers"), Numbers.__struct_fields__)),
        weekend=frozenset(reader.items(of, "weekend", _WEEK.index, "saturday")),
        yearly=frozenset(reader.keys(of, "yearly", _yearly, "26/04")),
        holidays=frozenset(reader.keys(of, "holidays", _date, "03/04/2026")),
        pin_words=tuple(reader.items(of, "pin_words", str.strip, "PIN")),
        settings={name: reader.shown(name, node) for name, node in reader.pairs(of.get("settings"))},
    )


def _numbers(reader: _Reader, of: Mapping[str, yaml.Node]) -> Numbers:
    return Numbers(
        calling_code=reader.scalar(of, "calling_code", _digits, "255"),
        trunk=reader.scalar(of, "trunk", _digits, "0"),
        prefixes=tuple(reader.items(of, "prefixes", _digits, "7")),
        length=reader.scalar(of, "length", _length, "9"),
    )


class _Reader:
    """Reads values as they are written (`010` stays three digits) and gathers the faults with their lines.

    Every value comes with an example, which the message shows and which stands in where the value is wrong.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def fault(self, node: yaml.Node | None, message: str) -> None:
        self.faults.append(Fault(self.file, node.start_mark.line + 1 if node else 1, message))

    def root(self, path: Path) -> yaml.Node | None:
        try:
            return yaml.compose(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        except OSError as error:
            raise MenuError([Fault(self.file, 1, f"cannot be read: {error.strerror}")]) from error
        except UnicodeDecodeError as error:
            raise MenuError([Fault(self.file, 1, "is not UTF-8")]) from error
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            raise MenuError([Fault(self.file, mark.line + 1 if mark else 1, "is not YAML from here on")]) from error

    def pairs(self, node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, "a mapping is missing here, lines of `name: value`")
            return
        seen = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                self.fault(key, f'"{name}" stands twice')
            seen.add(name)
            yield name, value

    def fields(self, node: yaml.Node | None, known: tuple[str, ...]) -> dict[str, yaml.Node]:
        found = dict(self.pairs(node))
        for key in found.keys() - set(known):
            self.fault(found[key], f'key "{key}" is not known{did_you_mean(key, known)}')
        for key in known:
            if node and key not in found:
                self.fault(node, f'key "{key}" is missing')
        return found

    def scalar(self, of: Mapping[str, yaml.Node], key: str, read: Callable[[str], _T], example: str) -> _T:
        node = of.get(key)
        return self._value(key, node, read, example) if node else read(example)

    def items(self, of: Mapping[str, yaml.Node], key: str, read: Callable[[str], _T], example: str) -> list[_T]:
        node = of.get(key)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.fault(node, f"{key}: a list is missing here, as [{example}]")
            return []
        return [self._value(key, item, read, example) for item in node.value]

    def keys(self, of: Mapping[str, yaml.Node], key: str, read: Callable[[str], _T], example: str) -> list[_T]:
        node = of.get(key)
        if node is None or (isinstance(node, yaml.MappingNode) and not node.value):
            return []
        return [self._checked(key, name, value, read, example) for name, value in self.pairs(node)]

    def shown(self, name: str, node: yaml.Node) -> str:
        value = node.value if isinstance(node, yaml.ScalarNode) else None
        if value is None:
            self.fault(node, f"settings: {name}: one value is missing here")
            return ""
        stranger = gsm.culprit(value)
        if stranger is not None:
            self.fault(node, f"settings: {name}: {stranger!r} is outside GSM-7")
        return str(value)

    def _value(self, key: str, node: yaml.Node, read: Callable[[str], _T], example: str) -> _T:
        text = node.value if isinstance(node, yaml.ScalarNode) else "a list or mapping"
        return self._checked(key, text, node, read, example)

    def _checked(self, key: str, text: str, node: yaml.Node, read: Callable[[str], _T], example: str) -> _T:
        try:
            return read(text)
        except (ValueError, OSError, KeyError):  # ZoneInfo raises all three
            self.fault(node, f'{key}: "{text}" cannot be used; write it as {example}')
            return read(example)


def _matching(text: str, pattern: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError
    return text


def _iso(text: str) -> str:
    return _matching(text, "[A-Z]{2}")


def _digits(text: str) -> str:
    return _matching(text, "[0-9]{1,4}")


def _length(text: str) -> int:
    return int(_matching(text, "[4-9]|1[0-4]"))


def _date(text: str) -> date:
    return datetime.strptime(_matching(text, r"\d\d/\d\d/\d{4}"), "%d/%m/%Y").date()


def _yearly(text: str) -> tuple[int, int]:
    # 2000 is a leap year, so that 29/02 may stand.
    day = _date(f"{text}/2000")
    return day.month, day.day
