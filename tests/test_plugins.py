"""Packages outside that do not load: what asks for them says so in one line, and what does not ask is not disturbed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ussd_engine import cli

Told = tuple[int, str, str]
Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Install:
    """Installs a package `ussd-bad` whose module `bad` runs `code` and whose entry point of a group has a name."""
    site = tmp_path / "site"

    def put(
        group: str, name: str, code: str = "raise RuntimeError('first line\\nsecond line')", attribute: str = "Bad"
    ) -> None:
        about = site / "ussd_bad-1.0.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ussd-bad\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[{group}]\n{name} = bad_plugin:Bad\n")
        (site / "bad_plugin.py").write_text(code)
        monkeypatch.delitem(sys.modules, "bad_plugin", raising=False)
        monkeypatch.syspath_prepend(str(site))
        importlib.invalidate_caches()

    return put


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Told]:
    """Runs `ussd-engine` in an empty folder with the settings given; exit code, what was printed, what was said."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def run(*words: str, **settings: str) -> Told:
        for name, value in settings.items():
            monkeypatch.setenv(f"USSD_ENGINE_{name}", value)
        monkeypatch.setattr("sys.argv", ["ussd-engine", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, *capsys.readouterr()

    return run


def told(group: str, name: str, why: str = "RuntimeError") -> str:
    return (
        f'package ussd-bad does not load: its entry point "{name} = bad_plugin:Bad" of {group} raises {why}; '
        "mend the package, or uninstall it: pip uninstall ussd-bad"
    )


@pytest.mark.parametrize("words", [["check"], ["serve"], ["config"], ["dial", "*152*00#"], ["sms", "list"]])
def test_where_no_channels_are_named_one_that_does_not_load_is_told_in_one_line(
    install: Install, command: Callable[..., Told], words: list[str]
) -> None:
    install("ussd_engine.channels", "acme")
    code, out, err = command(*words)
    assert (code, out) == (1, "")
    assert err == (
        f'USSD_ENGINE_CHANNELS: channel "acme": {told("ussd_engine.channels", "acme")}; or name the channels that are '
        "to be served, without it\n"
    )


def test_what_a_package_lacks_is_named(install: Install, command: Callable[..., Told]) -> None:
    install("ussd_engine.channels", "acme", "import there_is_no_such_module")
    why = "ModuleNotFoundError (No module named 'there_is_no_such_module')"
    assert told("ussd_engine.channels", "acme", why) in command("check")[2]


def test_a_package_that_has_not_what_it_names_does_not_load_either(
    install: Install, command: Callable[..., Told]
) -> None:
    install("ussd_engine.channels", "acme", "")
    assert told("ussd_engine.channels", "acme", "AttributeError") in command("check")[2]


@pytest.mark.parametrize(
    ("group", "settings"),
    [
        ("ussd_engine.channels", {"CHANNELS": "acme"}),
        ("ussd_engine.sms", {"CHANNELS": "acme", "CHANNEL_SETTINGS": '{"acme": {"sms": {}}}'}),
        ("ussd_engine.forms", {"CHANNELS": "acme", "CHANNEL_SETTINGS": '{"acme": {"forms": {}}}'}),
        ("ussd_engine.feedback", {"CHANNELS": "generic", "FEEDBACK": "acme"}),
        ("ussd_engine.sessions", {"CHANNELS": "generic", "SESSIONS": "acme://"}),
    ],
)
@pytest.mark.parametrize("words", [["check"], ["serve"]])
def test_what_settings_name_and_does_not_load_is_told_in_one_line(
    install: Install, command: Callable[..., Told], group: str, settings: dict[str, str], words: list[str]
) -> None:
    install(group, "acme")
    code, out, err = command(*words, **settings)
    (line,) = [line for line in (out + err).splitlines() if "does not load" in line]
    assert code == 1
    assert told(group, "acme") in line
    assert "Traceback" not in err


FAILS = "def Bad(*given):\n    raise KeyError('url', *map(str, given[:1]))"
LATE = "async def Bad(setting, around):\n    raise KeyError('url', setting)"


@pytest.mark.parametrize(
    ("group", "settings", "code", "why"),
    [
        ("channels", {"CHANNELS": "acme"}, "def Bad(given):\n    raise KeyError('a\\nb')", "KeyError ('a\\nb')"),
        ("channels", {"CHANNELS": "acme"}, "def Bad():\n    pass", None),
        ("channels", {"CHANNELS": "acme"}, "def Bad(given):\n    raise RuntimeError", "RuntimeError"),
        ("sms", {"CHANNEL_SETTINGS": '{"acme": {"sms": {}}}', "CHANNELS": "acme"}, None, "OSError (no way)"),
        ("forms", {"CHANNEL_SETTINGS": '{"acme": {"forms": {}}}', "CHANNELS": "acme"}, None, "OSError (no way)"),
        ("feedback", {"CHANNELS": "generic", "FEEDBACK": "acme:secret"}, LATE, "KeyError (('url', '***'))"),
        ("feedback", {"CHANNELS": "generic", "FEEDBACK": "acme:secret"}, None, "OSError (no way)"),
        ("sessions", {"CHANNELS": "generic", "SESSIONS": "acme://u:secret@h"}, FAILS, "KeyError (('url', '***'))"),
    ],
)
def test_what_loads_and_fails_to_make_what_it_is_for_is_told_in_one_line(
    install: Install,
    command: Callable[..., Told],
    group: str,
    settings: dict[str, str],
    code: str | None,
    why: str | None,
) -> None:
    install(f"ussd_engine.{group}", "acme", code or "def Bad(*given):\n    raise OSError('no\\nway')")
    ended, out, err = command("serve", "--port", "0", **settings)
    (line,) = [line for line in (out + err).splitlines() if "does not start" in line]
    assert ended == 1
    begins, ends = line.split(" raises ")
    assert begins.endswith(
        f'package ussd-bad does not start: its entry point "acme = bad_plugin:Bad" of ussd_engine.{group}'
    )
    if why is not None:
        assert ends == f"{why}; mend its settings or the package, or uninstall it: pip uninstall ussd-bad"
    assert "Traceback" not in err
    assert "secret" not in out + err


def test_what_a_package_says_of_a_setting_is_told_as_it_says_it(install: Install, command: Callable[..., Told]) -> None:
    code = "from ussd_engine.errors import ConfigError\ndef Bad(given):\n    raise ConfigError('acme: url is missing')"
    install("ussd_engine.channels", "acme", code)
    ended, out, err = command("check", CHANNELS="acme")
    assert ended == 1
    assert "does not start" not in out + err
    assert "acme: url is missing" in out + err


@pytest.mark.parametrize("group", ["channels", "sms", "forms", "feedback", "sessions", "commands"])
def test_what_settings_do_not_name_may_lie_there_unloadable(
    install: Install, command: Callable[..., Told], group: str
) -> None:
    install(f"ussd_engine.{group}", "acme")
    code, out, err = command("check", CHANNELS="generic")
    assert code == 0, err
    assert "no faults" in out + err


def test_a_command_that_does_not_load_is_told_when_it_is_called_and_in_the_list_of_all(
    install: Install, command: Callable[..., Told]
) -> None:
    install("ussd_engine.commands", "acme")
    assert command("acme", "--any", "thing") == (1, "", f"{told('ussd_engine.commands', 'acme')}\n")
    code, out, _ = command("--help")
    assert code == 0
    assert "acme         Does not load.\n" in out
    assert "\n  serve " in out
