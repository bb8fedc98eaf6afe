"""Two nodes on one PostgreSQL: a callback that comes to both acts once, and each answer leaves once."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import func, select

from tests.gateway.test_http import Edge
from tests.gateway.texting import WAIT_S, Writer, carrying
from tests.servers.postgres_server import PostgresServer
from ussd_engine import app
from ussd_engine.ledger.tables import cases

pytestmark = pytest.mark.postgres

PHONES = 24


async def test_a_process_that_takes_sms_needs_no_private_key_and_another_one_sends(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    async with carrying(tmp_path, database=postgres.url, role="ussd") as (edge, exchange):
        phone = Writer(edge, exchange)
        await phone.write("LALAMIKO umeme umekatika siku tatu", replies=0)
        assert exchange.texts == []
        worker = Edge(dataclasses.replace(edge.engine.config, role="worker"))
        async with app.running(worker.app):
            asked, _ = await exchange.next(2)
            assert asked.startswith("Taasisi ipi?")
            (received,) = await phone.write("1")
            assert received.startswith("Tumepokea. Namba: ")


async def test_a_callback_at_two_nodes_acts_once(postgres: PostgresServer, tmp_path: Path) -> None:
    async with carrying(tmp_path, database=postgres.url) as (edge, exchange):
        other = Edge(dataclasses.replace(edge.engine.config))
        async with app.running(other.app) as url, aiohttp.ClientSession() as client:
            other.url, other.client = url, client
            numbers = [f"2557000001{number:02}" for number in range(PHONES)]
            posts = [
                Writer(node, exchange, msisdn=msisdn).post(f"LALAMIKO TANESCO umeme umekatika mtaa wa {msisdn}", msisdn)
                for msisdn in numbers
                for node in (edge, other)
                for _ in range(2)
            ]
            assert {status for status, _ in await asyncio.gather(*posts)} == {200}
            async with asyncio.timeout(2 * WAIT_S):
                while len(exchange.texts) < 2 * PHONES:
                    exchange.changed.clear()
                    await exchange.changed.wait()
            await exchange.settled()
            count = select(func.count()).select_from(cases)
            assert await edge.engine.ledger.database.read(lambda conn: conn.scalar(count)) == PHONES
            assert Counter(to for to, _ in exchange.texts) == dict.fromkeys(numbers, 2)
            arrived = [await node.get("/metrics") for node in (edge, other)]
            assert sum(text.count('arrival="unkept"') for _, text in arrived) == 0
