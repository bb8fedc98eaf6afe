"""What follows from the conditions of a menu without knowing the answers: can they pass, must they, can both."""

from __future__ import annotations

from collections.abc import Mapping

from ussd_engine.facts import FACTS
from ussd_engine.screens.base import Test, Tests

Known = Mapping[str, str]
"""Answers whose value is certain."""


def possible(tests: Tests, known: Known) -> bool:
    """Whether `known` leaves a way for all of `tests` to pass."""
    return all((known[test.name] in test.values) is test.holds for test in tests if test.name in known)


def certain(tests: Tests, given: Tests, known: Known) -> bool:
    """Whether `given` and `known` leave no way for one of `tests` to fail."""
    return all(test.name in known or any(_implies(one, test) for one in given) for test in tests)


def _implies(one: Test, other: Test) -> bool:
    if one.name != other.name:
        return False
    mine, theirs = set(one.values), set(other.values)
    if one.holds:
        # of a fact several values may hold at once, so that one rules no other out
        return mine <= theirs if other.holds else not (mine & theirs or other.name in FACTS)
    return not other.holds and theirs <= mine


def agree(one: Tests, other: Tests) -> bool:
    """Whether both can pass at once, as far as single names tell."""
    for mine in one:
        for theirs in other:
            if mine.name in FACTS:
                continue
            if mine.name == theirs.name and not _both(set(mine.values), mine.holds, set(theirs.values), theirs.holds):
                return False
    return True


def _both(mine: set[str], holds: bool, theirs: set[str], hold: bool) -> bool:
    if holds and hold:
        return bool(mine & theirs)
    if holds:
        return not mine <= theirs
    return not (hold and theirs <= mine)
