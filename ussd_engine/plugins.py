"""What installed packages add, loaded when it is asked for by its name and not before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sessions import plugins
from ussd_engine.errors import ConfigError, EngineError


class DoesNotLoad(ConfigError):
    """An installed package whose entry point cannot be loaded."""


class DoesNotStart(ConfigError):
    """An installed package that loads and then fails to make what it is for."""


def load(group: str, name: str) -> Any | None:
    """What the entry point of a group names; `None` where no package has it. Raises `DoesNotLoad`."""
    try:
        return plugins.load(group, name)
    except plugins.DoesNotLoad as error:
        raise DoesNotLoad(str(error)) from error


def factory(group: str, name: str) -> Callable[..., Any] | None:
    """As `load`, of what is called to make something; what it raises besides an `EngineError` is `DoesNotStart`."""
    try:
        return plugins.factory(group, name, EngineError, DoesNotStart)
    except plugins.DoesNotLoad as error:
        raise DoesNotLoad(str(error)) from error
