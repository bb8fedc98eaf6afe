"""What is wrong with the TOML file of settings is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ussd_engine.config import load
from ussd_engine.errors import ConfigError


def refusal(file: Path) -> str:
    with pytest.raises(ConfigError) as error:
        load({"USSD_ENGINE_CONFIG": str(file)})
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("port = 9000\nhost = here\n", 2),
        ("port = 9000\n\nhost 5\n", 3),
        ('host = "a"\nhost = "b"\n', 2),
        ('[codes]\n"*150*00#" = "root"\n[codes]\n', 3),
        ('host = "sekreti\n', 1),
        ("codes = [\n", 2),
    ],
)
def test_what_is_no_toml_is_told_with_its_line_and_not_with_what_stands_there(
    tmp_path: Path, text: str, line: int
) -> None:
    file = tmp_path / "ussd.toml"
    file.write_text(text)
    told = refusal(file)
    assert told.startswith(f"{file}:{line}: is not TOML from column ")
    assert "sekreti" not in told


def test_a_setting_of_the_file_that_is_wrong_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "ussd.toml"
    file.write_text(
        '# what is served\nhost = "::1"\n[channel_settings.generic]\nport = 1\n\n[codes]\n"*15#" = "a"\n"*1x#" = "b"\n'
    )
    told = refusal(file)
    assert told.startswith(f"{file}:6: codes: code 2 is none that can be dialled")
