"""The damaged menus of `invalid.yaml`: each is the base with one edit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.menu.menu_folder import CODES, MenuFolder

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "invalid.yaml").read_text())


def damage(folder: MenuFolder, case: dict[str, Any]) -> None:
    """Make the edit of a case."""
    root = folder.menus.parent
    if "remove" in case:
        path = root / case["remove"]
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    file = f"locales/en/LC_MESSAGES/{case['po']}.po" if "po" in case else f"menus/{case.get('file')}"
    if "write" in case:
        (root / file).write_text(case["write"])
    if "pad" in case:
        (root / file).write_text("#" * case["pad"])
    if "old" in case:
        folder.replace(file, case["old"], case["new"])
    if "also" in case:
        folder.replace(file, *case["also"])
    if case.get("latin1"):
        (root / file).write_bytes((root / file).read_text().encode("latin-1"))


def faults_of(folder: MenuFolder, case: dict[str, Any]) -> list[str]:
    """The lines of the check, each with its rule. An edited text lacks its translation: that is left out."""
    found = folder.check(case.get("codes", CODES))
    if not case["rule"].startswith(("translation", "po file")):
        found = [fault for fault in found if not fault.rule.startswith("translation")]
    return [f"{fault} [{fault.rule}]" for fault in found]
