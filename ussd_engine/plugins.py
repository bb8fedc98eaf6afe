"""What installed packages add, loaded when it is asked for by its name and not before."""

from __future__ import annotations

from typing import Any

from sessions import plugins
from ussd_engine.errors import ConfigError


class DoesNotLoad(ConfigError):
    """An installed package whose entry point cannot be loaded."""


def load(group: str, name: str) -> Any | None:
    """What the entry point of a group names; `None` where no package has it. Raises `DoesNotLoad`."""
    try:
        return plugins.load(group, name)
    except plugins.DoesNotLoad as error:
        raise DoesNotLoad(str(error)) from error
