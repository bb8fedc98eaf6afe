"""The gateway against an SMSC of npm's, which shares no line with ours: both ways, and whatever becomes of the bind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.handset import numbers
from tests.gateway.house import CODE, NUMBER
from tests.gateway.test_http import Edge, Opens
from tests.gateway.test_sms_circle import NAMED
from tests.gateway.texting import COMPLAINT, SHORT, WAIT_S, country_with_a_number, reference_in
from tests.servers.node import NodeSmsc
from ussd_engine import app, config
from ussd_engine.sms.message import Progress

Said = dict[str, Any]
RECEIPT = "id:{} sub:001 dlvrd:001 submit date:2601150930 done date:2601150931 stat:DELIVRD err:000 text:Tumepokea"


@pytest.fixture
def network() -> Iterator[NodeSmsc]:
    with NodeSmsc() as found:
        yield found


@pytest.fixture
def centre() -> Iterator[NodeSmsc]:
    with NodeSmsc() as found:
        yield found


@pytest.fixture
async def edge(
    opened: Opens,
    network: NodeSmsc,
    centre: NodeSmsc,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Edge:
    for name, seconds in (("FIRST_S", 0.05), ("SLOWLY_S", 0.1), ("FIRST_PAUSE_S", 0.05)):
        monkeypatch.setattr(f"ussd_engine.smpp.bind.{name}", seconds)
    sms = {"url": centre.url, "system_id": "sms", "password": "p2", "sender": SHORT, "per_second": 200}
    ussd = {"url": network.url, "system_id": "ussd", "password": "p1", "version": "5.0", "sms": sms}
    settings = {"channels": "smpp", "channel_settings": json.dumps({"smpp": ussd})}
    return await opened(country=str(country_with_a_number(tmp_path)), **settings)


async def told(smsc: NodeSmsc, name: str, value: object = None) -> Said:
    return await asyncio.to_thread(smsc.told, name, value)


def leg(op: int, text: str, number: int, **more: object) -> Said:
    """What the operator's gateway sends of a session, by the names that the package has."""
    return {
        "service_type": "USSD",
        "source_addr_ton": 1,
        "source_addr_npi": 1,
        "source_addr": NUMBER,
        "destination_addr": "152*00",
        "short_message": text,
        "ussd_service_op": op,
        "its_session_info": bytes((0x9C, number << 1)).hex(),
        **more,
    }


async def typed(edge: Edge, network: NodeSmsc, *texts: str, first: int = 1) -> Said:
    for number, text in enumerate(texts, first):
        edge.now += 8
        network.ask(deliver=leg(18, text, number))
        screen = await told(network, "command", "submit_sm")
    return screen


async def state(edge: Edge, wanted: Progress) -> None:
    async with asyncio.timeout(WAIT_S):
        while {one.state for one in await edge.engine.ledger.sms_view.messages()} != {wanted}:
            pass


async def test_it_binds_with_its_account(edge: Edge, network: NodeSmsc, centre: NodeSmsc) -> None:
    said = await told(network, "command", "bind_transceiver")
    assert (said["system_id"], said["password"], said["version"]) == ("ussd", "p1", 0x50)
    said = await told(centre, "command", "bind_transceiver")
    assert (said["system_id"], said["password"], said["version"]) == ("sms", "p2", 0x34)
    await told(network, "bound")


async def test_a_dialog_goes_to_its_reference_and_an_sms_with_its_receipt(
    edge: Edge, network: NodeSmsc, centre: NodeSmsc
) -> None:
    await told(network, "bound")
    network.ask(deliver=leg(1, CODE, 0))
    assert (await told(network, "command", "deliver_sm_resp"))["status"] == 0
    screen = await told(network, "command", "submit_sm")
    assert (screen["op"], screen["info"]) == (2, "9c02")
    assert (screen["source"], screen["destination"], screen["service_type"]) == ("152*00", NUMBER, "USSD")
    assert "9. Maoni na mrejesho" in screen["text"]
    screen = await typed(edge, network, *NAMED)
    last = len(NAMED)
    assert (screen["op"], screen["info"]) == (17, bytes((0x9C, last + 1 << 1 | 1)).hex())
    ref = reference_in(screen["text"])
    sent = await told(centre, "command", "submit_sm")
    assert ref in sent["text"]
    assert (sent["source"], sent["destination"], sent["registered"]) == (SHORT, NUMBER, 1)
    await state(edge, Progress.ACCEPTED)
    receipt = {"esm_class": 4, "source_addr": NUMBER, "destination_addr": SHORT}
    centre.ask(deliver={**receipt, "short_message": RECEIPT.format(sent["id"])})
    assert (await told(centre, "command", "deliver_sm_resp"))["status"] == 0
    await state(edge, Progress.DELIVERED)


async def test_a_dialog_goes_on_where_the_network_sends_our_numbers_back(edge: Edge, network: NodeSmsc) -> None:
    await told(network, "bound")
    network.ask(deliver=leg(1, CODE, 0))
    screen = await told(network, "command", "submit_sm")
    for text in NAMED:
        edge.now += 8
        network.ask(deliver=leg(18, text, 0, its_session_info=screen["info"]))
        screen = await told(network, "command", "submit_sm")
    assert screen["op"] == 17
    assert reference_in(screen["text"])


async def test_an_sms_comes_in_and_is_replied_to(edge: Edge, centre: NodeSmsc) -> None:
    await told(centre, "bound")
    number = {"source_addr_ton": 1, "source_addr_npi": 1, "source_addr": NUMBER, "destination_addr": SHORT}
    centre.ask(deliver={**number, "short_message": COMPLAINT})
    assert (await told(centre, "command", "deliver_sm_resp"))["status"] == 0
    assert reference_in((await told(centre, "command", "submit_sm"))["text"])


async def test_a_long_sms_comes_in_parts(edge: Edge, centre: NodeSmsc) -> None:
    await told(centre, "bound")
    number = {"source_addr_ton": 1, "source_addr_npi": 1, "source_addr": NUMBER, "destination_addr": SHORT}
    for index, part in enumerate((COMPLAINT, " tangu Jumatatu"), 1):
        octets = bytes((5, 0, 3, 9, 2, index)) + part.encode()
        centre.ask(deliver={**number, "esm_class": 0x40, "message_hex": octets.hex()})
        assert (await told(centre, "command", "deliver_sm_resp"))["status"] == 0
    ref = reference_in((await told(centre, "command", "submit_sm"))["text"])
    assert str((await edge.submission(ref)).answers["message"]).endswith("Jumatatu")


async def test_a_throttled_screen_is_sent_again(edge: Edge, network: NodeSmsc) -> None:
    await told(network, "bound")
    for status in (0x58, 0x14, 0x08):
        network.ask(answer={"status": status})
    network.ask(deliver=leg(1, CODE, 0))
    assert [(await told(network, "answered"))["answered"] for _ in range(4)] == [0x58, 0x14, 0x08, 0]
    assert (await numbers(edge))['ussd_bind_changes_total{change="busy",channel="smpp",medium="ussd"}'] == 3


async def test_a_throttled_sms_leaves_later(edge: Edge, centre: NodeSmsc) -> None:
    await told(centre, "bound")
    centre.ask(answer={"status": 0x58})
    number = {"source_addr_ton": 1, "source_addr": NUMBER, "destination_addr": SHORT}
    centre.ask(deliver={**number, "short_message": "MSAADA"})
    first, second = [await told(centre, "answered") for _ in range(2)]
    assert (first["answered"], second["answered"]) == (0x58, 0)
    assert first["text"] == second["text"]


async def test_a_dialog_goes_on_after_the_line_broke_in_it(edge: Edge, network: NodeSmsc) -> None:
    await told(network, "bound")
    network.ask(deliver=leg(1, CODE, 0))
    await told(network, "command", "submit_sm")
    await typed(edge, network, "9", "2")
    network.ask(drop=True)
    await told(network, "closed", 0)
    await told(network, "bound")
    screen = await typed(edge, network, *NAMED[2:], first=3)
    assert screen["op"] == 17
    assert reference_in(screen["text"])


async def test_a_wrong_password_is_told_and_tried_again(
    edge: Edge, network: NodeSmsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told(network, "bound")
    network.ask(admit=0x0E)
    network.ask(drop=True)
    for _ in range(3):
        await told(network, "command", "bind_transceiver")
    status, body = await edge.get("/readyz")
    assert (status, body) == (200, "ready\nsmpp (ussd): not bound: the password is wrong (status 0x0E)\n")
    assert edge.lines.getvalue().count(b"refuses the bind") == 1
    assert b"p1" not in edge.lines.getvalue()
    network.ask(admit=0)
    await told(network, "bound")
    assert (await edge.get("/readyz"))[1] == "ready\n"


async def test_it_unbinds_at_the_end(network: NodeSmsc, tmp_path: Path) -> None:
    settings = json.dumps({"smpp": {"url": network.url, "system_id": "ussd", "password": "p1"}})
    named = {"VAR": str(tmp_path), "CHANNELS": "smpp", "CHANNEL_SETTINGS": settings}
    edge = Edge(config.load({f"USSD_ENGINE_{name}": value for name, value in named.items()}))
    async with app.running(edge.app):
        await told(network, "bound")
        network.ask(deliver=leg(1, CODE, 0))
        await told(network, "command", "submit_sm")
    await told(network, "command", "unbind")
