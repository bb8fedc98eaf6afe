"""The flowchart as Mermaid itself reads it: every arrow that is written is one that it draws.

Mermaid stands in `build/mermaid` where `make mermaid` brought it; the grammar of `test_draw.py` holds without it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.browser import Page, chromium
from tests.menu.menu_folder import ROOT, MenuFolder, shipped
from ussd_engine.menu.draw import arrows_of, mermaid
from ussd_engine.menu.edition import Edition

SCRIPT = ROOT / "build/mermaid/mermaid.min.js"
HEADS = {"-->": ("arrow_point", "normal"), "<-->": ("double_arrow_point", "normal"), "-.->": ("arrow_point", "dotted")}
READ = """
mermaid.mermaidAPI.getDiagramFromText(%s).then((diagram) => diagram.db.getEdges().map(
  (edge) => [edge.start, edge.type, edge.stroke, edge.text, edge.end]))
"""


@pytest.fixture
def script() -> Path:
    if not SCRIPT.exists():
        pytest.skip("Mermaid is not here: make mermaid")
    return SCRIPT


async def read(page: Page, text: str) -> list[tuple[str, tuple[str, str], str, str]]:
    """The arrows that Mermaid reads; raises where it refuses the text."""
    await page.run(f"mermaid.parse({json.dumps(text)}).then(() => true)")
    found = await page.run(READ % json.dumps(text))
    return [(source, (kind, stroke), label, dest) for source, kind, stroke, label, dest in found]


def written(text: str) -> list[tuple[str, tuple[str, str], str, str]]:
    return [(source, HEADS[head], kept(label), dest) for source, head, label, dest in arrows_of(text)]


def kept(label: str) -> str:
    """A label as Mermaid keeps it until it draws: with its own escapes and line breaks."""
    label = label.replace("<br/>", "<br>")
    return re.sub(r"#(\w+);", r"ﬂ°\1¶ß", re.sub(r"#(\d+);", r"ﬂ°°\1¶ß", label))


async def test_mermaid_reads_what_is_written(script: Path, tmp_path: Path, folder: MenuFolder) -> None:
    folder.replace("menus/demo/service.yaml", "menu: Karibu", """menu: 'a "b" [c] (d) {e} #f; <g> & `h` \\ |'""")
    html = tmp_path / "mermaid.html"
    html.write_text(f'<meta charset="utf-8"><script src="{script.as_uri()}"></script>')
    editions: list[tuple[Edition, str | None]] = [(shipped(), "sw"), (shipped(), "en"), (folder.edition(), None)]
    async with chromium(tmp_path / "browser") as browser:
        page = await browser.page()
        await page.open(html.as_uri())
        for edition, locale in editions:
            text = mermaid(edition, locale=locale)
            assert await read(page, text) == written(text)
