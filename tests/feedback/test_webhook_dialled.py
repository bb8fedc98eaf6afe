"""From a phone to a core behind webhooks: a complaint that is dialled, through the whole gateway."""

import json
import secrets
import socket
from pathlib import Path

import jsonschema
import pytest
from aiohttp import ClientSession, web
from standardwebhooks import Webhook

from tests.feedback.hooked_core import Core
from ussd_engine.app import create_app
from ussd_engine.config import load
from ussd_engine.dialog import ID_LENGTH
from ussd_engine.feedback import wire

SCHEMA = {**wire.schema(), "$ref": "#/$defs/to_core"}
WORDS = "Umeme umekatika mtaani kwetu"
TYPED = ("9", "2", "1", "1", "1", "tanesco", "1", "1", WORDS, "1", "1")
"""Through the root and the service to a complaint, and sent."""


@pytest.mark.parametrize("payload", ["full", "thin"])
async def test_a_dialled_complaint_reaches_the_core_signed(tmp_path: Path, payload: str) -> None:
    core = Core()
    core.asks_back = payload == "thin"
    with socket.create_server(("127.0.0.1", 0)) as door:
        core.gateway = f"http://127.0.0.1:{door.getsockname()[1]}"
        async with core.standing():
            screen = await dialled(tmp_path, door, core, payload)
    headers, body = core.requests[0]
    sent = Webhook(core.secret).verify(body, dict(headers))
    jsonschema.validate(sent, SCHEMA)
    (taken,) = core.messages
    assert taken["type"] == "submission.created"
    assert taken["data"]["reference"] in screen
    assert taken["data"]["answers"]["message"] == WORDS
    assert taken["data"]["id"] == headers["webhook-id"] == sent["data"]["id"]
    assert len(bytes.fromhex(headers["webhook-id"])) == ID_LENGTH
    assert (WORDS in body.decode()) == (payload == "full")


async def dialled(folder: Path, door: socket.socket, core: Core, payload: str) -> str:
    """The last screen of a complaint, once the core has got it."""
    environ = {
        "USSD_ENGINE_VAR": str(folder / "var"),
        "USSD_ENGINE_FEEDBACK": f"webhook+{core.address}",
        "USSD_ENGINE_FEEDBACK_SETTINGS": json.dumps({"secrets": core.secret, "payload": payload}),
    }
    runner = web.AppRunner(create_app(load(environ), proven=True), access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, door).start()
        async with ClientSession() as client:
            screen = await typed(client, core.gateway)
        await core.got_one.wait()
        return screen
    finally:
        await runner.cleanup()


async def typed(client: ClientSession, gateway: str) -> str:
    """Dial, and type one thing after the other; the last screen."""
    dialogue = {"sessionId": secrets.token_hex(8), "phoneNumber": "+255700000001", "serviceCode": "*152*00#"}
    for step in range(len(TYPED) + 1):
        fields = {**dialogue, "networkCode": "64004", "text": "*".join(TYPED[:step])}
        async with client.post(f"{gateway}/ussd/africastalking", data=fields) as answer:
            assert answer.status == 200
            screen = await answer.text()
    return screen
