"""`ussd-engine simulate` as it is typed, in a terminal of 80 x 24."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ussd_engine import cli

PATIENCE_S = 60.0
ENTER, HANG_UP, QUIT = "\r", "\x0b", "\x11"


class Terminal:
    """A process in a terminal, and all that it wrote there."""

    def __init__(self, folder: Path, *options: str, leads: bool = False, **environ: str) -> None:
        """`leads`: it is told by a signal where its terminal goes, as under a shell."""
        self.seen = b""
        self._terminal, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        program, both = Path(sys.executable).parent / "ussd-engine", {**os.environ, **environ}
        self._child = subprocess.Popen(
            [program, "simulate", *options],
            cwd=folder,
            env=both,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=leads,
            preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if leads else None,
        )
        os.close(inside)

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def read_until(self, words: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while words.encode() not in self.seen:
            assert self._read(until), f"no {words!r} among the last of it: {self.seen[-2000:]!r}"

    def hang_up(self) -> None:
        """What a shell does whose connection is gone."""
        self._child.send_signal(signal.SIGHUP)

    def close(self) -> None:
        """What becomes of a window that is closed: nobody is at the other end."""
        os.close(self._terminal)

    def gone(self) -> set[int]:
        """Once it has ended: which of its children have not."""
        children = {int(pid) for pid in self._children()}
        self._child.wait(PATIENCE_S)
        return {pid for pid in children if Path(f"/proc/{pid}").exists()}

    def _children(self) -> list[str]:
        return Path(f"/proc/{self._child.pid}/task/{self._child.pid}/children").read_text(encoding="ascii").split()

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        until = time.monotonic() + PATIENCE_S
        while self._read(until):
            pass
        code = self._child.wait(PATIENCE_S)
        os.close(self._terminal)
        return code

    def _read(self, until: float) -> bool:
        """Whether there was something."""
        if not select.select([self._terminal], [], [], max(0.0, until - time.monotonic()))[0]:
            return False
        try:
            found = os.read(self._terminal, 65536)
        except OSError:
            return False
        self.seen += found
        return bool(found)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where it runs, and what it must leave empty."""
    place, scratch = tmp_path / "empty", tmp_path / "scratch"
    place.mkdir()
    scratch.mkdir()
    yield place
    assert list(place.iterdir()) == []
    assert list(scratch.iterdir()) == [], "its own folder goes with it"


@pytest.mark.parametrize(("kind", "colour"), [("xterm-256color", True), ("vt100", False)])
def test_it_dials_in_a_real_terminal_and_leaves_nothing_behind(folder: Path, kind: str, colour: bool) -> None:
    environ: dict[str, Any] = {
        "TERM": kind,
        "TMPDIR": str(folder.parent / "scratch"),
        **({} if colour else {"NO_COLOR": "1"}),
    }
    terminal = Terminal(folder, "--lang", "en", **environ)
    terminal.read_until("The gateway is ready.")
    terminal.type("*152*00#" + ENTER)
    terminal.read_until("Huduma za Serikali")
    terminal.type(HANG_UP)
    terminal.read_until("You hung up.")
    terminal.type(QUIT)
    terminal.read_until("steps are not saved")
    terminal.type(QUIT)
    assert terminal.ended() == 0
    assert b"Traceback" not in terminal.seen
    assert (b"[38;" in terminal.seen) is colour


def test_a_terminal_that_goes_away_leaves_nothing_behind(folder: Path) -> None:
    terminal = Terminal(folder, "--lang", "en", TERM="xterm", TMPDIR=str(folder.parent / "scratch"))
    terminal.read_until("The gateway is ready.")
    terminal.hang_up()
    assert terminal.ended() == 0
    assert b"Traceback" not in terminal.seen


@pytest.mark.parametrize("leads", [True, False], ids=["signal", "no signal"])
@pytest.mark.parametrize("said", ["The gateway is starting.", "Huduma za Serikali"])
def test_a_terminal_that_is_closed_at_any_moment_ends_it_and_its_children(folder: Path, said: str, leads: bool) -> None:
    scratch = str(folder.parent / "scratch")
    terminal = Terminal(folder, "--lang", "en", leads=leads, TERM="xterm", TMPDIR=scratch)
    if said == "Huduma za Serikali":
        terminal.read_until("The gateway is ready.")
        terminal.type("*152*00#" + ENTER)
    terminal.read_until(said)
    terminal.close()
    assert terminal.gone() == set()


@pytest.mark.parametrize("kind", ["dumb", ""])
def test_a_terminal_that_shows_no_full_screen_gets_plain_words_and_a_way_out(folder: Path, kind: str) -> None:
    terminal = Terminal(folder, TERM=kind, TMPDIR=str(folder.parent / "scratch"))
    terminal.read_until("`ussd-engine dial`")
    assert terminal.ended() == 2
    assert b"\x1b" not in terminal.seen
    assert b"Traceback" not in terminal.seen


def test_what_keeps_the_gateway_from_starting_is_told_and_the_phone_stays(folder: Path) -> None:
    menus = folder.parent / "menus"
    menus.mkdir()
    (menus / "broken.yaml").write_text("service: [", encoding="utf-8")
    environ: dict[str, Any] = {
        "USSD_ENGINE_MENUS": str(menus),
        "TMPDIR": str(folder.parent / "scratch"),
        "TERM": "xterm",
    }
    country = Path(cli.__file__).parent.parent / "menus" / "countries" / "tanzania.yaml"
    terminal = Terminal(folder, "--lang", "en", USSD_ENGINE_COUNTRY=str(country), **environ)
    terminal.read_until("The gateway cannot start:")
    terminal.type("*152*00#" + ENTER)
    terminal.type(QUIT)
    assert terminal.ended() == 0
    assert b"Traceback" not in terminal.seen


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--msisdn", "12"], "--msisdn is not a phone number"),
        (["--provider", "pigeon"], "'pigeon' is not one of"),
        (["--lang", "fr"], "'fr' is not one of"),
        (["--url", "localhost"], "--url is no address: write it as http://127.0.0.1:8080"),
        ([], "simulate needs a terminal"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(
    options: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["ussd-engine", "simulate", *options])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
