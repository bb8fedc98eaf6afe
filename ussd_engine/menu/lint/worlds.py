"""The combinations of answers and facts that some conditions tell apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from ussd_engine.facts import FACTS
from ussd_engine.screens.base import Fact, Tests


def worlds(all_tests: Iterable[Tests]) -> Iterator[Mapping[str, Fact | None]]:
    """Every combination of the values that the tests tell apart."""
    values: dict[str, set[str]] = {}
    for test in itertools.chain.from_iterable(all_tests):
        values.setdefault(test.name, set()).update(test.values)
    choices = [_subsets(found) if name in FACTS else [None, *sorted(found)] for name, found in values.items()]
    for combination in itertools.product(*choices):
        yield dict(zip(values, combination, strict=True))


def _subsets(values: set[str]) -> list[Fact | None]:
    ordered = sorted(values)
    sizes = range(len(ordered) + 1)
    return [frozenset(some) for size in sizes for some in itertools.combinations(ordered, size)]
