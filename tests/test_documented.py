"""What is public is documented: commands, settings, metrics, words of the menus, entry points; links lead somewhere."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ussd_engine import config
from ussd_engine.cli import cli
from ussd_engine.counts import Count
from ussd_engine.menu.publish import schema

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
GROUP = re.compile(r'^[A-Z_]+(?:: Final)? = "(ussd_engine\.[a-z]+)"$', re.MULTILINE)
"""As a module names the group of entry points that it reads."""
GROUPS = sorted(
    group
    for room in ("sessions", "ussd_engine", "simulator")
    for file in (ROOT / room).rglob("*.py")
    for group in GROUP.findall(file.read_text(encoding="utf-8"))
)


def written() -> str:
    """All pages, on one line."""
    return " ".join(" ".join(page.read_text(encoding="utf-8").split()) for page in PAGES)


def commands(command: click.Command, path: str = "ussd-engine") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with what is typed for it."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, f"{path} {name}")
    else:
        yield path, command


def test_every_command_stands_in_a_page() -> None:
    text = written()
    named = re.sub(r"`([a-z-]+)`", r"\1", text)
    missing = []
    for path, _ in commands(cli):
        group, name = path.removeprefix("ussd-engine ").rsplit(" ", 1) if path.count(" ") > 1 else ("", path)
        # `sms list|show|retry` names each of them.
        together = group and re.search(rf"\b{group} [a-z|, -]*\b{name}\b", named)
        if not re.search(rf"{re.escape(path)}\b(?!-)", text) and not together:
            missing.append(path)
    assert missing == []


@pytest.mark.parametrize("path", [path for path, _ in commands(cli)])
def test_every_command_and_option_says_what_it_is_for(path: str) -> None:
    command = dict(commands(cli))[path]
    assert command.help, path
    assert [one.name for one in command.params if isinstance(one, click.Option) and not one.help] == [], path


def test_every_setting_and_every_metric_stands_on_its_page() -> None:
    settings, metrics = ((ROOT / "docs" / name).read_text() for name in ("settings.md", "metrics.md"))
    assert [one.name for one in config.settings() if f"`USSD_ENGINE_{one.name.upper()}`" not in settings] == []
    assert [count.value for count in Count if f"ussd_{count.value}" not in metrics and count.value not in metrics] == []


def test_every_word_of_the_menus_stands_in_the_reference() -> None:
    text = (ROOT / "docs/menu-reference.md").read_text(encoding="utf-8")
    words = {name for shape in schema()["$defs"].values() for name in shape.get("properties", {})}
    words |= set(schema().get("properties", {}))
    assert len(words) > 40
    assert sorted(word for word in words if f"`{word}`" not in text) == []


@pytest.mark.parametrize("group", GROUPS)
def test_every_entry_point_stands_in_the_page_about_adding(group: str) -> None:
    assert len(GROUPS) >= 6
    assert f"| `{group}` |" in (ROOT / "docs/adding.md").read_text(encoding="utf-8")


def test_every_suite_that_the_page_about_adding_names_can_be_imported() -> None:
    named = re.findall(r"`(ussd_engine\.testing\.[\w.]+)`", (ROOT / "docs/adding.md").read_text(encoding="utf-8"))
    assert len(named) >= 5
    for name in named:
        pkgutil.resolve_name(name)


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = []
    for page in [*PAGES, ROOT / "SECURITY.md", ROOT / "CHANGELOG.md"]:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
                broken.append(f"{page.name}: {target}")
    assert broken == []


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
