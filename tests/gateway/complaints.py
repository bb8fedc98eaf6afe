"""Complaints by many phones at once: typed to some depth, broken off, gone on with, and looked for in the ledger."""

from __future__ import annotations

import asyncio

from tests.gateway.house import HOME, SEND
from tests.gateway.processes import Phone, number, reference_in
from tests.servers.inside import Inside
from ussd_engine.testing.specimens import cases_of

MESSAGE = -3
"""Which of the answers is the text."""


def answers(index: int) -> tuple[str, ...]:
    """From the first screen to the last one, with a text that no other phone sends."""
    return (*HOME, "1", "1", "tanesco", "1", "1", f"Umeme umekatika mtaa wa {index}", "1", SEND)


async def phones_at(inside: Inside, *depths: int) -> list[Phone]:
    """Phones that have given so many answers each."""

    async def phone_at(index: int, depth: int) -> Phone:
        phone = Phone(inside.client, inside.url, number(index))
        await phone.dial()
        if depth:
            await phone.type(*answers(index)[:depth])
        return phone

    return list(await asyncio.gather(*(phone_at(index, depth) for index, depth in enumerate(depths))))


async def redialled(phone: Phone, index: int) -> str:
    """She dials again and goes on with whatever stands; the reference."""
    screen = await phone.dial()
    if "Namba: " not in screen:
        screen = await phone.type("9", "2")
        assert "Endelea ulipoishia" in screen, screen
        screen = await phone.type("1")
    while "Namba: " not in screen:
        assert screen.startswith("CON "), screen
        screen = await phone.type(reply_to(screen, index))
    return reference_in(screen)


def reply_to(screen: str, index: int) -> str:
    """What she types on one of the last screens of a complaint."""
    if "1. Tuma" in screen or "1. Siri" in screen:
        return "1"
    return answers(index)[MESSAGE]


async def until_it_ends(phone: Phone, texts: tuple[str, ...]) -> str:
    """The last screen, or the first that ends the dialog."""
    for text in texts:
        screen = await phone.type(text)
        if screen.startswith("END "):
            break
    return screen


async def assert_each_has_one_case(inside: Inside, references: list[str]) -> None:
    """One case a phone, with her own text, under the reference that she was shown."""
    cases = await cases_of(inside.engine.ledger)
    assert sorted(case.reference for case in cases) == sorted(references)
    for index, reference in enumerate(references):
        submission = await inside.engine.ledger.submission(reference)
        assert submission is not None
        assert submission.answers["message"] == answers(index)[MESSAGE]
