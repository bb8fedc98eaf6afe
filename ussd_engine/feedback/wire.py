"""What goes over a signed webhook, either way, as JSON: `{"type": …, "timestamp": …, "data": {…}}`.

To the core: a message for each thing that a citizen did, and `case.read`, a question. From the core: `case.changed`,
and `message.read`, a question. `python -m ussd_engine.feedback.wire [FOLDER]` writes `events.schema.json`.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from ussd_engine import messages
from ussd_engine.errors import NotACallback
from ussd_engine.gsm import clean
from ussd_engine.messages import SHOWN_ACTS, CaseEvent, Handled, Message, Role
from ussd_engine.model import Answers, CaseState, Mode, Quiet, Submission

MOST_WORDS: Final = 8_000
"""Characters of an answer; more is no answer for a phone."""

Reference = Annotated[str, Meta(pattern="^[1-9][0-9]{8}$", description="Nine digits, ours; it never changes.")]
Key = Annotated[
    str,
    Meta(
        pattern="^([0-9a-f]{2}){8,32}$",
        description="8 to 32 octets in hex; the same for every repeat; also `webhook-id`.",
    ),
]
Code = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="The code of an institution.")]
When = Annotated[datetime, Meta(tz=True)]
Words = Annotated[str, Meta(max_length=MOST_WORDS)]


class Data(Quiet, frozen=True, kw_only=True, omit_defaults=True):
    """What a citizen did."""

    id: Key


class SubmissionData(Data, frozen=True, kw_only=True):
    """A new case: complaint, opinion, question or compliment.

    `number` and `name` come in mode `named` alone; in `anonymous` there is no `handle`.
    """

    reference: Reference
    service: str
    type: str
    mode: Mode
    institution: str
    answers: Answers
    locale: str
    submitted: date
    handle: str = ""
    due: date | None = None
    number: str | None = None
    name: str | None = None


class AdditionData(Data, frozen=True, kw_only=True):
    """More of the citizen's words, or the answer to an officer's question."""

    reference: Reference
    text: str


class RatingData(Data, frozen=True, kw_only=True):
    """Whether the citizen is content with the answer; `yes` and `partly` close the case."""

    reference: Reference
    rating: Literal["yes", "partly", "no"]


class WithdrawalData(Data, frozen=True, kw_only=True):
    """The citizen takes the case back; one that was answered meanwhile stays answered."""

    reference: Reference


class AppealData(Data, frozen=True, kw_only=True):
    """The citizen asks a higher level. `leak`, a leaked identity, is hidden from the office concerned."""

    reference: Reference
    reason: Literal["unhappy", "late", "leak", "other"]
    text: str
    institution: str
    due: date | None = None


class ErasureData(Data, frozen=True, kw_only=True):
    """The citizen's number and name are to be forgotten; the case stays."""

    reference: Reference


class Asked(Quiet, frozen=True):
    """Of which case the core is asked."""

    reference: Reference


class Wanted(Quiet, frozen=True, forbid_unknown_fields=True):
    """Which message the core wants to read: the `id` of a thin one."""

    id: Key


class Change(Quiet, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of a case. `words` is what the citizen is to read, `by` who acted: a role, never a name; `office` the
    code of the institution whose role that is, where the citizen is to see it."""

    reference: Reference
    sequence: Annotated[int, Meta(ge=1, le=2**53 - 1)] | None = None
    state: Annotated[str, Meta(pattern="^[a-z_]{0,32}$", examples=[state.value for state in CaseState])] = ""
    institution: Code | Literal[""] = ""
    due: date | None = None
    directive: bool = False
    words: Words = ""
    by: Role = "officer"
    office: Code | Literal[""] = ""


class Line(Quiet, frozen=True):
    """One line of who handled a case: day, role, act; and the code of the institution, where she is to see it."""

    day: date
    role: Role
    act: Annotated[str, Meta(pattern="^[a-z_]{1,32}$")]
    office: Code | Literal[""] = ""


class Read(Quiet, frozen=True, kw_only=True):
    """What a core answers to `case.read`: its last word, and who handled the case, the oldest first."""

    words: Words = ""
    history: Annotated[tuple[Line, ...], Meta(max_length=200)] = ()


class Taken(Quiet, frozen=True, kw_only=True):
    """What a core may answer to `submission.created`: its own reference."""

    reference: Annotated[str, Meta(pattern="^[!-~]{1,64}$")]


class Envelope(Quiet, frozen=True, kw_only=True, tag_field="type"):
    """A message of a core. `timestamp` is when it happened."""

    timestamp: When


class CaseChanged(Envelope, frozen=True, kw_only=True, tag="case.changed"):
    """Something became of a case."""

    data: Change


class MessageRead(Envelope, frozen=True, kw_only=True, tag="message.read"):
    """The core reads what a thin message left out."""

    data: Wanted


SENT: Final[dict[type[Message], tuple[str, type[Data]]]] = {
    Submission: ("submission.created", SubmissionData),
    messages.Addition: ("addition.created", AdditionData),
    messages.Rating: ("rating.created", RatingData),
    messages.Withdrawal: ("withdrawal.created", WithdrawalData),
    messages.Appeal: ("appeal.created", AppealData),
    messages.Erasure: ("erasure.created", ErasureData),
}
"""By what a citizen did: the type of its message, and what stands in it."""
CASE_READ: Final = "case.read"


# what goes out


def full(message: Message, day: date) -> bytes:
    """A message with all that the core is to know; `day` is when she did it, in her country."""
    type, kind = SENT[message.__class__]
    given = msgspec.structs.asdict(message) | {"id": message.idempotency_key}
    if isinstance(message, Submission) and message.mode is not Mode.NAMED:
        given |= {"number": None, "name": None}
    return _envelope(type, _no_minute(day), msgspec.convert(given, kind))


def thin(message: Message, day: date) -> bytes:
    """A message that says what happened, and of what id."""
    return _envelope(SENT[message.__class__][0], _no_minute(day), Data(id=message.idempotency_key))


def nameless(body: bytes) -> bytes:
    """A message without number and name."""
    message = msgspec.json.decode(body)
    for field in ("number", "name"):
        message["data"].pop(field, None)
    return msgspec.json.encode(message)


def question(reference: str, now_ms: int) -> bytes:
    """`case.read`: what the citizen may read of a case."""
    return _envelope(CASE_READ, datetime.fromtimestamp(now_ms // 1000, UTC), Asked(reference))


def _envelope(type: str, at: datetime, data: Data | Asked) -> bytes:
    return msgspec.json.encode({"type": type, "timestamp": at, "data": data})


def _no_minute(day: date) -> datetime:
    # With an operator's records the minute would lead to whoever dialled then.
    return datetime.combine(day, time(), UTC)


# what comes in


def parse(body: bytes) -> CaseChanged | MessageRead:
    """A core's call. `NotACallback` names the field that cannot be used, never what stands in it."""
    try:
        return msgspec.json.decode(body, type=CaseChanged | MessageRead)
    except (msgspec.DecodeError, RecursionError) as error:
        raise NotACallback(_fault(error)) from None


def event_of(call: CaseChanged, id: str) -> CaseEvent:
    """What a core told, without its words; the id of the message is the id of the event."""
    told = call.data
    return CaseEvent(
        reference=told.reference,
        id=id,
        at_ms=round(call.timestamp.timestamp() * 1000),
        sequence=told.sequence,
        state=told.state,
        institution=told.institution,
        due=told.due,
        directive=told.directive,
    )


def line_of(told: Change, day: date) -> Handled | None:
    """Who did it, for the citizen; `None` where it is nothing that she is shown."""
    act = told.state or ("transferred" if told.institution else "directive" if told.directive else "")
    return Handled(day, told.by, act, told.office) if act in SHOWN_ACTS else None


def read(body: bytes) -> messages.View:
    """A core's answer to `case.read`. `ValueError`, without what stood in it, where it is none."""
    try:
        found = msgspec.json.decode(body, type=Read)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(_fault(error)) from None
    shown = (Handled(line.day, line.role, line.act, line.office) for line in found.history if line.act in SHOWN_ACTS)
    return messages.View(clean(found.words), tuple(shown))


def taken(body: bytes) -> str | None:
    """The core's own reference, where it gave one that can be used."""
    try:
        return msgspec.json.decode(body, type=Taken).reference
    except (msgspec.DecodeError, RecursionError):
        return None


def _fault(error: Exception) -> str:
    """What msgspec says, without the values that it may quote."""
    text = str(error)
    place = re.search(r"`\$\.?([\w.\[\]]*)`$", text)
    where = (place and place[1]) or "the message"
    if not isinstance(error, msgspec.ValidationError):
        return "the body is not JSON"
    if missing := re.match(r"Object missing required field `(\w+)`", text):
        return f"{where}: `{missing[1]}` is missing"
    if "unknown field" in text:
        return f"{where}: holds a field that is not known here"
    return f"{where}: is not what docs/events.schema.json asks for"


# the schema


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of every message, either way, and of what a core may answer."""
    kinds = [Data, Asked, Read, Taken, Change, Wanted, *(kind for _, kind in SENT.values())]
    _, shapes = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    sent = {type: _shape(type, kind, Data) for type, kind in SENT.values()} | {CASE_READ: _shape(CASE_READ, Asked)}
    heard = {"case.changed": _shape("case.changed", Change), "message.read": _shape("message.read", Wanted)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Messages between the gateway and a feedback core",
        "anyOf": [{"$ref": "#/$defs/to_core"}, {"$ref": "#/$defs/from_core"}],
        "$defs": {
            "to_core": {"description": "What the gateway posts.", "oneOf": _refs(sent)},
            "from_core": {"description": "What a core posts to /feedback/events.", "oneOf": _refs(heard)},
            **sent,
            **heard,
            **{name: shapes[name] for name in sorted(shapes)},
        },
    }


def _refs(names: dict[str, Any]) -> list[dict[str, str]]:
    return [{"$ref": f"#/$defs/{name}"} for name in names]


def _shape(type: str, *kinds: type[msgspec.Struct]) -> dict[str, Any]:
    data = _refs({kind.__name__: kind for kind in kinds})
    return {
        "type": "object",
        "properties": {
            "type": {"const": type},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {"anyOf": data} if len(data) > 1 else data[0],
        },
        "required": ["type", "timestamp", "data"],
    }


def published() -> str:
    """The page `docs/events.schema.json`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "events.schema.json").write_text(published())
