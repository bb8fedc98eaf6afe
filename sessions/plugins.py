"""What other packages add by an entry point, found by its group and name, and loaded."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Awaitable, Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any
from urllib.parse import urlsplit


class DoesNotLoad(ValueError):
    """An installed package whose entry point cannot be loaded; in one line which, why, and what to do."""


class DoesNotStart(ValueError):
    """An installed package that loads and then fails to make what it is for; in one line likewise."""


def load(group: str, name: str) -> Any | None:
    """What the entry point names; `None` where no package has it. Raises `DoesNotLoad`."""
    return next((_loaded(point) for point in entry_points(group=group, name=name)), None)


def factory(
    group: str, name: str, speaks: type[Exception], raises: type[Exception] = DoesNotStart
) -> Callable[..., Any] | None:
    """As `load`, of what is called to make something, awaited or not. It has words of its own for a setting that it
    cannot use in `speaks`; whatever else it raises is told as `raises`, without the texts that it was given."""
    point = next(iter(entry_points(group=group, name=name)), None)
    if point is None:
        return None
    make, started = _loaded(point), functools.partial(_started, point, speaks, raises)

    def call(*given: Any) -> Any:
        with started(given):
            made = make(*given)
        return _awaited(made, started(given)) if inspect.isawaitable(made) else made

    return call


async def _awaited(made: Awaitable[Any], started: contextlib.AbstractContextManager[None]) -> Any:
    with started:
        return await made


def _loaded(point: EntryPoint) -> Any:
    try:
        return point.load()
    except Exception as error:  # a package of others may raise anything
        raise DoesNotLoad(_words(point, error)) from error


@contextlib.contextmanager
def _started(
    point: EntryPoint, speaks: type[Exception], raises: type[Exception], given: tuple[Any, ...]
) -> Iterator[None]:
    try:
        yield
    except speaks:
        raise
    except Exception as error:  # as above
        words, package = " ".join(str(error).split()), _package(point)
        for text in given:
            for one in _telling(text) if isinstance(text, str) else ():
                words = words.replace(one, "***")
        raise raises(
            f'package {package} does not start: its entry point "{point.name} = {point.value}" of {point.group} raises '
            f"{type(error).__name__}{f' ({words})' if words else ''}; mend its settings or the package, or uninstall "
            f"it: pip uninstall {package}"
        ) from error


def _telling(text: str) -> list[str]:
    """What of a setting is not repeated: a URL may hold a password."""
    try:
        return [one for one in (text, urlsplit(text).password) if one]
    except ValueError:
        return [text]


def _words(point: EntryPoint, error: Exception) -> str:
    package = _package(point)
    missing = f" ({' '.join(str(error).split())})" if isinstance(error, ImportError) else ""
    return (
        f'package {package} does not load: its entry point "{point.name} = {point.value}" of {point.group} raises '
        f"{type(error).__name__}{missing}; mend the package, or uninstall it: pip uninstall {package}"
    )


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.module
