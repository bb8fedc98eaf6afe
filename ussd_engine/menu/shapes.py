"""The shapes of values in the menu language: texts, numbered lines, conditions, targets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ussd_engine.errors import Fault, did_you_mean, or_one_of
from ussd_engine.menu.load import Node
from ussd_engine.model import Answers
from ussd_engine.registry import RULES, SOURCES
from ussd_engine.screens.base import (
    VERBS,
    Case,
    Dest,
    From,
    Line,
    Offered,
    Place,
    Screen,
    Target,
    Test,
    Tests,
)

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PRINTED = re.compile(r"([0-9]{1,3})\. (.+)", re.DOTALL)
_CASE = ("if", "unless", "set", "go")
_CHOICE = ("if", "unless", "is")


class Reader:
    """Reads shapes; what does not fit becomes a fault, and reading goes on with something harmless."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults

    def fault(self, node: Node, message: str, rule: str) -> None:
        self.faults.append(node.fault(message, rule))

    @staticmethod
    def place(node: Node) -> Place:
        return Place(node.file, node.line)

    # plain values

    def mapping(self, node: Node, where: str) -> dict[str, Node]:
        if isinstance(node.value, dict):
            return node.value
        self.fault(node, f"{where}: a block of `name: value` is expected, here is {node.kind}", "shape")
        return {}

    def block(self, node: Node, known: Mapping[str, object], where: str) -> dict[str, Node]:
        """The entries of a mapping whose keys are `known`; a fault for each that is not."""
        found = self.mapping(node, where)
        for key in found:
            if key not in known:
                self.fault(found[key], f'{where}: key "{key}" is not known{did_you_mean(key, known)}', "keys")
        return {key: value for key, value in found.items() if key in known}

    def entries(self, node: Node, where: str) -> list[Node]:
        if isinstance(node.value, list):
            return node.value
        self.fault(node, f"{where}: a list is expected, here is {node.kind}", "shape")
        return []

    def text(self, node: Node, where: str) -> str:
        if isinstance(node.value, str):
            return node.value
        if isinstance(node.value, int):
            self.fault(node, f'{where}: {node.value} is a number: write it in quotes, as "{node.value}"', "quotes")
        else:
            self.fault(node, f"{where}: a text is expected, here is {node.kind}", "shape")
        return ""

    def name(self, node: Node, where: str) -> str:
        text = self.text(node, where)
        return text if self.named(text, node, where) else ""

    def named(self, text: str, node: Node, where: str) -> bool:
        """Whether a text is a name; a fault where it is not."""
        if "." in text:
            self.fault(node, f'{where}: the name "{text}" holds a dot', "dots")
        elif text and not _NAME.fullmatch(text):
            message = f'{where}: "{text}" is no name: a name has small letters, digits and _, a letter first'
            self.fault(node, message, "names")
        return bool(_NAME.fullmatch(text))

    def number(self, node: Node, where: str, default: int) -> int:
        if isinstance(node.value, int) and node.value > 0:
            return node.value
        self.fault(node, f"{where}: a number from 1 is expected", "shape")
        return default

    def texts(self, node: Node, where: str) -> dict[str, str]:
        return {key: self.text(value, where) for key, value in self.mapping(node, where).items()}

    def names(self, node: Node, where: str) -> tuple[str, ...]:
        """One name, or a list of names."""
        if isinstance(node.value, list):
            return tuple(self.name(entry, where) for entry in node.value)
        return (self.name(node, where),)

    # lines

    def printed(self, node: Node) -> Line:
        """A line as printed that has nothing behind it: `0. Rudi`."""
        number, label = self.split(self.text(node, "line"), node)
        return Line(number, label, None, (), (), self.place(node))

    def split(self, printed: str, node: Node) -> tuple[str, str]:
        match = _PRINTED.fullmatch(printed)
        if match:
            return match[1], match[2]
        self.fault(node, f'"{printed}" is not a numbered line: write it as it is printed, "1. Words"', "lines")
        return "", printed

    def lines(self, found: Mapping[str, Node], where: str) -> tuple[Line, ...]:
        lines: list[Line] = []
        for key in ("choose", "go"):
            if key in found:
                entries = self.mapping(found[key], f"{where}: {key}")
                if not entries and isinstance(found[key].value, dict):
                    self.fault(found[key], f"{where}: {key} has no lines", "missing")
                lines += [self.line(key, printed, node) for printed, node in entries.items()]
        self.numbered_once(lines, where)
        return tuple(lines)

    def numbered_once(self, lines: Iterable[Line], where: str) -> None:
        seen: set[str] = set()
        for line in lines:
            if line.number and line.number in seen:
                message = f"{where}: the number {line.number} stands twice"
                self.faults.append(Fault(*line.place, message, "line numbers"))
            seen.add(line.number)

    def skip(self, node: Node, lines: tuple[Line, ...], where: str) -> Line:
        line = self.printed(node)
        self.numbered_once([*lines, line], where)
        return line

    def line(self, key: str, printed: str, node: Node) -> Line:
        number, label = self.split(printed, node)
        if key == "go":
            return Line(number, label, None, self.line_tests(node), self.target(node, guarded=False), self.place(node))
        if isinstance(node.value, dict):
            found = self.block(node, dict.fromkeys(_CHOICE), f'line "{printed}"')
            if "is" not in found:
                self.fault(node, f'line "{printed}" saves nothing: it has no "is"', "missing")
                return Line(number, label, "", (), (), self.place(node))
            return Line(number, label, self.text(found["is"], "is"), self.tests(found), (), self.place(node))
        return Line(number, label, self.text(node, f'line "{printed}"'), (), (), self.place(node))

    def line_tests(self, node: Node) -> Tests:
        """The condition on the line itself: a single case that is a block hides its line where it does not hold."""
        return self.tests(node.value) if isinstance(node.value, dict) else ()

    # conditions and targets

    def tests(self, found: Mapping[str, Node]) -> Tests:
        tests: list[Test] = []
        for key in ("if", "unless"):
            if key in found:
                for name, node in self.mapping(found[key], key).items():
                    values = node.value if isinstance(node.value, list) else [node]
                    wanted = tuple(self.text(value, f"{key}: {name}") for value in values)
                    tests.append(Test(name, wanted, key == "if", self.place(node)))
        return tuple(tests)

    def target(self, node: Node, guarded: bool = True) -> Target:
        """Where something leads: a name, a verb, a case, or cases of which the first that holds is taken."""
        if isinstance(node.value, list):
            cases = tuple(self.case(entry, True) for entry in node.value)
            if not cases or cases[-1].tests:
                self.fault(node, "the last of several cases must have no condition", "last case")
            return cases
        return (self.case(node, guarded),)

    def case(self, node: Node, guarded: bool) -> Case:
        if not isinstance(node.value, dict):
            return Case((), {}, self.dest(node), self.place(node))
        found = self.block(node, dict.fromkeys(_CASE), "target")
        sets: Answers = {}
        if "set" in found:
            sets.update(self.texts(found["set"], "set"))
        if "go" not in found and not sets:
            self.fault(node, 'a case needs "go", where it leads, or "set"', "missing")
        dest = self.dest(found["go"]) if "go" in found else Dest("next")
        return Case(self.tests(found) if guarded else (), sets, dest, self.place(node))

    def dest(self, node: Node) -> Dest:
        verb, _, name = self.text(node, "target").partition(" ")
        if not all(self.named(word, node, "target") for word in (verb, name) if word):
            return Dest("to")
        if verb not in VERBS:
            if name:
                hint = did_you_mean(verb, VERBS)
                self.fault(node, f'"{verb} {name}": the verb "{verb}" is not known{hint}', "verbs")
            return Dest("to", verb)
        takes = VERBS[verb].takes
        if takes and not name:
            return Dest("to", verb)  # a screen may have that name
        if name and not takes:
            self.fault(node, f'"{verb}" takes no name, here it has "{name}"', "verbs")
        return Dest(verb, name)

    # parts of a screen

    def screen(self, name: str, kind: str, node: Node, found: Mapping[str, Node], where: str) -> Screen:
        def named(key: str) -> str | None:
            return self.name(found[key], where) if key in found else None

        lines = self.lines(found, where)
        return Screen(
            name,
            kind,
            self.text(found[kind], where),
            self.place(node),
            again=self.text(found["again"], where) if "again" in found else None,
            lines=lines,
            save=self.save(found["save"], where) if "save" in found else {},
            then=self.target(found["then"]) if "then" in found else (),
            checks=self.checks(found["check"], where) if "check" in found else {},
            warn=self.names(found["warn"], where) if "warn" in found else (),
            skip=self.skip(found["skip"], lines, where) if "skip" in found else None,
            full=named("full"),
            source=self.source(found["from"], where) if "from" in found else None,
            row=self.text(found["row"], where) if "row" in found else None,
            most=self.number(found["most"], where, 1) if "most" in found else None,
            none=named("none"),
            slow=named("slow"),
            offer=self.offer(found["offer"], where) if "offer" in found else None,
            secret=named("secret"),
        )

    def save(self, node: Node, where: str) -> dict[str, str]:
        if isinstance(node.value, dict):
            saved = {answer: column for answer, column in node.value.items() if self.named(answer, column, where)}
            return {answer: self.name(column, where) for answer, column in saved.items()}
        return {self.name(node, where): ""}

    def checks(self, node: Node, where: str) -> dict[str, dict[str, int]]:
        if not isinstance(node.value, dict):
            return {name: {} for name in self.known(self.names(node, where), node, where)}
        return {
            name: self.bounds(name, value, where)
            for name, value in node.value.items()
            if self.known((name,), value, where)
        }

    def known(self, names: Iterable[str], node: Node, where: str) -> list[str]:
        found = [name for name in names if name in RULES]
        for name in names:
            if name not in RULES:
                self.fault(node, f'{where}: check "{name}" is not registered{or_one_of(name, RULES)}', "checks")
            elif RULES[name].bounds and not isinstance(node.value, int | list | dict):
                self.fault(node, f'{where}: check "{name}" needs a number', "checks")
        return found

    def bounds(self, name: str, node: Node, where: str) -> dict[str, int]:
        rule = RULES[name]
        values = node.value if isinstance(node.value, list) else [node]
        numbers = [value.value for value in values if isinstance(value.value, int) and value.value >= 0]
        if len(numbers) != len(values) or not 0 < len(numbers) <= len(rule.bounds):
            self.fault(node, f'{where}: check "{name}" takes {" and ".join(rule.bounds)} as numbers', "checks")
            return dict.fromkeys(rule.bounds, 1)
        if numbers != sorted(numbers):
            self.fault(node, f'{where}: check "{name}" takes {" and ".join(rule.bounds)}, the smaller first', "checks")
        return dict(zip(rule.bounds[-len(numbers) :], numbers, strict=True))

    def source(self, node: Node, where: str) -> From | None:
        if isinstance(node.value, dict) and len(node.value) == 1:
            ((name, block),) = node.value.items()
            args = self.texts(block, f"{where}: {name}")
        else:
            name, args = self.text(node, f"{where}: from"), {}
        if name not in SOURCES:
            if name:
                self.fault(node, f'{where}: source "{name}" is not registered{or_one_of(name, SOURCES)}', "sources")
            return None
        known = SOURCES[name].args
        for arg in args:
            if arg not in known:
                self.fault(node, f'{where}: source "{name}" takes no "{arg}"{did_you_mean(arg, known)}', "sources")
        if known and not args:
            self.fault(node, f'{where}: source "{name}" needs one of {", ".join(known)}', "sources")
        return From(name, args)

    def offer(self, node: Node, where: str) -> Offered | None:
        outer = self.mapping(node, f"{where}: offer")
        if len(outer) != 1:
            self.fault(node, f"{where}: an offer stands as {{answer: {{function: [answers]}}}}", "shape")
            return None
        ((answer, block),) = outer.items()
        inner = self.mapping(block, f"{where}: offer")
        if len(inner) != 1:
            self.fault(block, f"{where}: an offer stands as {{answer: {{function: [answers]}}}}", "shape")
            return None
        ((function, args),) = inner.items()
        return Offered(answer, function, self.names(args, where))
