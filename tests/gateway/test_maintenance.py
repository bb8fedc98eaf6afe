"""Maintenance: who dials is told until when, by a setting that a signal has read again."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
from handset import ENGLISH, OTHER, Handset, numbers
from house import NUMBER
from processes import Phone, environment, served

from ussd_engine import serve


async def test_in_maintenance_dials_are_told_so_and_running_dialogs_go_on(opened: Callable[..., Any]) -> None:
    edge = await opened()
    phone, other = Handset(edge), Handset(edge, OTHER)
    await phone.dial()
    await phone.type(*ENGLISH)
    edge.engine.admission.maintenance = date(2026, 1, 16)
    assert await other.dial() == "END e-Mrejesho iko kwenye matengenezo hadi 16/01/2026. Samahani kwa usumbufu."
    assert (await phone.type("1")).startswith("CON Who is it for?")
    assert await phone.dial() == "END e-Mrejesho is under maintenance until 16/01/2026. We are sorry."
    edge.now += 86_400
    assert (await other.dial()).startswith("END ")
    edge.now += 86_400
    assert (await other.dial()).startswith("CON ")
    assert (await numbers(edge))['ussd_maintenance_total{channel="africastalking"}'] == 3


async def test_a_setting_announces_it_from_the_start(opened: Callable[..., Any]) -> None:
    edge = await opened(maintenance="2026-01-15")
    assert (await Handset(edge).dial()).startswith("END e-Mrejesho iko kwenye matengenezo hadi 15/01/2026.")


async def test_a_signal_announces_it_and_takes_it_back(tmp_path: Path) -> None:
    file = tmp_path / "ussd.toml"
    file.write_text("")
    env = environment(var=str(tmp_path), config=str(file))
    async with served(tmp_path, env=env) as gateway, aiohttp.ClientSession() as client:
        phone = Phone(client, await gateway.url(), NUMBER)
        assert (await phone.dial()).startswith("CON ")
        for settings, begins in (("maintenance = 2126-01-15\n", "END e-Mrejesho iko"), ("", "CON ")):
            file.write_text(settings)
            before = len(gateway.said)
            gateway.signal(signal.SIGHUP)
            await gateway.says("menus reloaded", before)
            assert (await phone.dial()).startswith(begins)
        file.write_text("maintenance = 'soon'\n")
        gateway.signal(signal.SIGHUP)
        await gateway.says("settings not read again, the old ones stay")


async def test_a_worker_hears_of_it_from_its_parent(opened: Callable[..., Any]) -> None:
    edge = await opened()
    ours, _ = multiprocessing.Pipe()
    for day, expected in ((b"2026-01-16", date(2026, 1, 16)), (b"", None)):
        await serve._heed(ours, edge.engine, serve.MAINTENANCE + day, print)
        assert edge.engine.admission.maintenance == expected
