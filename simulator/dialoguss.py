"""Reads the files of dialoguss, a tester of USSD services: each of its sessions becomes a transcript.

    url: http://localhost:7654
    dial: '*152*00#'
    phoneNumber: 255700000001
    sessions:
    - id: 1
      description: The first menu
      steps:
      - expect: |
          Huduma za Serikali
          9. Maoni na mrejesho
      - text: '9'
        expect: …

The first step, which has no `text`, is the dial. `userInput` is another name for `text`. A step without `expect` may
name one of the screens under `components` (`namespace`, `items` of `id` and `expect`) by `componentId`. Where each
`text` holds all that was typed so far (`1*2*3`), what is new in it is typed.

Such a file does not say whether its last screen waits for an answer: either will do. Its `url` is not called: the way
to a gateway is named on the command line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import yaml

from simulator.holes import Holes
from simulator.player import Difference
from simulator.transcript import BadTranscript, Step, Transcript

END = "\n(END)"
"""Stands behind a last screen in a difference."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a session."""

    text: str = ""
    userinput: str = ""
    expect: str = ""
    componentid: str = ""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One dialog. The number is the caller's, where the file has one for it alone."""

    id: str = ""
    description: str = ""
    phonenumber: str = ""
    steps: list[Said]


class Item(msgspec.Struct, frozen=True):
    """A screen that steps may name."""

    id: str
    expect: str


class Component(msgspec.Struct, frozen=True):
    """Screens under one name."""

    items: list[Item]
    namespace: str = "default"


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file, the names of its keys in small letters."""

    dial: str
    sessions: list[Session]
    phonenumber: str = ""
    components: list[Component] = []


def reads(path: Path) -> bool:
    """Whether a file is one of dialoguss: it has sessions, and no steps of its own."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return False
    keys = {key.value for key, _ in node.value} if isinstance(node, yaml.MappingNode) else set()
    return "sessions" in keys and "steps" not in keys


def load(path: Path) -> list[tuple[Transcript, str]]:
    """The sessions of a file that `reads` knows, each with the caller's number; empty where there is none.

    Raises `BadTranscript`.
    """
    plain = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506  # it makes texts alone
    try:
        file = msgspec.convert(_small(plain), File, strict=False)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at ")
        place = f" (at {where.strip('`')})" if where else ""
        raise BadTranscript(f"{path}: {message[0].lower()}{message[1:]}{place}") from None
    screens = {
        f"{component.namespace}/{item.id}": item.expect for component in file.components for item in component.items
    }
    return [(_transcript(path, file, session, screens), _number(file, session)) for session in file.sessions]


def _small(value: object) -> object:
    """Keys in small letters without underscores: `phoneNumber` as `phonenumber`."""
    if isinstance(value, list):
        return [_small(one) for one in value]
    if isinstance(value, dict):
        return {str(key).lower().replace("_", ""): _small(one) for key, one in value.items()}
    return value


def _number(file: File, session: Session) -> str:
    return re.sub(r"\D", "", session.phonenumber or file.phonenumber)


def _transcript(path: Path, file: File, session: Session, screens: Mapping[str, str]) -> Transcript:
    name = session.id or session.description
    title = f"{session.description} ({session.id})" if session.id and session.description else name
    if not session.steps:
        raise BadTranscript(f'{path}: session "{name}" has no steps')
    return Transcript(title=title or path.stem, steps=list(_steps(path, file.dial, session, screens)))


def _steps(path: Path, code: str, session: Session, screens: Mapping[str, str]) -> Iterator[Step]:
    first, *others = session.steps
    typed = first.text or first.userinput
    if typed not in ("", code):
        yield Step(dial=code)
        others = session.steps
    else:
        yield _step(Step(dial=code), _screen(path, first, screens), last=not others)
    before = ""
    for said in others:
        text = said.text or said.userinput
        new = text.removeprefix(f"{before}*") if before else text
        yield _step(Step(type=new), _screen(path, said, screens), last=said is others[-1])
        before = text


def _step(step: Step, screen: str | None, *, last: bool) -> Step:
    if screen is None:
        return step
    return msgspec.structs.replace(step, ends=screen) if last else msgspec.structs.replace(step, shows=screen)


def _screen(path: Path, said: Said, screens: Mapping[str, str]) -> str | None:
    if said.expect or not said.componentid:
        return said.expect.rstrip("\n") or None
    name = said.componentid if "/" in said.componentid else f"default/{said.componentid}"
    if name not in screens:
        raise BadTranscript(f'{path}: component "{said.componentid}" does not exist')
    return screens[name].rstrip("\n")


def differs(difference: Difference, transcript: Transcript) -> bool:
    """Whether a difference is more than a last screen that waits for an answer."""
    written, found = difference.expected.removesuffix(END), difference.found.removesuffix(END)
    return difference.step < len(transcript.steps) or not Holes().match(written, found)
