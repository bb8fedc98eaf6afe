"""The session: all that is known of one caller's unfinished dialog.

Times are Unix milliseconds. Ids of ours are random; the provider's ids and texts stand here only as keyed hashes.
"""

from __future__ import annotations

import msgspec

Value = str | None
"""An answer as stored; `None` is a question that was skipped."""


class _Quiet(msgspec.Struct):
    """Prints only what it shows on purpose: what a citizen wrote must not reach a log by way of a traceback."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._shown())})"

    def _shown(self) -> list[str]:
        return []


class Edit(_Quiet, array_like=True):
    """A `change` or an `add` under way: an overlay on the answers beneath it.

    The answers named in `masked` count as not given; what is answered meanwhile stands in `fresh`. When the item is
    answered the overlay is merged down; going back past its first question drops it, and the old answers stand.
    """

    item: str
    screen: str
    """The screen that she left, to which back leads."""
    masked: list[str] = []
    fresh: dict[str, Value] = {}
    add: bool = False

    def _shown(self) -> list[str]:
        return [self.item]


class About(_Quiet, array_like=True):
    """The case that the dialog is about: what its screens show, and no word of anybody."""

    ref: str
    opened: bool = False
    """She has opened it by the rules: its words may be asked for, and acts on it need no PIN again."""
    can: list[str] = []
    """What she may do about it: facts."""
    values: dict[str, Value] = {}

    def _shown(self) -> list[str]:
        return ["opened"] if self.opened else []


class Draft(_Quiet, array_like=True):
    """One run of a form: what was answered, in the order of asking."""

    service: str
    form: str
    run: bytes
    answers: dict[str, Value] = {}
    left: str = ""
    """The screen at which she left the form; empty while she is inside it."""
    page: int = 0
    """The page of `left`."""
    given: list[str] = []
    """Names of answers that she was not asked for: the line that led here brought them."""
    edits: list[Edit] = []
    about: About | None = None
    """The case from which the form was entered: a drop must not lose what an appeal is about."""

    def _shown(self) -> list[str]:
        return [f"{self.service}.{self.form}", *self.answers]


class Pending(_Quiet, array_like=True):
    """An act that was begun and whose outcome is not yet known to the session."""

    action: str
    """The action of the menu, by its name in the service."""
    do: str
    """The registered action, which outlives the menu."""
    key: bytes
    attempt: int
    at_ms: int
    drawn: dict[str, Value] = {}
    """What the outcome needs and what was drawn at random before the act: `ref`, `case`."""

    def _shown(self) -> list[str]:
        return [self.action, f"attempt {self.attempt}"]


class Outcome(_Quiet, array_like=True):
    """What a final screen shows, but for the PIN, which is derived again."""

    at_ms: int
    values: dict[str, Value] = {}
    case: bytes = b""
    """The case's internal id, from which the PIN is derived; empty where none is shown."""
    generation: int = 0
    """Of that PIN."""


class Session(_Quiet, array_like=True):
    """One caller's dialog. Fields that are mostly empty stand last, so that the stored form can leave them out."""

    dialog: bytes
    """Random, drawn at a start, at "start again", at "forget", at a dial after a final screen."""
    menu: bytes
    """The version of the menus on which the dialog runs."""
    service: str
    screen: str
    locale: str
    """Empty until it is known."""
    step: int = 0
    touched_ms: int = 0
    """The time of the last leg."""
    dialogue: bytes = b""
    """Hash of channel and provider's session id."""
    leg: bytes = b""
    """Hash of the last leg: the cumulative text, the sequence number, or the input."""
    leg_length: int = 0
    """Cumulative text: its length in bytes as received. Sequence: the number. Else 0."""
    msisdn: int = 0
    """E.164 without the plus sign; 0 where the caller's number did not reach us."""
    drafts: list[Draft] = []
    """At most two, of two services; the current one last."""
    left: list[bytes] = []
    """The last four dialogues that this session left, as hashes."""
    trail: list[str] = []
    """The way back outside a form: screens of the service."""
    page: int = 0
    line: str = ""
    """The line above the screen: an error's name, or `!` and a warning's."""
    wrong: int = 0
    """Wrong answers in a row."""
    outcome: Outcome | None = None
    values: dict[str, Value] = {}
    """What screens outside a form saved."""
    recent: list[tuple[bytes, int]] = []
    """Channels without leg identity: hash and time of the answers younger than `hold_s`."""
    predialled: bool = False
    """Only digits dialled with the code were seen so far: the next text may leave them out."""
    waiting: str = ""
    """The screen of the alias that was dialled, behind the service's first one."""
    began: int = 0
    """The step at which the running dialogue began."""
    held: bool = False
    """The answer that led to this screen may itself have been a repeat, and nothing has been held for that yet."""
    pending: Pending | None = None
    about: About | None = None
    rows: list[list[str]] = []
    """What the screen showed of what stands elsewhere: the rows of a list, so that a number means the row that was
    shown; of a long text a fingerprint and its pages."""

    def _shown(self) -> list[str]:
        return [f"{self.service}/{self.screen}", f"step {self.step}", *map(repr, self.drafts)]

    @property
    def first(self) -> bool:
        """Whether the running dialogue has had no answer yet."""
        return self.step == self.began
