"""What the tests of the menus share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from menu_folder import MenuFolder


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
