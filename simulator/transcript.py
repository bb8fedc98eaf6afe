"""A dialog written down: at once a test, a documentation, and a demonstration.

    title: Lalamiko fupi
    steps:
    - dial: "*152*00#"
      shows: |-
        Huduma za Serikali
        9. Maoni na mrejesho
    - type: "9"
      shows: …
    - type: "1"
      ends: |-
        Asante. Tumepokea.
        Namba: <ref>
        PIN: <pin>

A step does one thing: `dial` a code, `type` an answer, `redial` the last code, `repeat` the provider's last request,
`hang_up` (the provider's notice), `wait` seconds, or `caller` NAME (another phone from here on). `shows` is the screen
that waits for an answer, `ends` a last one. `<ref>`, `<pin>`, `<date>`, `<code>` stand for what is new each time; the
same name is the same value through the transcript, and `<ref2>` is another one. `after` is how many seconds the person
takes; `fault` is trouble in the ledger at this step (`lost`, `unanswered`, `unknown_rolled`); `note` is for the reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from simulator.local import Local
from simulator.phone import Line, Phone
from ussd_engine.channels.base import Channel
from ussd_engine.errors import EngineError
from ussd_engine.ledger import Fault
from ussd_engine.model import Reply

DOES = ("dial", "type", "redial", "repeat", "hang_up", "wait", "caller")
FIRST_NUMBER = 255700000001
PATTERNS = {
    "ref": r"[1-9][0-9]{8}",
    "pin": r"[0-9]{4}",
    "date": r"[0-9]{2}/[0-9]{2}/[0-9]{4}",
    "code": r"\*[0-9*]+#(?: [0-9 ]+)?",
}
_HOLE = re.compile(r"<(ref|pin|date|code)([0-9]*)>")


class BadTranscript(EngineError):
    """A file that is no transcript."""


class Step(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that is done, and the screen that must come."""

    dial: str | None = None
    type: str | None = None
    redial: bool = False
    repeat: bool = False
    hang_up: bool = False
    wait: float | None = None
    caller: str | None = None
    shows: str | None = None
    ends: str | None = None
    after: float | None = None
    fault: Fault | None = None
    note: str = ""

    @property
    def does(self) -> str:
        return next((name for name in DOES if getattr(self, name) not in (None, False)), "")


class Transcript(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A title, what the installation must be like, and the steps."""

    title: str
    steps: list[Step]
    core_wants: list[Literal["place", "date"]] = []
    number: bool = True
    """False: the caller's number does not reach us."""
    channels: list[str] = []
    """Where it holds; empty: on all."""


def load(path: Path) -> Transcript:
    """Read a transcript; every value is a text as it stands. Raises `BadTranscript` with the file."""
    try:
        raw = yaml.load(path.read_text(), Loader=yaml.CBaseLoader)  # noqa: S506  # the base loader makes texts only
        found = msgspec.convert(raw, Transcript, strict=False)
    except OSError as error:
        raise BadTranscript(f"{path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise BadTranscript(f"{path}:{mark.line + 1 if mark else 1}: is not YAML") from None
    except msgspec.ValidationError as error:
        raise BadTranscript(f"{path}: {error}") from None
    for number, step in enumerate(found.steps, 1):
        if sum(getattr(step, name) not in (None, False) for name in DOES) != 1:
            raise BadTranscript(f"{path}: step {number} must do one of {', '.join(DOES)}")
    return found


@dataclass(frozen=True)
class Difference:
    """A screen that is not the one written down."""

    step: int
    what: str
    expected: str
    found: str


class Holes:
    """The values that stand for `<ref>` and its like, as they were first seen."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def match(self, expected: str, found: str) -> bool:
        """Whether `found` is `expected` with one value for each hole."""
        names: list[str] = []

        def hole(match: re.Match[str]) -> str:
            name = match[1] + match[2]
            if name in self.values:
                return re.escape(self.values[name])
            if name in names:
                return f"(?P={name})"
            names.append(name)
            return f"(?P<{name}>{PATTERNS[match[1]]})"

        pattern, at = "", 0
        for match in _HOLE.finditer(expected):
            pattern += re.escape(expected[at : match.start()]) + hole(match)
            at = match.end()
        result = re.fullmatch(pattern + re.escape(expected[at:]), found)
        if result is None:
            return False
        self.values.update(result.groupdict())
        return True

    def written(self, text: str) -> str:
        """`text` with its holes filled by what is known, to be laid beside what was found."""
        return _HOLE.sub(lambda match: self.values.get(match[1] + match[2], match[0]), text)


class Player:
    """Plays a transcript on one channel."""

    def __init__(self, transcript: Transcript, channel: Channel, line: Line, local: Local | None, clock: object) -> None:
        self.transcript = transcript
        self.channel = channel
        self.line = line
        self.local = local
        self.clock = clock
        self.holes = Holes()
        self.phones: dict[str, Phone] = {}
        self.phone = self._phone("")

    def _phone(self, caller: str) -> Phone:
        if caller not in self.phones:
            number = str(FIRST_NUMBER + len(self.phones)) if self.transcript.number else None
            self.phones[caller] = Phone(self.channel, self.line, self.clock, number)  # type: ignore[arg-type]
        return self.phones[caller]

    async def play(self, twice: bool = False) -> list[Difference]:
        """Every step; with `twice` every callback is delivered a second time, which must change nothing."""
        found: list[Difference] = []
        for number, step in enumerate(self.transcript.steps, 1):
            screen = await self.do(step)
            if screen is None:
                continue
            found += self.compare(number, step, screen)
            if twice and not step.fault:
                again = await self.phone.repeat()
                if again != screen:
                    found.append(Difference(number, "delivered twice", _shown(screen), _shown(again)))
            if found:
                break
        return found

    async def do(self, step: Step) -> Reply | None:
        if step.fault and self.local:
            self.local.faults.arm(step.fault)
        if step.dial is not None:
            return await self.phone.dial(step.dial)
        if step.type is not None:
            return await self.phone.type(step.type, step.after)
        if step.redial:
            return await self.phone.dial(self.phone.dialled)
        if step.repeat:
            return await self.phone.repeat()
        if step.caller is not None:
            self.phone = self._phone(step.caller)
        elif step.wait is not None:
            await self.phone.clock.leave(step.wait)
        else:
            await self.phone.hang_up()
        return None

    def compare(self, number: int, step: Step, screen: Reply) -> list[Difference]:
        expected = step.ends if step.ends is not None else step.shows
        if expected is None:
            return []
        ends = step.ends is not None
        if screen.ends is ends and self.holes.match(expected, screen.text):
            return []
        wanted = _shown(Reply(self.holes.written(expected), ends))
        what = f"{step.does} {getattr(step, step.does)}" if step.dial or step.type else step.does
        return [Difference(number, what, wanted, _shown(screen))]


def _shown(screen: Reply) -> str:
    return screen.text + ("\n(END)" if screen.ends else "")


def renew(transcript: Transcript, number: int, screen: Reply, holes: Holes) -> None:
    """Write what was found into a step, with holes for values that are known."""
    step = transcript.steps[number - 1]
    text = screen.text
    for name, value in holes.values.items():
        text = text.replace(value, f"<{name}>")
    step.shows, step.ends = (None, text) if screen.ends else (text, None)


def dump(transcript: Transcript) -> str:
    """The transcript as a file."""
    return yaml.dump(
        msgspec.to_builtins(transcript), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000
    )


class _Dumper(yaml.SafeDumper):
    """Screens as blocks, typed digits in quotes."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
