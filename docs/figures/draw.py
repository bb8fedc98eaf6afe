"""Draws the figures of the documents from their Mermaid sources, by real Mermaid in a browser: `make figures`."""

from __future__ import annotations

import html
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PLAIN = "startOnLoad: false, theme: 'neutral', fontFamily: 'sans-serif'"
SETTINGS = "{" + PLAIN + ", htmlLabels: false, flowchart: {htmlLabels: false}}"
BROWSER = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom")


def main(mermaid: str) -> int:
    """Draw each `.mmd` beside this file into an `.svg`; `mermaid` is the path of Mermaid's script."""
    script = Path(mermaid).read_text(encoding="utf-8").replace("</script>", r"<\/script>")
    for source in sorted(HERE.glob("*.mmd")):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.html"
            words = html.escape(source.read_text(encoding="utf-8"), quote=False)
            run = f"mermaid.initialize({SETTINGS}); mermaid.run()"
            page.write_text(f'<pre class="mermaid">{words}</pre><script>{script}</script><script>{run}</script>')
            command = [*BROWSER, page.as_uri()]
            drawn = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603  # our own page
        found = re.search(r"<svg .*?</svg>", drawn, re.DOTALL)
        if found is None:
            print(f"{source}: Mermaid refuses it", file=sys.stderr)
            return 1
        source.with_suffix(".svg").write_text(found[0].replace("<br>", "<br/>") + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
