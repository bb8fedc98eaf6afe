"""SMS over SMPP, tried on one machine: a gateway binds to `ussd-engine smsc`, where SMS are read and written."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-c", "from ussd_engine.cli import main; main()")
ACCOUNT = {"sender": "15200", "system_id": "sms", "password": "p2"}
CALLER = "255700000001"


@pytest.fixture
def port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def environment(folder: Path, sms: dict[str, object]) -> dict[str, str]:
    country = folder / "country.yaml"
    country.write_text((ROOT / "menus/countries/tanzania.yaml").read_text().replace('sc: ""', 'sc: "15200"'))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("USSD_ENGINE_")}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "USSD_ENGINE_COUNTRY": str(country),
        "USSD_ENGINE_CHANNELS": "smpp",
        "USSD_ENGINE_CHANNEL_SETTINGS": json.dumps({"smpp": {"sms": sms}}),
    }


@contextlib.contextmanager
def started(*words: str, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """A command that runs, and does not outlive the test."""
    with subprocess.Popen([*COMMAND, *words], text=True, **more) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.timeout(180)
def test_an_sms_is_written_to_a_gateway_and_its_reply_is_read(tmp_path: Path, port: int) -> None:
    environ = environment(tmp_path, {"url": f"smpp://127.0.0.1:{port}", **ACCOUNT})
    here: dict[str, Any] = {"cwd": tmp_path, "env": environ}
    pipes = dict.fromkeys(["stdin", "stdout", "stderr"], subprocess.PIPE)
    with started("smsc", **here, **pipes) as centre:
        assert centre.stdin is not None
        assert centre.stdout is not None
        assert centre.stderr is not None
        assert centre.stderr.readline() == f"waiting for a gateway to bind to smpp://127.0.0.1:{port}; Ctrl+C ends it\n"
        with started("serve", "--port", "0", **here, stdout=subprocess.DEVNULL):
            assert centre.stderr.readline().startswith("a gateway is bound; type NUMBER TEXT")
            for line in ("hello", f"{CALLER} LALAMIKO TANESCO umeme umekatika siku tatu"):
                centre.stdin.write(f"{line}\n")
                centre.stdin.flush()
            assert centre.stderr.readline().startswith("write NUMBER TEXT: ")
            assert re.fullmatch(rf"< 15200 to {CALLER}( \(part 1 of \d\))?\n", centre.stdout.readline())
            assert re.search(r"\b[1-9]\d{8}\b", centre.stdout.readline())
            centre.send_signal(signal.SIGINT)
            assert centre.wait(timeout=30) == 130
        assert "Traceback" not in centre.stderr.read()


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        ("smpp", "has no TLS: set url to smpp://127.0.0.1:PORT"),
        ("generic", 'channel "generic" carries no SMS over SMPP here: its settings need a table sms'),
    ],
)
def test_an_smsc_that_cannot_be_played_says_why(tmp_path: Path, channel: str, words: str) -> None:
    environ = environment(tmp_path, {"url": "smpps://127.0.0.1:1", **ACCOUNT})
    done = subprocess.run(
        [*COMMAND, "smsc", "--channel", channel], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
