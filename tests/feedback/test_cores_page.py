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

from tests.servers.process import free_port
from ussd_engine.app import ENGINE, create_app
from ussd_engine.config import load
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.tables import news
from ussd_engine.messages import CaseEvent
from ussd_engine.model import CaseState
from ussd_engine.testing.specimens import rows, submit

PAGE = Path(__file__).parent.parent.parent / "docs" / "cores.md"
LONGEST = 20


def program() -> str:
    """The first block of Python on the page."""
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    return found[1]


def test_it_is_short() -> None:
    lines = [line for line in program().splitlines() if line.strip()]
    assert len(lines) <= LONGEST
    assert max(map(len, lines)) <= 120
    assert ";" not in program()


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
        port = free_port()
        environ = {**os.environ, "SECRET": secret, "GATEWAY": f"{gateway}/feedback/events", "PORT": str(port)}
        core = await asyncio.create_subprocess_exec(sys.executable, "core.py", cwd=tmp_path, env=environ)
        try:
            await listening(core, port)
            view, state = await circle(tmp_path, door, f"webhook+http://127.0.0.1:{port}/", secret, told)
        finally:
            core.kill()
            await core.wait()
    assert view.words == "Asante."
    assert [line.act for line in view.history] == ["answered"]
    assert state == CaseState.ANSWERED


async def listening(core: asyncio.subprocess.Process, port: int) -> None:
    """It says nothing when it is there: it is asked until it answers."""
    while core.returncode is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0)
        else:
            writer.close()
            return
    pytest.fail("core.py ended")


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
        once = await engine.ledger.submission(committed.reference)
        assert once is not None
        await engine.store.submit(once)
        assert len(await rows(engine.ledger, news)) == 1, "what comes twice is answered once"
        view, case = await engine.store.view(committed.reference), await engine.ledger.case(committed.reference)
        assert case is not None
        return view, case.state
    finally:
        await runner.cleanup()
