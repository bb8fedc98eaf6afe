"""`ussd-engine dial` and `ussd-engine replay`, as typed at a terminal in an empty folder."""

from __future__ import annotations

import io
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from simulator.dialog import tell
from tests.transcripts.conftest import CHANNELS, FILES, Told, gateway_beside
from ussd_engine import config
from ussd_engine.model import Profile, Reply

Command = Callable[..., Told]
SHORT = next(file for file in FILES if file.name == "short.sw.yaml")
INPUTS = ["9", "2", "1", "1", "1", "tanesco", "1", "1", "umeme umekatika siku tatu", "1", "1"]
CODE = "*152*00#"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """The address of a gateway that runs beside us."""
    with gateway_beside(config.load({}), tmp_path / "elsewhere") as url:
        yield url


def dead_url() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_a_dialog_that_ended_by_itself_prints_its_screens_and_exits_with_0(command: Command) -> None:
    code, out, _ = command("dial", CODE, *INPUTS)
    assert code == 0
    assert out.startswith(
        "> *152*00#\n  Huduma za Serikali\n  9. Maoni na mrejesho\n  ...  39/160\n\n> 9\n  Maoni na mrejesho\n"
    )
    assert "  Namba: " in out
    assert out.rstrip().splitlines()[-1].startswith("  (end)  ")
    assert out.count("\n> ") == len(INPUTS)


def test_a_screen_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    tell("\x1b[2J", Reply("one\x1b]0;title\x07\ntwo\r", ends=False), Profile())
    assert capsys.readouterr().out == "> [2J\n  one]0;title\n  two\n  ...  18/80\n\n"


def test_a_dialog_that_still_waits_exits_with_1(command: Command) -> None:
    code, out, _ = command("dial", CODE, "9")
    assert code == 1
    assert out.rstrip().endswith("...  39/160")


def test_what_is_typed_after_the_end_is_named_and_left(command: Command) -> None:
    code, out, err = command("dial", CODE, "1", "2", "3", "4", "5")
    assert code == 0
    assert out.count("> ") == 4
    assert "the dialog is over; not typed: 4 5" in err


def test_the_language_may_be_given(command: Command) -> None:
    code, out, _ = command("dial", "*152*00*9*2#", "8", "--lang", "en")
    assert code == 1
    assert "Write to any public institution." in out
    assert "Chagua lugha" not in out


def test_a_language_that_is_not_there_is_refused_with_those_that_are(command: Command) -> None:
    code, out, err = command("dial", CODE, "--lang", "fr")
    assert (code, out) == (2, "")
    assert "there are en, sw" in err


def test_a_caller_without_number_is_offered_to_stay_unknown_alone(command: Command) -> None:
    code, out, _ = command("dial", CODE, *INPUTS[:-2], "--msisdn", "")
    assert code == 1
    assert out.rstrip().splitlines()[-5:-1] == [
        "> umeme umekatika siku tatu",
        "  Nani ajue wewe ni nani?",
        "  3. Bila kujulikana",
        "  0. Rudi",
    ]


def test_a_number_that_is_none_and_a_code_that_is_none_are_refused(command: Command) -> None:
    assert command("dial", CODE, "--msisdn", "12")[0] == 2
    code, _, err = command("dial", "hello")
    assert code == 1
    assert "not a code that can be dialled" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("provider", CHANNELS)
def test_every_provider_shows_the_same_dialog(command: Command, provider: str) -> None:
    code, out, _ = command("dial", CODE, "9", "2", "1", "8", "--provider", provider)
    assert code == 1
    assert "Andikia taasisi yoyote ya umma." in out


def test_a_provider_that_is_not_there_is_refused(command: Command) -> None:
    code, _, err = command("dial", CODE, "--provider", "pigeon")
    assert code == 2
    assert "generic" in err


@pytest.mark.parametrize("provider", ["generic", "africastalking"])
def test_a_gateway_elsewhere_is_dialled(command: Command, elsewhere: str, provider: str) -> None:
    code, out, _ = command("dial", CODE, "9", "--url", elsewhere, "--provider", provider)
    assert code == 1
    assert "2. e-Mrejesho" in out


@pytest.mark.parametrize("words", [["dial", CODE], ["replay", str(SHORT)]])
def test_a_gateway_that_does_not_answer_is_named_in_one_line(command: Command, words: list[str]) -> None:
    url = dead_url()
    code, out, err = command(*words, "--url", url)
    assert (code, out) == (1, "")
    assert err.strip().splitlines() == [f"{url} does not answer (ClientConnectorError): does the gateway run there?"]


def test_a_wrong_token_is_told_by_the_answer(command: Command, elsewhere: str) -> None:
    code, _, err = command("dial", CODE, "--url", elsewhere, "--token", "wrong")
    assert code == 1
    assert "answers 404" in err


def test_a_transcript_is_replayed_here_and_elsewhere(command: Command, elsewhere: str) -> None:
    assert command("replay", str(SHORT)) == (0, "", "1 as written, 0 not\n")
    assert command("replay", str(SHORT), "--twice", "--provider", "generic") == (0, "", "1 as written, 0 not\n")
    doubt = str(SHORT.with_name("doubt.sw.yaml"))
    code, out, err = command("replay", str(SHORT), doubt, "--url", elsewhere)
    assert (code, out) == (0, "")
    assert err == f"{doubt}: left out: it needs a gateway started here\n1 as written, 0 not\n"


def altered(folder: Path) -> Path:
    file = folder / SHORT.name
    shutil.copy(SHORT, file)
    file.write_text(file.read_text(encoding="utf-8").replace("2. e-Mrejesho", "3. e-Mrejesho"), encoding="utf-8")
    return file


def test_a_difference_is_two_phones_side_by_side_and_exits_with_1(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    file = altered(tmp_path)
    code, out, err = command("replay", str(tmp_path))
    assert code == 1
    assert out.splitlines() == [
        f"{file}: step 2 (type 9) on africastalking:",
        "  written                                 shown",
        "  +-----------------------------------+   +-----------------------------------+",
        "  | Maoni na mrejesho                 |   | Maoni na mrejesho                 |",
        "  | 3. e-Mrejesho                     | ! | 2. e-Mrejesho                     |",
        "  | 0. Rudi                           |   | 0. Rudi                           |",
        "  +-----------------------------------+   +-----------------------------------+",
    ]
    assert err == "0 as written, 1 not\n"


class Terminal(io.StringIO):
    """Somebody who sits there and types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "written"), [("n\n", False), ("y\n", True), ("\n", True)])
def test_update_asks_whoever_sits_at_the_terminal(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, written: bool
) -> None:
    file = altered(tmp_path)
    before = file.read_text(encoding="utf-8")
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    code, out, _ = command("replay", str(file), "--update")
    assert code == 0
    assert "write what is shown now?" in out
    assert (file.read_text(encoding="utf-8") != before) is written


def test_update_writes_the_screens_that_are_shown(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    file = altered(tmp_path)
    code, out, err = command("replay", str(file), "--update")
    assert (code, err) == (0, "")
    assert out.startswith(f"{file}: step 2 (type 9) on africastalking:\n")
    assert "| 3. e-Mrejesho                     | ! | 2. e-Mrejesho                     |" in out
    assert out.endswith(f"\n{file}: renewed\n")
    assert file.read_text(encoding="utf-8") == SHORT.read_text(encoding="utf-8")
    assert command("replay", str(file), "--update") == (0, "", "")


def test_what_is_stored_otherwise_than_written_is_a_difference(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    file = tmp_path / "short.yaml"
    text = SHORT.read_text(encoding="utf-8")
    file.write_text(text.replace("message: umeme umekatika", "message: maji yamekatika"), encoding="utf-8")
    code, out, _ = command("replay", str(file))
    assert code == 1
    assert "| message: maji yamekatika siku     | ! | message: umeme umekatika siku     |" in out


def test_a_report_names_each_transcript_on_each_provider(command: Command, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    file = altered(tmp_path)
    providers = ["--provider", "generic", "--provider", "africastalking"]
    assert command("replay", str(SHORT), str(file), *providers, "--junit", str(report))[0] == 1
    suite = ElementTree.parse(report).getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("4", "2")
    names = [case.get("name", "").rpartition(" ")[2] for case in suite]
    assert names == ["[generic]", "[africastalking]"] * 2
    assert [case.find("failure") is not None for case in suite] == [False, False, True, True]


def test_a_report_is_written_of_a_gateway_that_does_not_answer(command: Command, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    code, _, err = command("replay", str(SHORT), "--url", dead_url(), "--junit", str(report))
    assert code == 1
    assert "does not answer" in err
    error = ElementTree.parse(report).getroot().find("testsuite/testcase/error")
    assert error is not None
    assert "does not answer" in error.get("message", "")


def test_a_transcript_that_holds_elsewhere_is_left_out(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.yaml"
    text = SHORT.read_text(encoding="utf-8")
    file.write_text(text.replace("steps:", "channels: [generic]\nsteps:", 1), encoding="utf-8")
    code, _, err = command("replay", str(file), "--provider", "africastalking")
    assert (code, err) == (0, f"{file}: left out: it holds on generic alone\n0 as written, 0 not\n")


def test_coverage_names_what_is_left_out_and_exits_with_1(command: Command) -> None:
    code, out, _ = command("replay", str(SHORT), "--coverage")
    assert code == 1
    assert "missing: line emrejesho/home 4 (sw)" in out
    assert "missing: line emrejesho/home 1 (sw)" not in out
    assert "not counted: screen emrejesho/busy: " in out


def test_a_bad_transcript_is_named_with_its_line(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("title: x\nsteps:\n- dial: '*152*00#'\n- tipe: '1'\n")
    code, out, err = command("replay", str(file))
    assert (code, out) == (1, "")
    assert err.startswith(f"{file}:4: ")


@pytest.mark.parametrize("option", ["--update", "--coverage"])
def test_update_and_coverage_need_a_gateway_started_here(command: Command, option: str) -> None:
    code, _, err = command("replay", str(SHORT), "--url", "http://127.0.0.1:1", option)
    assert code == 2
    assert "for a gateway started here" in err


def test_in_a_folder_of_menus_only_the_transcripts_are_replayed(command: Command, tmp_path: Path) -> None:
    (tmp_path / "menus" / "transcripts").mkdir(parents=True)
    shutil.copy(SHORT, tmp_path / "menus" / "transcripts")
    (tmp_path / "menus" / "service.yaml").write_text("service: none\n")
    assert command("replay", str(tmp_path / "menus")) == (0, "", "1 as written, 0 not\n")


def test_a_case_can_be_listed_and_shown_at_80_columns(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, dialog, _ = command("dial", CODE, *INPUTS)
    reference = dialog.partition("Namba: ")[2][:9]
    monkeypatch.setenv("USSD_ENGINE_OFFICER", "officer@TANESCO")
    assert reference in command("case", "list")[1]
    assert command("case", "open", reference)[0] == 0
    code, shown, _ = command("case", "show", reference, "--purpose", "handling")
    assert code == 0
    assert "umeme umekatika siku tatu" in shown


def test_a_folder_where_no_gateway_ran_has_no_cases_and_gets_no_files(command: Command, tmp_path: Path) -> None:
    code, _, told = command("case", "list", "--as", "officer@TANESCO")
    assert code == 1
    assert told.startswith("var/keys.json: there is no such file: no gateway has run here yet. Begin with ")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named_in_one_line(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USSD_ENGINE_VAR", "/dev/null/x")
    code, _, told = command("dial", CODE)
    assert code == 1
    assert told == "USSD_ENGINE_KEYS: /dev/null/x cannot be made: Not a directory\n"


@pytest.mark.parametrize(
    "url",
    [
        "localhost",
        "",
        "http://",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:-1",
        "http://127.0.0.1:port",
        "http://[::1",
        "http://..",
        f"http://{'a' * 64}.tz",
        "http://xn--\N{LATIN SMALL LETTER U WITH DIAERESIS}.tz",
        "ftp://127.0.0.1",
    ],
)
@pytest.mark.parametrize("words", [["dial", CODE], ["replay", "."], ["simulate", "--web"]], ids=" ".join)
def test_what_is_no_address_is_told_how_it_is_written(command: Command, words: list[str], url: str) -> None:
    code, _, told = command(*words, "--url", url)
    assert code == 2
    assert told.endswith("Error: --url is no address: write it as http://127.0.0.1:8080\n")


def test_an_act_of_an_officer_that_is_refused_is_told_with_file_and_line(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "soon.yaml"
    file.write_text(f"title: an officer too soon\nsteps:\n- dial: '{CODE}'\n- officer: open\n")
    code, _, aside = command("replay", str(file))
    assert code != 0
    assert f"{file}:4: there is no case on which an officer could act: none was shown" in aside
