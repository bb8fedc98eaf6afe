"""What other packages add by an entry point, found by its group and name, and loaded."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any


class DoesNotLoad(ValueError):
    """An installed package whose entry point cannot be loaded; in one line which, why, and what to do."""


def load(group: str, name: str) -> Any | None:
    """What the entry point names; `None` where no package has it. Raises `DoesNotLoad`."""
    for point in entry_points(group=group, name=name):
        try:
            return point.load()
        except Exception as error:  # a package of others may raise anything
            raise DoesNotLoad(_words(point, error)) from error
    return None


def _words(point: EntryPoint, error: Exception) -> str:
    package = point.dist.name if point.dist else point.module
    missing = f" ({' '.join(str(error).split())})" if isinstance(error, ImportError) else ""
    return (
        f'package {package} does not load: its entry point "{point.name} = {point.value}" of {point.group} raises '
        f"{type(error).__name__}{missing}; mend the package, or uninstall it: pip uninstall {package}"
    )
