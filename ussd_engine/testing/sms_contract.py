"""What every gateway of SMS must do, whoever wrote it.

    class TestMine(SmsContract):
        def gateway(self, url: str) -> Gateway:
            return Mine(settings("mine", url=url, api_key=KEY))

        def accepts(self, asked: Asked) -> Says:
            return Says(200, b'{"ok": true}')

Needs pytest and hypothesis.
"""

from __future__ import annotations

import copy
import json
import logging
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import pytest

from ussd_engine.answered import MOST_READ
from ussd_engine.channels.sms import Fetched, Fetches
from ussd_engine.sms.message import Progress, RouteFault, Sent, Way
from ussd_engine.testing.gateway_contract import CANARIES as CANARIES
from ussd_engine.testing.gateway_contract import KEY as KEY
from ussd_engine.testing.gateway_contract import NOW_MS as NOW_MS
from ussd_engine.testing.gateway_contract import NOWHERE, SAID, TAKEN, GatewayContract, told
from ussd_engine.testing.gateway_contract import NUMBERS as NUMBERS
from ussd_engine.testing.gateway_contract import TEXT as TEXT
from ussd_engine.testing.gateway_contract import outgoing as outgoing
from ussd_engine.testing.gateway_contract import settings as settings
from ussd_engine.testing.provider import Asked, Says, playing

JUNK: tuple[object, ...] = (None, True, -1, 10**30, "", "x", NUMBERS[0], TEXT, [], {}, [[]], [{}], {"a": []})


class SmsContract(GatewayContract):
    """Subclass, and say how the gateway is made and what its provider answers."""

    @abstractmethod
    def accepts(self, asked: Asked) -> Says:
        """The provider's yes to all that a call asks."""

    def inbox(self) -> bytes:
        """The answer of an inbox in which an SMS of `NUMBERS[0]` stands that says `TEXT`."""
        return b"{}"

    async def sent(self, play: Any, size: int = 1) -> tuple[list[Sent] | RouteFault, list[Asked]]:
        """What a batch came to, and what the provider was asked."""
        async with playing(play) as provider:
            gateway = self.gateway(provider.url)
            try:
                return await gateway.send(outgoing(*NUMBERS[:size])), provider.asked
            except RouteFault as fault:
                return fault, provider.asked
            finally:
                await gateway.close()

    async def fault(self, says: Says | None) -> RouteFault:
        """What a call came to that met this answer."""
        found, asked = await self.sent(lambda _: says)
        assert isinstance(found, RouteFault)
        assert len(asked) == 1
        assert not any(canary in str(found) for canary in CANARIES)
        return found

    async def test_what_is_taken_is_said_of_each_in_order(self) -> None:
        for size in range(1, min(self.gateway(NOWHERE).limits.per_call, len(NUMBERS)) + 1):
            found, asked = await self.sent(self.accepts, size)
            assert isinstance(found, list)
            assert [one.id for one in found] == [one.id for one in outgoing(*NUMBERS[:size])]
            assert {one.progress for one in found} <= TAKEN
            known = [one.provider_id for one in found if one.provider_id]
            assert len(set(known)) == len(known)
            assert len(asked) == 1

    async def test_a_batch_has_one_text(self) -> None:
        gateway = self.gateway(NOWHERE)
        if gateway.limits.per_call == 1:
            pytest.skip("it takes one number a call")
        with pytest.raises(ValueError, match="one text"):
            await gateway.send([*outgoing(NUMBERS[0]), *outgoing(NUMBERS[1], text="Asante")])

    @pytest.mark.parametrize("status", [429, 503])
    async def test_patience_is_asked_for_and_kept(self, status: int) -> None:
        fault = await self.fault(Says(status, headers={"Retry-After": "7"}))
        assert (fault.after_s, fault.stop, fault.perhaps_taken) == (7.0, False, False)
        date = "Thu, 15 Jan 2026 06:31:30 GMT"
        assert (await self.fault(Says(status, headers={"Retry-After": date}))).after_s == 90.0
        assert (await self.fault(Says(status))).after_s is None

    @pytest.mark.parametrize("status", [401, 402, 403])
    async def test_a_wrong_key_stops_the_route(self, status: int) -> None:
        fault = await self.fault(Says(status, f"{KEY} {NUMBERS[0]} {TEXT}".encode()))
        assert (fault.stop, fault.perhaps_taken) == (True, False)

    @pytest.mark.parametrize("status", [500, 502, 504])
    async def test_a_fault_of_theirs_may_have_taken_it(self, status: int) -> None:
        fault = await self.fault(Says(status, f"{KEY} {NUMBERS[0]} {TEXT}".encode()))
        assert (fault.stop, fault.perhaps_taken) == (False, True)

    @pytest.mark.parametrize("status", [301, 302, 307, 404])
    async def test_nobody_is_followed_elsewhere(self, status: int) -> None:
        fault = await self.fault(Says(status, headers={"Location": "/elsewhere"}))
        assert (fault.stop, fault.perhaps_taken) == (False, False)

    async def test_who_hangs_up_may_have_taken_it(self) -> None:
        assert (await self.fault(None)).perhaps_taken

    async def test_who_is_not_there_has_taken_nothing(self) -> None:
        async with playing(self.accepts) as provider:
            gateway = self.gateway(provider.url)
        with pytest.raises(RouteFault) as fault:
            await gateway.send(outgoing(NUMBERS[0]))
        assert not fault.value.perhaps_taken
        await gateway.close()

    async def test_a_refusal_of_one_is_final_and_of_several_is_not(self) -> None:
        for size in range(1, min(self.gateway(NOWHERE).limits.per_call, len(NUMBERS)) + 1):
            found, _ = await self.sent(lambda _: Says(400, f"{NUMBERS[0]} {KEY}".encode()), size)
            assert isinstance(found, list)
            assert {one.progress for one in found} == {Progress.REJECTED if size == 1 else Progress.FAILED}
            assert {one.again for one in found} == {size > 1}
            assert not any(canary in told(found) for canary in CANARIES)

    async def test_whatever_is_answered_has_an_end(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        for size in {1, min(self.gateway(NOWHERE).limits.per_call, 2)}:
            _, asked = await self.sent(self.accepts, size)
            for body in _spoilt(self.accepts(asked[0]).body):
                found, _ = await self.sent(lambda _, body=body: Says(200, body), size)
                assert isinstance(found, RouteFault) or len(found) == size
                if isinstance(found, list):
                    assert {one.progress for one in found} <= SAID
                words = found if isinstance(found, RouteFault) else [one.reason for one in found]
                assert not any(canary in told(words) for canary in CANARIES)
        # httpd of the test's own provider would be the only other one to speak
        ours = [record for record in caplog.records if record.name.startswith("ussd_engine")]
        assert not any(canary in record.getMessage() for record in ours for canary in CANARIES)

    async def test_whatever_stands_in_an_inbox_has_an_end(self) -> None:
        if not isinstance(self.gateway(NOWHERE), Fetches):
            pytest.skip("it has no inbox")
        for body in _spoilt(self.inbox()):
            says = Says(200, body)
            async with playing(lambda _, says=says: says) as provider:  # type: ignore[misc]  # a default binds it
                gateway = self.gateway(provider.url)
                assert isinstance(gateway, Fetches)
                found: list[Fetched] | RouteFault
                try:
                    found = await gateway.fetch("")
                except RouteFault as fault:
                    found = fault
                await gateway.close()
            if isinstance(found, list):
                assert all(one.id for one in found)
            else:
                assert not any(canary in str(found) for canary in CANARIES)

    async def test_what_stands_in_an_inbox_is_read(self) -> None:
        async with playing(lambda _: Says(200, self.inbox())) as provider:
            gateway = self.gateway(provider.url)
            if not isinstance(gateway, Fetches):
                pytest.skip("it has no inbox")
            (found,) = await gateway.fetch("")
            assert found.incoming is not None
            assert (found.incoming.channel, found.incoming.came) == (gateway.name, Way.FETCHED)
            assert (found.incoming.msisdn, found.incoming.text) == (NUMBERS[0], TEXT)
            await gateway.close()


def _spoilt(body: bytes) -> Iterator[bytes]:
    """A provider's yes with each of its values replaced, and what is no answer at all."""
    yield from (b"", b"null", b"[]", b"{}", b"\xff", b"[" * 60_000, b"{" + b" " * MOST_READ)
    try:
        whole = json.loads(body)
    except ValueError:
        return
    for path in _paths(whole):
        for junk in JUNK:
            yield json.dumps(_with(whole, path, junk)).encode()


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _paths(child, (*path, key))


def _with(whole: Any, path: tuple[Any, ...], junk: object) -> Any:
    copied = copy.deepcopy(whole)
    inner = copied
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = junk
    return copied
