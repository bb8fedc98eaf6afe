"""SMS in a transcript: what is written arrives, and all that arrives is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transcripts.conftest import CHANNELS, Theatre

pytestmark = pytest.mark.asyncio(loop_scope="session")

HELP = "Tuma LALAMIKO, MAONI, SWALI au PONGEZI, kisha taasisi na ujumbe, kwenda 15200."


def written(folder: Path, *steps: str) -> Path:
    """A transcript of these steps."""
    file = folder / "dialog.yaml"
    lines = ["title: a dialog", "sms: true", "steps:", *steps]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


async def test_an_sms_that_is_not_written_is_a_difference(theatre: Theatre, tmp_path: Path) -> None:
    (difference,) = await theatre.play(written(tmp_path, "- sms: MSAADA"), CHANNELS[0])
    assert (difference.what, difference.expected) == ("sms MSAADA: SMS", "(none)")
    assert difference.found.startswith(HELP)


async def test_an_sms_that_does_not_come_is_a_difference(theatre: Theatre, tmp_path: Path) -> None:
    file = written(tmp_path, "- caller: other", "  gets: [Habari]")
    (difference,) = await theatre.play(file, CHANNELS[0])
    assert (difference.expected, difference.found) == ("Habari", "(none)")


async def test_an_sms_waits_on_the_phone_that_it_is_for(theatre: Theatre, tmp_path: Path) -> None:
    file = written(tmp_path, "- {caller: one}", "- sms: KISWAHILI", "- {caller: two}", "- {caller: one}")
    (difference,) = await theatre.play(file, CHANNELS[0])
    assert difference.step == 2
    assert difference.found.startswith("Lugha ni Kiswahili.")
