"""What the tests of the menus share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.menu.menu_folder import MenuFolder
from ussd_engine.walk import Walk


@pytest.fixture(scope="session")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base with its translations, made once."""
    folder = MenuFolder(tmp_path_factory.mktemp("base"))
    folder.translate()
    return folder.locales


@pytest.fixture
def folder(tmp_path: Path, translated: Path) -> MenuFolder:
    """A base of its own for a test."""
    found = MenuFolder(tmp_path)
    shutil.copytree(translated, found.locales, dirs_exist_ok=True)
    return found


@pytest.fixture(scope="module")
def strict() -> Iterator[None]:
    """No screen without its transition: elsewhere a question without one is shown all the same, as on a phone."""

    def fire(walk: Walk, verb: str, dest: str) -> None:
        walk.scope.menu.machine.events[f"{verb} {dest}"].trigger(walk)
        walk.stand(walk.state)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Walk, "fire", fire)
        yield
