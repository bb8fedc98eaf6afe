"""Forms over HTTP that a platform collects in a menu of its own: the checks of its fields, and what it delivers.

Whoever may call is answered 200, as the platform wants it and with words for the citizen. What cannot be its callback
is answered 400, and other callers 404.
"""

from __future__ import annotations

import time
from typing import Final

from aiohttp import web

from ussd_engine.callback import Callers, answered, received
from ussd_engine.channels.base import Kind, Response
from ussd_engine.channels.forms import Asked, Collected, Collector
from ussd_engine.counts import Count, Outcome
from ussd_engine.engine import Engine
from ussd_engine.errors import NotACallback
from ussd_engine.forms.became import Became
from ussd_engine.forms.collecting import Answered
from ussd_engine.logs import Log
from ussd_engine.model import Phase, Turn
from ussd_engine.peers import Peers

OUTCOMES: Final = {Became.SHED: Outcome.SHED, Became.FAULT: Outcome.FAULT, Became.UNKEPT: Outcome.LATE}
"""How the log calls what became of a form; all else has ended."""


class FormDoor:
    """The callbacks of the platforms."""

    def __init__(self, engine: Engine, log: Log) -> None:
        config = engine.config
        collecting = [one for one in config.channels if one.name in engine.collecting.collectors]
        self._engine = engine
        self._log = log
        self._callers = Callers(collecting, Peers(config.peers, config.proxies))

    async def check(self, request: web.Request) -> web.Response:
        """Whether a field may stand."""
        collector, metrics = self._collector(request), self._engine.metrics
        try:
            asked = collector.asked(await received(request, Kind.CHECK))
            found = self._checked(collector, asked)
            if found is None:
                raise NotACallback("the address names no field that the settings know")
        except NotACallback as error:
            raise self._no_callback(collector, error) from None
        response, right = found
        metrics.field_checked(collector.name, right)
        return answered(response)

    async def form(self, request: web.Request) -> web.Response:
        """A finished form."""
        collector = self._collector(request)
        try:
            collected = collector.collected(await received(request, Kind.FORMS))
        except NotACallback as error:
            raise self._no_callback(collector, error) from None
        began = time.perf_counter()
        found = await self._shed(collector, collected) or await self._taken(collector, collected)
        self._tell(collector, collected, found, time.perf_counter() - began)
        return answered(found.response)

    def _checked(self, collector: Collector, asked: Asked) -> tuple[Response, bool] | None:
        """What is said of a field, and whether it may stand."""
        try:
            return self._engine.collecting.check(collector, asked)
        except Exception as error:
            self._log.fault(error, channel=collector.name)
            return collector.wrong(self._fault(collector)), False

    async def _shed(self, collector: Collector, collected: Collected) -> Answered | None:
        """What is said to whom is not let in: a form counts as a dial of a number's day, and as a step."""
        engine, gateway = self._engine, self._engine.gateway
        caller, content = _caller(collected), " ".join(collected.fields.values())
        turn = Turn(
            collector.name, content if caller else collected.number, Phase.START, content, msisdn=caller or None
        )
        refusal = engine.admission.refuse(turn)
        if refusal is None:
            return None
        values = {"minutes": str(refusal.minutes)}
        service = collector.options.service
        said = gateway.view.system_of(service, refusal.screen, gateway.editions.current, refusal.locale, values)
        return Answered(collector.refused(said, by_sms=await self._tells(collected)), Became.SHED, service)

    async def _taken(self, collector: Collector, collected: Collected) -> Answered:
        engine = self._engine
        engine.admission.under_way += 1
        try:
            return await engine.collecting.take(collector, collected)
        except Exception as error:
            self._log.fault(error, log_tag=self._tag(collected), channel=collector.name)
            said = collector.refused(self._fault(collector), by_sms=await self._tells(collected))
            return Answered(said, Became.FAULT, collector.options.service)
        finally:
            engine.admission.under_way -= 1

    async def _tells(self, collected: Collected) -> bool:
        """Whether what is refused is told by SMS too; a fault in that is none of hers."""
        try:
            return await self._engine.collecting.tells(collected.msisdn)
        except Exception as error:
            self._log.fault(error, log_tag=self._tag(collected))
            return True

    def _fault(self, collector: Collector) -> str:
        gateway = self._engine.gateway
        return gateway.view.system_of(collector.options.service, "fault", gateway.editions.current, "", {})

    def _tell(self, collector: Collector, collected: Collected, found: Answered, seconds: float) -> None:
        self._engine.metrics.form(collector.name, found.became)
        outcome = OUTCOMES.get(found.became, Outcome.ENDED)
        if outcome is Outcome.SHED and not self._engine.admission.may_log():
            return
        tag, name = self._tag(collected), collector.name
        self._log.turn(log_tag=tag, channel=name, screen=found.place, outcome=outcome, seconds=seconds)

    def _tag(self, collected: Collected) -> str:
        gateway = self._engine.gateway
        today = self._engine.country.today(gateway.now_ms())
        return self._engine.keyring.log_tag(collected.msisdn or collected.number, today)

    def _collector(self, request: web.Request) -> Collector:
        """The collector of the address, for one who may use it; else 404, whatever the reason."""
        name = self._callers.channel(request)
        if name is None:
            self._engine.metrics.count(Count.UNKNOWN_TOKEN)
            raise web.HTTPNotFound
        return self._engine.collecting.collectors[name]

    def _no_callback(self, collector: Collector, error: NotACallback) -> web.HTTPBadRequest:
        self._engine.metrics.count(Count.NOT_A_CALLBACK, collector.name)
        return web.HTTPBadRequest(text=f"{error}\n")


def _caller(collected: Collected) -> str:
    """Whose day a form counts in. Empty where a word stands for the number: many withhold theirs, and one of them must
    not use up the day of all, so they share a pace alone."""
    known = any(sign.isdecimal() for sign in collected.number)
    return collected.msisdn or (collected.number if known else "")


def add_forms(router: web.UrlDispatcher, key: web.AppKey[FormDoor]) -> None:
    """Serve the routes, by the door under a key of the application."""

    async def check(request: web.Request) -> web.Response:
        return await request.app[key].check(request)

    async def form(request: web.Request) -> web.Response:
        return await request.app[key].form(request)

    # "check" is no token (the settings refuse it), so the longer addresses stand first.
    for place, handler in (("/check", check), ("", form)):
        for tail in (place, place + "/{token}"):
            router.add_post("/forms/{channel}" + tail, handler)
