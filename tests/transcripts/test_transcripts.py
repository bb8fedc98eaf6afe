"""Each dialog as it is written down: on every channel with each callback delivered twice, on two of them also once."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.transcript import load
from tests.transcripts.conftest import CHANNELS, FILES, WHOLE, Theatre, played
from ussd_engine.testing.specimens import cases_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

RUNS = [
    pytest.param(file, channel, twice, id=f"{file.stem}-{channel}{'-twice' * twice}")
    for file in FILES
    for channel in CHANNELS
    if channel in (load(file).channels or CHANNELS) and played(file, channel)
    for twice in ((False, True) if channel in WHOLE else (True,))
]


@pytest.mark.parametrize(("file", "channel", "twice"), RUNS)
async def test_a_dialog_is_as_it_is_written(theatre: Theatre, file: Path, channel: str, twice: bool) -> None:
    assert await theatre.play(file, channel, twice) == []


async def test_the_transcripts_take_everything_that_the_menus_offer(theatre: Theatre) -> None:
    for file in FILES:
        await theatre.play(file, CHANNELS[0])
    theatre.coverage.count(theatre.stage)
    assert theatre.coverage.missing == []
    idle = {what.rpartition("/")[2] for what in theatre.coverage.offer.listed}
    assert idle == {"busy", "maint", "no_service", "shut", "too_fast"}, (
        "what no installation here can reach must have a reason"
    )


async def test_the_ledger_holds_the_references_that_were_shown_and_no_other(theatre: Theatre) -> None:
    for file in FILES:
        await theatre.play(file, CHANNELS[0])
    stored: list[str] = []
    for local in theatre.stage.gateways.values():
        stored += [case.reference for case in await cases_of(local.engine.ledger)]
    assert set(stored) == theatre.shown
    assert len(stored) == len(set(stored)) > 100


async def test_a_fault_that_strikes_nothing_is_a_difference(theatre: Theatre, tmp_path: Path) -> None:
    file = tmp_path / "idle.yaml"
    file.write_text("title: idle\nsteps:\n- {dial: '*152*00#', fault: lost}\n")
    (difference,) = await theatre.play(file, CHANNELS[0])
    assert "the fault" in difference.what
    assert (await theatre.stage.gateway()).trouble.struck, "it must not wait for the next dialog"
