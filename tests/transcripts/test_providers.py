"""Whose wire `dial`, `replay` and `simulate` speak where nobody says, and what is told where that is not served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.transcripts.conftest import FILES, Told, gateway_beside
from ussd_engine import config

Command = Callable[..., Told]
CODE = "*152*00#"
SHORT = next(file for file in FILES if file.name == "short.sw.yaml")


@pytest.fixture
def generic_alone(tmp_path: Path) -> Iterator[str]:
    """The address of a gateway beside us that serves `generic` alone."""
    with gateway_beside(config.load({"USSD_ENGINE_CHANNELS": "generic"}), tmp_path / "elsewhere") as url:
        yield url


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A package whose provider stands before all others by the alphabet."""
    about = tmp_path / "site" / "ussd_aaa-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ussd-aaa\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[ussd_engine.channels]\naaa = ussd_engine.channels.generic:Generic\n")
    monkeypatch.syspath_prepend(str(about.parent))


@pytest.mark.usefixtures("plug_in")
def test_an_installed_provider_does_not_become_the_one_that_is_spoken(command: Command, generic_alone: str) -> None:
    assert config.load({}).ussd_channels[0].name == "aaa"
    code, out, err = command("dial", CODE, "--url", generic_alone)
    assert (code, out) == (1, "")
    assert "answers 404 to africastalking: " in err
    assert "(--provider chooses another channel, --token its token there)" in err


@pytest.mark.parametrize(
    ("channels", "spoken"),
    [("beem africastalking", "africastalking"), ("tigo generic", "tigo"), ("beem:t0ken", "beem")],
)
def test_the_first_that_is_configured_is_spoken_where_africastalking_is_not(
    command: Command, generic_alone: str, monkeypatch: pytest.MonkeyPatch, channels: str, spoken: str
) -> None:
    monkeypatch.setenv("USSD_ENGINE_CHANNELS", channels)
    for words in (["dial", CODE], ["replay", str(SHORT)]):
        assert f"answers 404 to {spoken}: " in command(*words, "--url", generic_alone)[2]


@pytest.mark.parametrize("command_name", ["dial", "replay", "simulate"])
def test_help_says_whose_wire_is_spoken(command: Command, command_name: str) -> None:
    _, out, _ = command(command_name, "--help")
    assert "[default: africastalking where it is served, else the first of the channels" in " ".join(out.split())


def test_a_gateway_of_its_own_says_that_a_provider_is_not_served(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("USSD_ENGINE_CHANNELS", "generic beem")
    before = sorted(tmp_path.iterdir())
    assert command("dial", CODE, "--provider", "truroute") == (
        1,
        "",
        'channel "truroute" is not among those that are served here; there are generic, beem: choose one with '
        "--provider, or name it too in USSD_ENGINE_CHANNELS\n",
    )
    assert sorted(tmp_path.iterdir()) == before


def test_that_equal_answers_wait_for_each_other_is_said(
    command: Command, generic_alone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("simulator.clock.asyncio", SimpleNamespace(sleep=sleep))
    words = ["9", "2", "1", "1", "1", "tanesco"]
    _, _, err = command("dial", CODE, *words, "--url", generic_alone, "--provider", "generic")
    told = "The same answer again would be taken for a repeat: it is sent in 7 s."
    assert err.splitlines() == [told, told]
    assert [one for one in slept if one] == [7.0, 7.0]
    assert "7 s apart" in " ".join(command("dial", "--help")[1].split())
