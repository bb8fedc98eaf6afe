"""What an operator reads of the turns: names of ours alone, where people give up, what is alive."""

from __future__ import annotations

import re

import pytest

from tests.gateway.handset import OTHER, Handset, numbers
from tests.gateway.house import HOME, NUMBER, WORDS
from tests.gateway.test_http import Opens


async def test_labels_are_names_of_ours_alone(opened: Opens) -> None:
    edge = await opened()
    phone = Handset(edge)
    await phone.dial()
    await phone.type(*HOME, "1", "1", "tanesco", "1", "1", WORDS, "1", "1")
    for _ in range(30):
        await phone.leg()
    text = (await edge.get("/metrics"))[1]
    services = edge.engine.editions.current.services
    screens = {f"{name}/{screen}" for name, menu in services.items() for screen in menu.service.screens}
    found = set(re.findall(r'screen="([^"]*)"', text))
    ends = {name for name in screens if services[name.partition("/")[0]].screen(name.partition("/")[2]).kind == "end"}
    assert ends.isdisjoint(re.findall(r'asked_total{screen="([^"]*)"', text)), "nobody answers an end"
    assert {"gmp/gmp_root", "emrejesho/review", "emrejesho/done"} <= found <= screens
    assert set(re.findall(r'channel="([^"]*)"', text)) == {"africastalking"}
    for canary in (NUMBER, NUMBER[3:], WORDS, "tanesco", f"{NUMBER}-1"):
        assert canary not in text


async def test_drop_off_is_what_was_asked_and_not_answered(opened: Opens) -> None:
    edge = await opened()
    stays, leaves = Handset(edge), Handset(edge, OTHER)
    for phone in (stays, leaves):
        await phone.dial()
        await phone.type(*HOME, "1")
    await stays.leg()
    await stays.type("7", "1")
    told = await numbers(edge)
    asked = told['ussd_screen_asked_total{screen="emrejesho/inst_how"}']
    answered = told['ussd_screen_answered_total{screen="emrejesho/inst_how"}']
    assert (asked, answered) == (3, 2), "a wrong key is an answer and asks anew; a repeat is neither"
    assert told['ussd_screen_asked_total{screen="emrejesho/inst_query"}'] == 1
    assert 'ussd_screen_answered_total{screen="emrejesho/inst_query"}' not in told


async def test_live_sessions_are_told_where_the_store_counts(opened: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    edge = await opened()

    async def count(self: object) -> int:
        return 7

    monkeypatch.setattr(type(edge.stores[0]), "count", count, raising=False)
    assert (await numbers(edge))["ussd_live_sessions"] == 7
