"""Switches of the rules 7 to 9: compare and set, the screen, the time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from hashlib import sha1
from typing import Any
from unittest.mock import patch

from sessions import StoreUnavailable, redis
from tests.world.rules.rule import rule
from ussd_engine import gateway, render
from ussd_engine.errors import EngineError
from ussd_engine.gateway import Gateway
from ussd_engine.looks import Looks

# 7 compare and set


@rule("7.1", places=("leg",), whats=("twice", "slow"), faults=(4, 9))
def a_commit_does_not_compare() -> Iterator[None]:
    with _swap(b"if standing ~= ARGV[1] then return standing end", b""):
        yield


@rule("7.2", places=("redis",), whats=("evict",), faults=(2, 5), people=(2, 3))
def what_vanished_comes_back() -> Iterator[None]:
    with _swap(b"standing ~= ARGV[1] then", b"standing ~= ARGV[1] and standing ~= '' then"):
        yield


@rule("7.3", places=("leg",), whats=("twice",), faults=(4, 9))
def a_new_session_takes_any_place() -> Iterator[None]:
    with _swap(b"standing ~= ARGV[1] then", b"standing ~= ARGV[1] and ARGV[1] ~= '' then"):
        yield


@contextlib.contextmanager
def _swap(old: bytes, new: bytes) -> Iterator[None]:
    """The script of the compare-and-set with a part of it changed."""
    script = redis.SWAP.replace(old, new)
    assert script != redis.SWAP
    digest = sha1(script, usedforsecurity=False).hexdigest().encode()
    with patch.object(redis, "SWAP", script), patch.object(redis, "SWAP_SHA", digest):
        yield


@rule("7.4", places=("redis",), whats=("unanswered", "torn", "dead"), faults=(1, 4))
def an_unknown_outcome_is_not_looked_at() -> Iterator[None]:
    async def swap(self: Any, asked: Any, until: float) -> Any:
        return redis._octets(await self._nodes.send(asked.key, asked.command(b"EVAL", redis.SWAP)))

    with patch.object(redis.RedisSessions, "_swap", swap):
        yield


@rule("7.5")
def sessions_stay_for_an_hour() -> Iterator[None]:
    with patch.object(gateway, "KEPT_S", 3600.0):
        yield


# 8 render, 9 budget


@rule("8.1", bold=0.7, script=(3, 9))
def long_texts_have_one_page() -> Iterator[None]:
    def read_pages(self: Any) -> Any:
        return [[self.head, *self.lines()]]

    with patch.object(render.Frame, "read_pages", read_pages), patch.object(render.Frame, "cut", lambda _, text: text):
        yield


@rule("9.1", places=("sql", "look"), whats=("slow", "late"), faults=(2, 5))
def there_is_no_deadline() -> Iterator[None]:
    take = Gateway.take_turn

    async def endless(self: Gateway, *args: Any) -> Any:
        with patch.object(self, "deadline_s", 1e6):
            return await take(self, *args)

    with patch.object(Gateway, "take_turn", endless):
        yield


@rule("9.2", places=("look",), whats=("slow",), faults=(1, 3))
def a_look_may_take_as_long_as_it_likes() -> Iterator[None]:
    with patch.object(Looks, "look_s", 1e6):
        yield


@rule("9.3", people=(2, 3), places=("look",), whats=("down",), faults=(1, 3))
def a_look_that_fails_ends_the_turn() -> Iterator[None]:
    async def looked(self: Looks, work: Any) -> str:
        try:
            return await self._ledger.language(work.turn.msisdn) or "" if work.turn.msisdn else ""
        except EngineError:
            raise StoreUnavailable("no look") from None

    with patch.object(Looks, "language", looked):
        yield
