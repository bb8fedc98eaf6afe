"""What the site takes from outside `docs/`: pages of the project's root, and files that pages show or link."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
PAGES = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
_LINK = re.compile(r"(?<=\]\()([^)#\s]+)(?=[)#])")


def on_files(files: Files, config: Any) -> Files:
    """Add what is linked and stands outside, under its path in the project."""
    inside = [file.src_uri for file in files if file.src_uri.endswith(".md")]
    wanted = dict.fromkeys(PAGES)
    for name in inside:
        for link in _LINK.findall((ROOT / "docs" / name).read_text(encoding="utf-8")):
            target = _target(posixpath.join("docs", name), link)
            if target and not target.startswith("docs/") and (ROOT / target).is_file():
                wanted[target] = None
    for target in wanted:
        files.append(File.generated(config, target, content=(ROOT / target).read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links lead to where their files stand on the site."""
    name = page.file.src_uri
    here = name if name in PAGES else posixpath.join("docs", name)

    def moved(found: re.Match[str]) -> str:
        target = _target(here, found[1])
        if target is None:
            return found[1]
        on_site = target.removeprefix("docs/")
        return posixpath.relpath(on_site, posixpath.dirname(name) or ".")

    return _LINK.sub(moved, markdown)


def _target(here: str, link: str) -> str | None:
    """The path in the project behind a link in a file; `None` for addresses."""
    if re.match(r"[a-z]+:", link):
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(here), link))
    if (ROOT / target).is_dir():
        target = posixpath.join(target, "README.md")
    return target
