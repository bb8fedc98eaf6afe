"""The shortest complaint as octets: what a provider sends for each answer, and what must come back.

Both are taken from the transcript that the tests play and from the channel that speaks the provider's wire, once; a
dialog of a run differs from another in its id and its number alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from simulator.holes import PATTERNS
from simulator.local import wire
from simulator.transcript import Step, load
from ussd_engine import reference
from ussd_engine.channels.base import Channel, Dial, Request, Response
from ussd_engine.config import Config
from ussd_engine.errors import EngineError

PROVIDER = "africastalking"
TRANSCRIPT = ("emrejesho", "transcripts", "short.sw.yaml")
OPERATOR = "64004"

_DIALOGUE = "ATUid_" + "f" * 32
_NUMBER = "255700099999"
_HOLE = re.compile(rb"<(ref|pin|date)>")


class WrongReply(EngineError):
    """A reply that is not the one that must come."""


class Leg(NamedTuple):
    """One request, cut where the dialog's id and number belong, and its reply: the text or, with holes, its pattern."""

    before: bytes
    between: bytes
    after: bytes
    reply: bytes
    pattern: re.Pattern[bytes] | None = None

    def request(self, dialogue: bytes, number: bytes) -> bytes:
        return b"".join((self.before, dialogue, self.between, number, self.after))


class Caller(NamedTuple):
    """Who has a dialog: its id and a number that nobody had before."""

    dialogue: bytes
    number: bytes


def callers() -> Iterator[Caller]:
    """All placeholder numbers, each once: nobody meets a limit of the day, and everybody is asked for a language."""
    for index in range(100_000):
        yield Caller(b"ATUid_%032x" % index, b"2557000%05d" % index)
    raise EngineError("every placeholder number has been used: ask for fewer or shorter rounds")


class Proof:
    """Compares replies over a run. References must be right and never come twice."""

    def __init__(self) -> None:
        self.references: set[str] = set()
        self.dates: set[bytes] = set()

    def check(self, leg: Leg, reply: bytes) -> None:
        """Raises `WrongReply`."""
        if leg.pattern is None:
            if reply != leg.reply:
                raise WrongReply(_difference(leg, reply))
            return
        found = leg.pattern.fullmatch(reply)
        if found is None:
            raise WrongReply(_difference(leg, reply))
        self._check_values(found["ref"].decode(), found["date"])

    def _check_values(self, shown: str, date: bytes) -> None:
        if reference.parse(shown) != shown:
            raise WrongReply("a reference has a wrong check digit")
        if shown in self.references:
            raise WrongReply("a reference was given twice")
        self.references.add(shown)
        self.dates.add(date)
        if len(self.dates) > 2:  # a run may go over midnight
            raise WrongReply("more than two days are named for an answer")


def complaint(config: Config, host: str, path: str) -> list[Leg]:
    """The legs as they are sent to the gateway at `host` and `path`."""
    steps = load(config.menus.joinpath(*TRANSCRIPT)).steps
    channel = wire(PROVIDER, config)
    return [
        Leg(*_cut(_octets(channel.build(dial), host, path)), *_expected(channel, step))
        for dial, step in zip(_dials(steps), steps, strict=True)
    ]


def answered(legs: Sequence[Leg], host: str, path: str, reply: bytes) -> list[Leg]:
    """The same requests to another server, which gives everybody the same reply."""
    found = []
    for leg in legs:
        _, _, headers = leg.before.partition(b"\r\nAccept:")
        found.append(leg._replace(before=_head(host, path) + b"\r\nAccept:" + headers, reply=reply, pattern=None))
    return found


def _dials(steps: Sequence[Step]) -> Iterator[Dial]:
    dialled, *typed = [step.dial or step.type or "" for step in steps]
    for inputs in accumulate(([text] for text in typed), initial=list[str]()):
        yield Dial(dialogue=_DIALOGUE, dialled=dialled, msisdn=_NUMBER, inputs=tuple(inputs), operator=OPERATOR)


def _head(host: str, path: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: {host}".encode()


def _octets(request: Request, host: str, path: str) -> bytes:
    headers = {"Accept": "*/*", "Content-Type": request.content_type, "Content-Length": str(len(request.body))}
    lines = "".join(f"\r\n{name}: {value}" for name, value in headers.items())
    return _head(host, path) + lines.encode() + b"\r\n\r\n" + request.body


def _cut(request: bytes) -> tuple[bytes, bytes, bytes]:
    before, rest = request.split(_DIALOGUE.encode())
    between, after = rest.split(_NUMBER.encode())
    return before, between, after


def _expected(channel: Channel, step: Step) -> tuple[bytes, re.Pattern[bytes] | None]:
    """The body that must come, as the transcript has it, and its pattern where something in it is new every time."""
    assert step.expected is not None, "every step of the shortest complaint shows its screen"
    body = channel.reply(step.expected, None).body
    assert channel.read(Response(body=body)) == step.expected
    if not _HOLE.search(body):
        return body, None
    parts = _HOLE.split(body)
    for index, part in enumerate(parts):
        name = part.decode()
        parts[index] = f"(?P<{name}>{PATTERNS[name]})".encode() if index % 2 else re.escape(part)
    return body, re.compile(b"".join(parts))


def _difference(leg: Leg, reply: bytes) -> str:
    """In full: nobody but this run's own callers is in it."""
    return f"a reply is not as written\nexpected: {leg.reply.decode()}\nfound: {reply.decode(errors='replace')}"
