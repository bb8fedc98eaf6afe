"""What `new` makes, what it refuses, and that `check --watch` proves again at each save."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ussd_engine import cli

COMMAND = str(Path(sys.executable).parent / "ussd-engine")


def typed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *words], cwd=folder, capture_output=True, text=True, timeout=60)


def test_a_new_service_is_proven_and_dials_as_its_transcripts_say(tmp_path: Path) -> None:
    made = typed(tmp_path, "new", "afya", "--code", "*150*99#")
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "afya"
    assert "sampuli" not in "".join(file.read_text() for file in folder.rglob("*") if file.is_file())
    assert json.loads((folder / "menus/menu.schema.json").read_text())["$schema"]
    assert (typed(folder, "check").returncode, typed(folder, "messages").returncode) == (0, 0)
    played = typed(folder, "replay", "--twice", "menus")
    assert (played.returncode, played.stderr.strip()) == (0, "2 as written, 0 not")
    assert "'*150*99#'" in (folder / "menus/afya/transcripts/complaint.sw.yaml").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Afya"], '"Afya" cannot name a service'),
        (["afya", "--code", "maji"], "--code:"),
        (["afya", "full"], "is there already and is not empty"),
    ],
)
def test_what_cannot_be_made_is_refused_and_nothing_is_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["ussd-engine", "new", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code
    assert said in capsys.readouterr().err
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["full", "mine.txt"]


def test_a_watched_menu_is_proven_again_when_a_file_is_saved(tmp_path: Path) -> None:
    assert typed(tmp_path, "new", "afya").returncode == 0
    folder = tmp_path / "afya"
    menu = folder / "menus/afya/service.yaml"
    words = menu.read_text(encoding="utf-8")
    with subprocess.Popen(
        [COMMAND, "check", "--watch"], cwd=folder, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as watching:
        assert watching.stderr
        said = (line.strip() for line in watching.stderr)
        assert re.fullmatch(r"\d\d:\d\d:\d\d", next(said))
        assert next(said) == "no faults"
        menu.write_text(words.replace("  home:\n", "  hoem:\n"), encoding="utf-8")
        assert next(line for line in said if line.endswith(("fault", "faults"))) != "no faults"
        menu.write_text(words, encoding="utf-8")
        assert next(line for line in said if line.endswith(("fault", "faults"))) == "no faults"
        watching.kill()
