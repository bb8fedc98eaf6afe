"""The documentation builds as a site without a warning, and its pages ask nothing of the outside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ASKS = re.compile(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"([^\"]+)|<link\b[^>]*\bhref=\"([^\"]+)")


def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path)]
    built = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stdout + built.stderr
    pages = sorted(tmp_path.rglob("*.html"))
    written = [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/adr").glob("*.md")]
    assert len(pages) > len(written), "each page, those of the root, and the one for what is not found"
    asked = {link for page in pages for pair in ASKS.findall(page.read_text(encoding="utf-8")) for link in pair if link}
    assert len(asked) > 5
    assert [link for link in asked if re.match(r"([a-z]+:)?//", link)] == []


def test_no_page_shows_the_source_of_a_picture() -> None:
    pages = [*(ROOT / "docs").rglob("*.md")]
    assert [page.name for page in pages if "```mermaid" in page.read_text(encoding="utf-8")] == []
    for source in (ROOT / "docs/figures").glob("*.mmd"):
        drawn = source.with_suffix(".svg").read_text(encoding="utf-8")
        words = set(re.findall(r"\b[a-z]{5,}\b", source.read_text(encoding="utf-8"))) - NOTATION
        assert words
        assert [word for word in words if word not in drawn] == [], source.name


NOTATION = {"flowchart", "participant"}
