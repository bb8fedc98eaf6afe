"""The log tells what happened and cannot tell what was said."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine.channels.codes import normalise
from ussd_engine.counts import Count, Outcome
from ussd_engine.errors import Why
from ussd_engine.logs import Log, Notice, place_of, redirect
from ussd_engine.sms.message import RouteFault

CANARY = "Barabara mbovu 255700000001"


class Captured:
    """A log that is kept."""

    def __init__(self, level: str = "DEBUG") -> None:
        self.stream = io.BytesIO()
        self.log = Log(level, self.stream)

    @property
    def text(self) -> str:
        return self.stream.getvalue().decode()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def captured() -> Captured:
    return Captured()


@pytest.fixture
def _libraries() -> Iterator[None]:
    """Puts back what `redirect` replaces."""
    root, hooks = logging.getLogger(), (sys.excepthook, sys.unraisablehook, threading.excepthook)
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
    root.setLevel(level)


def turn(log: Log, **fields: Any) -> None:
    given = {"log_tag": "9f2c", "channel": "beem", "screen": "emrejesho/message", "seconds": 0.00312}
    log.turn(**{"outcome": Outcome.CONTINUED, **given, **fields})


def failure(text: str) -> Exception:
    try:
        try:
            int(text)
        except ValueError as error:
            typed = text  # a local that a traceback with locals would show
            raise KeyError(typed) from error
    except KeyError as error:
        return error
    raise AssertionError("the canary is a number")


def test_a_turn_is_one_line(captured: Captured) -> None:
    turn(captured.log, counts=[Count.HELD])
    (line,) = captured.lines
    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "turn",
        "level": "info",
        "log_tag": "9f2c",
        "channel": "beem",
        "screen": "emrejesho/message",
        "outcome": "continued",
        "ms": 3.1,
        "counts": ["held"],
    }


@pytest.mark.parametrize("field", ["log_tag", "channel", "screen"])
def test_a_field_that_does_not_look_like_itself_is_not_written(captured: Captured, field: str) -> None:
    turn(captured.log, **{field: CANARY})
    assert captured.lines[0][field] == "?"
    assert "Barabara" not in captured.text


@given(st.text())
def test_no_text_breaks_a_line(text: str) -> None:
    captured = Captured()
    turn(captured.log, screen=text, channel=text, log_tag=text)
    captured.log.notice(Notice.RELOAD_REFUSED, place=text)
    assert len(captured.lines) == 2
    assert captured.text.isascii()


def test_a_count_is_one_of_ours(captured: Captured) -> None:
    turn(captured.log, counts=["held", CANARY])
    assert captured.lines[0]["counts"] == ["held", "?"]


def test_an_outcome_is_one_of_ours(captured: Captured) -> None:
    with pytest.raises(ValueError, match="is not a valid Outcome"):
        turn(captured.log, outcome="wrong")


def test_a_fault_is_told_by_place_and_type_to_its_first_cause(captured: Captured) -> None:
    captured.log.fault(failure(CANARY), log_tag="9f2c", channel="beem")
    (line,) = captured.lines
    assert line["level"] == "error"
    assert [cause["type"] for cause in line["chain"]] == ["KeyError", "ValueError"]
    assert line["chain"][0]["place"].startswith("test_logs.py:")
    assert "Barabara" not in captured.text


def test_a_fault_of_a_provider_tells_its_channel_and_why_in_words_of_ours(captured: Captured) -> None:
    fault = RouteFault(CANARY, why=Why.PROVIDER_UNREADABLE)
    fault.channel = "africastalking"
    captured.log.fault(fault)
    (line,) = captured.lines
    assert line["channel"] == "africastalking"
    assert line["chain"] == [{"type": "RouteFault", "place": "", "why": Why.PROVIDER_UNREADABLE.value}]
    fault.channel = CANARY
    captured.log.fault(fault)
    assert captured.lines[1]["channel"] == "?"
    assert "Barabara" not in captured.text


def test_a_context_that_was_put_aside_stays_aside(captured: Captured) -> None:
    error = failure(CANARY)
    error.__cause__, error.__suppress_context__ = None, True
    captured.log.fault(error)
    assert [cause["type"] for cause in captured.lines[0]["chain"]] == ["KeyError"]


def test_the_place_of_a_fault_is_ours_where_it_passed_through_us() -> None:
    with pytest.raises(Exception, match="not a code") as error:
        normalise(CANARY)
    assert place_of(error.value.__traceback__).startswith("ussd_engine/channels/codes.py:")


def test_a_fault_without_traceback_has_no_place(captured: Captured) -> None:
    captured.log.fault(ValueError(CANARY))
    assert captured.lines[0]["chain"] == [{"type": "ValueError", "place": ""}]


def test_a_notice_names_a_place(captured: Captured) -> None:
    captured.log.notice(Notice.RELOAD_REFUSED, place="menus/emrejesho/complaint.yaml:41", number=3)
    captured.log.notice(Notice.STARTED)
    refused, started = captured.lines
    assert (refused["level"], refused["place"], refused["number"]) == (
        "warning",
        "menus/emrejesho/complaint.yaml:41",
        3,
    )
    assert (started["level"], started["event"]) == ("info", "started")


def test_what_is_counted_outside_a_turn_has_a_line(captured: Captured) -> None:
    captured.log.count(Count.NOT_A_CALLBACK, "beem")
    assert captured.lines[0]["count"] == "not_a_callback"


def test_lines_below_the_level_are_not_written() -> None:
    captured = Captured("WARNING")
    turn(captured.log)
    captured.log.notice(Notice.KEYS_MADE)
    assert [line["event"] for line in captured.lines] == [Notice.KEYS_MADE]


@pytest.mark.usefixtures("_libraries")
def test_a_library_cannot_write_what_was_typed(captured: Captured) -> None:
    redirect(captured.log, "DEBUG")
    logger = logging.getLogger("aiohttp.server")
    logger.debug("request %s", CANARY)
    logger.error(f"Error handling {CANARY}", exc_info=failure(CANARY))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn_explicit(CANARY, UserWarning, "file.py", 1)
    sys.excepthook(KeyError, failure(CANARY), None)
    assert [line["event"] for line in captured.lines] == ["library", "library", "library", "fault"]
    assert captured.lines[1]["logger"] == "aiohttp.server"
    assert captured.lines[1]["place"].startswith("test_logs.py:")
    assert [cause["type"] for cause in captured.lines[1]["chain"]] == ["KeyError", "ValueError"]
    assert "Barabara" not in captured.text
