"""The screen types, one a file; each says which keys it knows and what an answer to it means."""

from __future__ import annotations

from types import ModuleType

from ussd_engine.screens import end, input, list, menu, notice, read

TYPES: dict[str, ModuleType] = {
    "menu": menu,
    "input": input,
    "list": list,
    "read": read,
    "notice": notice,
    "end": end,
}
