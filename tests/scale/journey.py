"""A caller's way through a service of any size, answer by answer, and what every step of it costs the interpreter."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from sessions import Outcome, Session
from tests.scale.large import CODE, name_of
from ussd_engine import machine
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Profile
from ussd_engine.render import render

NUMBER = 255_700_000_001
PROFILE = Profile()
EXTRA = {"code": CODE, "minutes": "10"}
FACTS = {"can": frozenset({"be_reached"})}
FORM = (
    name_of(7),  # the search
    "x",  # an error line above the list
    "1",
    "98",  # the second page of all agencies
    "98",
    "0",
    "1",
    "3",
    "2",
    "2",  # at the review: another institution
    "9",  # by another name
    "qqqqqqq",  # which nothing has
    "1",
    f"{name_of(9)} agency",
    "1",
    "00",  # the draft stays
    "2",
    "0",
)
"""The answers to a form from its first question over all its screens to the start, and one step aside."""

Counts = Counter[str]


def down(edition: Edition) -> Iterator[str]:
    """The answers that lead from the start through the tree's first lines to a form."""
    yield "2"
    service = edition.services["large"].service
    branch = "branch_0"
    while branch in service.screens:
        yield "1"
        branch = service.screens[branch].lines[0].target[0].dest.name


class Caller:
    """One session and its way."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        service = edition.services["large"].service
        session = Session(b"d", edition.version, service.name, service.start, "", msisdn=NUMBER)
        self.session = machine.enter(edition, session, FACTS, PROFILE).session

    def answer(self, text: str) -> str:
        """One step, and the screen that it leads to."""
        found = machine.step(self.edition, self.session, FACTS, text, PROFILE)
        self.session = found.session
        if found.intent:
            self.session = machine.outcome(
                self.edition, found.session, FACTS, PROFILE, found.intent.action, "ok", Outcome(0, {}, b"case")
            ).session
        return self.show()

    def show(self) -> str:
        return render(self.edition, self.session, FACTS, PROFILE, EXTRA).text


@contextmanager
def instructions(*folders: Path) -> Iterator[Counts]:
    """Counts the interpreter's instructions by the function that they stand in, below some folders or anywhere.

    Time and chance play no part: the same work is the same count, and one more turn of a loop is seen.
    """
    counts: Counts = Counter()
    names = tuple(map(str, folders))

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        code = frame.f_code
        if names and not code.co_filename.startswith(names):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        name = f"{Path(code.co_filename).name}:{code.co_qualname}"

        def local(frame: FrameType, event: str, arg: object) -> Any:
            counts[name] += event == "opcode"
            return local

        return local

    before = sys.gettrace()
    gc.disable()  # what others hang on a collection is no work of a step
    sys.settrace(trace)
    try:
        yield counts
    finally:
        sys.settrace(before)
        gc.enable()


@contextmanager
def calls() -> Iterator[Counter[CodeType]]:
    """Counts the calls of functions written in Python."""
    counts: Counter[CodeType] = Counter()

    def profile(frame: FrameType, event: str, arg: object) -> None:
        if event == "call":
            counts[frame.f_code] += 1

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield counts
    finally:
        sys.setprofile(before)


def costs(answers: list[str], answer: Callable[[str], object], *folders: Path) -> list[Counts]:
    """The instructions of each step."""
    found = []
    for text in answers:
        with instructions(*folders) as counts:
            answer(text)
        found.append(counts)
    return found
