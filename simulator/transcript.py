"""A dialog written down: at once a test, a documentation, and a demonstration.

    title: Lalamiko fupi kabisa
    steps:
    - dial: '*152*00#'
      shows: |-
        Huduma za Serikali
        9. Maoni na mrejesho
    - type: '9'
      shows: …
    - type: '1'
      note: She confirms.
      ends: |-
        Asante. Tumepokea.
        Namba: <ref>
        PIN: <pin>
      stored: {type: complaint, mode: confidential, institution: TANESCO, message: umeme umekatika siku tatu}

A step does one thing:

    dial: CODE        a new dialogue
    type: TEXT        an answer; `after` is how many seconds the person takes
    redial: true      the last code once more
    repeat: true      the provider makes its last request again
    late: true        the last request of the dialogue before this one comes again, late
    hang_up: true     the provider tells that the dialogue is over
    wait: SECONDS     time passes
    caller: NAME      another phone from here on; the first one is ''
    forget: true      the session store loses what the last leg wrote
    sms: TEXT         an SMS to the service
    report: HOW       what becomes of an SMS on its way to this phone, `delivered`, `failed`, `late` or `twice`; `of` is
                      which one, counted from 1, without it the last
    provider: NAME    the same phones through another provider from here on
    core: HOW         the core is `down`, or `back`
    restart: true     the gateway stops and starts again: what is stored stays, all that its memory held is gone
    officer: ACT      who holds the case whose reference was shown last acts on it (`simulator.officer`); `says` are his
                      words, or the code of the institution to which he passes it on

`shows` is the screen that waits for an answer, `ends` a last one; `gets` are the SMS that came to this phone by then,
all of them, where the installation carries SMS. `simulator.holes` says what `<ref>` and its like are.
`stored` is what the feedback core must have under the last reference that was shown: `type`, `mode`, `institution`,
`number`, `name`, or answers. `fault` is trouble behind the gateway at this step (`simulator.trouble`). `breaks_off`:
the gateway answers, and nobody hears it. `note` is for the reader.

`core_wants` says what the core asks for, `core_lacks`, what it cannot do, `sms: true`, that SMS leave and are taken;
`number: false`, that the callers' numbers do not reach us; `channels`, on which channels alone it holds. `begins` is
the day and time of the first step where the country is (`26/11/2026 09:00:00`), for what days and hours bring; without
it a morning like any other.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from simulator.exchange import Report
from simulator.officer import Act
from simulator.trouble import Fault
from ussd_engine.errors import EngineError
from ussd_engine.model import Reply

DOES = (
    *("dial", "type", "redial", "repeat", "late", "hang_up", "wait", "caller", "forget"),
    *("sms", "report", "provider", "core", "restart", "officer"),
)
LEGS = ("dial", "type", "redial")
INSIDE = ("forget", "report", "core", "restart", "officer")
"""What only a gateway started here can be made to do."""
BEGINS = "%d/%m/%Y %H:%M:%S"


class BadTranscript(EngineError):
    """A file that is no transcript."""


class Unreadable(BadTranscript):
    """A file that is not there, or is no text."""


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that is done, and the screen that must come."""

    dial: str | None = None
    type: str | None = None
    redial: bool = False
    repeat: bool = False
    late: bool = False
    hang_up: bool = False
    wait: float | None = None
    caller: str | None = None
    forget: bool = False
    sms: str | None = None
    report: Report | None = None
    of: int = 0
    provider: str | None = None
    core: Literal["down", "back"] | None = None
    restart: bool = False
    officer: Act | None = None
    says: str = ""
    after: float | None = None
    fault: Fault | None = None
    breaks_off: bool = False
    note: str = ""
    shows: str | None = None
    ends: str | None = None
    gets: list[str] = []
    stored: dict[str, str] = {}

    @property
    def acts(self) -> list[str]:
        """What is done, by the names of `DOES`."""
        return [name for name in DOES if getattr(self, name) not in (None, False)]

    @property
    def does(self) -> str:
        return self.acts[0]

    @property
    def words(self) -> str:
        """What is done, for the reader of a difference."""
        value = getattr(self, self.does)
        return self.does if value is True else f"{self.does} {value}"

    @property
    def expected(self) -> Reply | None:
        """The screen that must come; `None` where nothing is said of it."""
        if self.ends is not None:
            return Reply(self.ends, True)
        return None if self.shows is None else Reply(self.shows, False)

    def showing(self, screen: Reply) -> Step:
        """The step with another screen."""
        shows, ends = (None, screen.text) if screen.ends else (screen.text, None)
        return msgspec.structs.replace(self, shows=shows, ends=ends)


class Transcript(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A title, what the installation must be like, and the steps."""

    title: str
    note: str = ""
    core_wants: list[Literal["place", "date"]] = []
    core_lacks: list[Literal["read", "append", "rate", "withdraw", "appeal", "erase"]] = []
    sms: bool = False
    number: bool = True
    channels: list[str] = []
    begins: str = ""
    steps: list[Step]

    @property
    def needs_local(self) -> bool:
        """Whether it asks for what only a gateway started here can be made to do."""
        asks = self.core_wants or self.core_lacks or self.sms
        return bool(asks) or any(step.fault or step.does in INSIDE for step in self.steps)

    def begun(self, zone: tzinfo) -> float | None:
        """When it begins, Unix seconds; `None` where that is all the same."""
        return datetime.strptime(self.begins, BEGINS).replace(tzinfo=zone).timestamp() if self.begins else None


def load(path: Path) -> Transcript:
    """Read a transcript; every value is a text as it stands. Raises `BadTranscript` with file and line."""
    node = _compose(path)
    try:
        found = msgspec.convert(_plain(node, path), Transcript, strict=False)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at ")
        stranger = "".join(re.findall("unknown field `(.*)`", message))
        place = f"{path}:{_line(node, where, stranger)}"
        raise BadTranscript(f"{place}: {message[0].lower()}{message[1:]}") from None
    _dated(found, f"{path}:{_line(node, '$.begins')}")
    for index, step in enumerate(found.steps):
        if len(step.acts) != 1:
            raise BadTranscript(f"{path}:{_line(node, f'$.steps[{index}]')}: a step does one of {', '.join(DOES)}")
        if (step.sms is not None or step.gets) and not found.sms:
            place = f"{path}:{_line(node, f'$.steps[{index}]')}"
            raise BadTranscript(f'{place}: an SMS needs an installation that carries SMS: "sms: true" below the title')
    return found


def place(path: Path, step: int) -> str:
    """File and line of a step, which counts from 1."""
    return f"{path}:{_line(_compose(path), f'$.steps[{step - 1}]')}"


def _dated(found: Transcript, place: str) -> None:
    try:
        found.begun(UTC)
    except ValueError:
        raise BadTranscript(f"{place}: begins: write day and time as 26/11/2026 09:00:00") from None


def _compose(path: Path) -> yaml.Node:
    try:
        text = path.read_text(encoding="utf-8")
        for event in yaml.parse(text, Loader=yaml.CBaseLoader):
            if isinstance(event, yaml.AliasEvent):  # a few lines of them unfold into gigabytes
                raise BadTranscript(f"{path}:{_at(event)}: an alias: write it out")
        found = yaml.compose(text, Loader=yaml.CBaseLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path}: cannot be read ({type(error).__name__})") from None
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or "this is no YAML"
        raise BadTranscript(f"{path}:{_at(error, 'problem_mark')}: {problem}") from None
    if not isinstance(found, yaml.MappingNode):
        raise BadTranscript(f"{path}:1: a transcript is a block with title and steps")
    return found


def _at(told: object, mark: str = "start_mark") -> int:
    """The line of a mark of YAML's, where there is one."""
    found = getattr(told, mark, None)
    return found.line + 1 if found else 1


def _plain(node: yaml.Node, path: Path) -> object:
    """Texts, lists and mappings; a key that stands twice is refused, for one of its values would be lost."""
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, path) for item in node.value]
    if not isinstance(node, yaml.MappingNode):
        return node.value
    found: dict[str, object] = {}
    for key, value in node.value:
        if key.value in found:
            raise BadTranscript(f'{path}:{key.start_mark.line + 1}: "{key.value}" stands twice')
        found[key.value] = _plain(value, path)
    return found


def _line(node: yaml.Node, where: str, key: str = "") -> int:
    """The line of a place as msgspec names it, `$.steps[3].wait`, or of a key there."""
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", where):
        if name and isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == name), node)
        elif index and isinstance(node, yaml.SequenceNode):
            node = node.value[int(index)]
    keys = [name for name, _ in node.value if name.value == key] if isinstance(node, yaml.MappingNode) else []
    return int((keys or [node])[0].start_mark.line) + 1


class _Dumper(yaml.SafeDumper):
    """Screens as blocks, digits in quotes."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def dump(transcript: Transcript) -> str:
    """The transcript as a file."""
    return yaml.dump(msgspec.to_builtins(transcript), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
