"""The page of the settings, made from the settings themselves: `python -m ussd_engine.settingspage`."""

from __future__ import annotations

from ussd_engine.config import settings
from ussd_engine.given import FILE, PREFIX, USUAL


def markdown() -> str:
    """The page `docs/settings.md`."""
    rows = [
        f"| `{PREFIX}{one.name.upper()}` | {one.metadata['shown']} | {one.metadata['help']} |" for one in settings()
    ]
    return "\n".join([_PAGE, *rows, ""])


_PAGE = f"""# Settings

Each is a variable, or a key of the TOML file that `{FILE}` names, there in lower case and without the prefix
(`[channels]`, `[channel_settings.generic]`). Where none is named, `{USUAL}` in the working folder is read. A variable
stands over the file, the file over the default; an empty variable counts as unset. What is not a setting stops the
start. `ussd-engine config` prints what a process would use, and from where; secrets are shown as `***`.

This page is written by `make docs`.

| setting | default | what it is for |
| --- | --- | --- |"""

if __name__ == "__main__":
    print(markdown(), end="")
