"""Another country with a service of its own: two folders of data, and nothing of Tanzania."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ussd_engine import cli, config
from ussd_engine.country import Country
from ussd_engine.menu.edition import load_edition

HERE = Path(__file__).parent
MENUS = HERE / "menus"
SETTINGS = {
    "USSD_ENGINE_MENUS": str(MENUS),
    "USSD_ENGINE_LOCALES": str(HERE / "locales"),
    "USSD_ENGINE_COUNTRY": str(MENUS / "countries" / "ruritania.yaml"),
    "USSD_ENGINE_CODES": "*77#=voz",
}
Run = Callable[..., tuple[int, str]]
COMPLAINT = ("1", "2", "Falta luz ha tres dias", "1", "1")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs `ussd-engine` with the settings of the other country."""
    monkeypatch.chdir(tmp_path)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["ussd-engine", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out + told.err

    return run


def test_it_is_data_alone() -> None:
    assert not list(MENUS.rglob("*.py"))
    words = "\n".join(file.read_text() for file in MENUS.rglob("*") if file.is_file())
    assert not {"255", "Tanzania", "sw:"} & set(words.split())


def test_its_menus_are_proven(run: Run) -> None:
    code, told = run("check")
    proven, unplayed = told.strip().splitlines()
    assert (code, proven) == (0, "no faults")
    assert unplayed.endswith(f"beside the menus, and no proof plays them: `ussd-engine replay {MENUS}` does")


def test_a_file_that_is_a_service_by_itself_has_no_transcripts_beside_it(run: Run) -> None:
    assert "transcript" not in run("check", str(config.load({}).menus / "gmp.yaml"))[1]


def test_its_dialog_is_as_it_is_written_on_every_wire(run: Run) -> None:
    wires = [word for name in ("africastalking", "generic", "truroute") for word in ("--provider", name)]
    code, told = run("replay", "--twice", *wires, str(MENUS / "voz" / "transcripts"))
    assert (code, told.strip()) == (0, "3 as written, 0 not")


def test_callers_of_the_simulator_have_its_numbers(run: Run) -> None:
    code, told = run("dial", "*77#", *COMPLAINT, "--provider", "generic")
    assert code == 0, told
    assert "1. Ninguem, em segredo" in told, "who has no number is not asked that"


@pytest.mark.parametrize(("number", "known"), [("8500001", True), ("+999500001", True), ("0700000001", False)])
def test_its_numbers_are_its_own(run: Run, number: str, known: bool) -> None:
    code, told = run("dial", "*77#", *COMPLAINT, "--msisdn", number)
    assert (code == 0) is known
    assert ("Obrigado. Numero: " in told) is known


def test_answers_are_due_after_its_working_days() -> None:
    country = Country.load(Path(SETTINGS["USSD_ENGINE_COUNTRY"]))
    edition = load_edition(MENUS, HERE / "locales", {"*77#": "voz"}, country)
    # A Thursday; then a free Friday, the weekend that is none, two holidays.
    assert edition.due("voz", "LUZ", "complaint", date(2026, 1, 29)) == date(2026, 2, 4)


def test_no_setting_of_the_first_country_is_left() -> None:
    loaded = config.load(SETTINGS)
    assert loaded.codes == {"*77#": "voz"}
    assert Country.load(loaded.country).settings == {"emergency": "1", "site": "voz.example"}
