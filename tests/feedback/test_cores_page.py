"""The core of the page `docs/cores.md`, run as a reader runs it."""

import asyncio
import base64
import os
import re
import secrets
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from ussd_engine.app import ENGINE, create_app
from ussd_engine.config import load
from ussd_engine.ledger import Ledger
from ussd_engine.messages import CaseEvent
from ussd_engine.model import CaseState
from ussd_engine.testing.specimens import submit

PAGE = Path(__file__).parent.parent.parent / "docs" / "cores.md"
LONGEST = 30


def program() -> str:
    """The first block of Python on the page."""
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    return found[1]


def test_it_is_short() -> None:
    assert len([line for line in program().splitlines() if line]) < LONGEST


async def test_a_reader_runs_it_and_her_complaint_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = asyncio.Event()
    tell = Ledger.tell

    async def heard(ledger: Ledger, events: Sequence[CaseEvent], *rest: Any) -> Any:
        found = await tell(ledger, events, *rest)
        told.set()
        return found

    monkeypatch.setattr(Ledger, "tell", heard)
    (tmp_path / "core.py").write_text(program())
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    with socket.create_server(("127.0.0.1", 0)) as door:
        gateway = f"http://127.0.0.1:{door.getsockname()[1]}"
        environ = {**os.environ, "SECRET": secret, "GATEWAY": gateway, "PORT": "0"}
        core = await asyncio.create_subprocess_exec(
            sys.executable, "core.py", cwd=tmp_path, env=environ, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert core.stdout
            port = int(await core.stdout.readline())
            view, state = await circle(tmp_path, door, f"webhook+http://127.0.0.1:{port}/", secret, told)
        finally:
            core.kill()
            await core.wait()
    assert view.words == "Tumeshughulikia. Asante."
    assert [line.act for line in view.history] == ["answered"]
    assert state == CaseState.ANSWERED


async def circle(folder: Path, door: socket.socket, feedback: str, secret: str, told: asyncio.Event) -> Any:
    """A complaint through the whole gateway; what is read of it, and its state, once the core has answered."""
    environ = {
        "USSD_ENGINE_VAR": str(folder / "var"),
        "USSD_ENGINE_FEEDBACK": feedback,
        "USSD_ENGINE_FEEDBACK_SETTINGS": f'{{"secrets": "{secret}"}}',
    }
    runner = web.AppRunner(create_app(load(environ), proven=True), access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, door).start()
        engine = runner.app[ENGINE]
        committed = await engine.ledger.act(submit())
        await told.wait()
        view, case = await engine.store.view(committed.reference), await engine.ledger.case(committed.reference)
        assert case is not None
        return view, case.state
    finally:
        await runner.cleanup()
