"""The HTTP routes: providers' callbacks in, screens out; liveness, readiness, metrics."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

from aiohttp import web

from sessions import Seal, SessionStore, open_sessions
from ussd_engine.admission import Refusal
from ussd_engine.background import Uniform, Work, at_work
from ussd_engine.binds import USSD
from ussd_engine.callback import MOST_BYTES, Callers, answered, received
from ussd_engine.channels.base import Answered, Bound, Channel, Kind, delivered
from ussd_engine.config import Config
from ussd_engine.counts import Count, Outcome
from ussd_engine.engine import Engine, open_engine
from ussd_engine.errors import NotACallback
from ussd_engine.events import add_events
from ussd_engine.feedback import Opener, open_feedback
from ussd_engine.forms.door import FormDoor, add_forms
from ussd_engine.ledger import Faults
from ussd_engine.leg import Kind as Leg
from ussd_engine.logs import Log
from ussd_engine.metrics import CONTENT_TYPE
from ussd_engine.model import Phase, Reply, Turn
from ussd_engine.peers import Peers
from ussd_engine.port import BACKLOG
from ussd_engine.posting import Posts
from ussd_engine.smpp import pdu
from ussd_engine.sms.door import SmsDoor, add_sms
from ussd_engine.view import Seen

IDLE_S = 620.0
"""How long a connection may stay without a request; longer than proxies keep theirs, or one would be closed on them."""

DOORS = (Leg.NEW, Leg.REDIAL)
"""Legs that ask something without an answer before."""

ENGINE: web.AppKey[Engine] = web.AppKey("engine", Engine)


Tap = Callable[[Turn, Seen], None]
"""Is told of every turn: for coverage of menus, never for logs."""


class Door:
    """The callbacks of the channels: who may knock, what was asked, what is answered."""

    def __init__(self, engine: Engine, log: Log, tap: Tap | None = None) -> None:
        self.engine = engine
        self.admission = engine.admission
        self.log = log
        self.tap = tap
        self.posts = Posts(engine.channels, engine.binds.ussd, engine.metrics.count, self._faulted)
        # What is reached over a bind has no address.
        called = [one for one in engine.config.ussd_channels if not isinstance(engine.channels[one.name], Bound)]
        self.callers = Callers(called, Peers(engine.config.peers, engine.config.proxies))

    def channel(self, request: web.Request) -> Channel:
        """The channel of the address, for one who may use it; else 404, whatever the reason."""
        name = self.callers.channel(request)
        if name is None:
            self.engine.metrics.count(Count.UNKNOWN_TOKEN)
            raise web.HTTPNotFound
        return self.engine.channels[name]

    async def ussd(self, request: web.Request) -> web.Response:
        """A callback: the next screen, in the provider's envelope."""
        channel = self.channel(request)
        try:
            turn = await self._parsed(request, channel, Kind.USSD)
        except Answered as known:
            self.engine.metrics.count(known.count, channel.name)
            return answered(known.response)
        if self.posts.takes(turn):
            return answered(self.posts.begin(turn, self._screen(turn, channel)))
        return answered(channel.reply(await self._screen(turn, channel), turn))

    def over_binds(self) -> Iterator[Work]:
        """What takes the legs that come over binds."""
        for name in self.engine.binds.ussd:
            yield self.engine.binds.serving(USSD, name, partial(self._delivered, self.engine.channels[name]))

    async def _delivered(self, channel: Channel, octets: bytes) -> int:
        """A leg that came over a bind: acknowledged at once, its screen follows."""
        try:
            turn = channel.parse(delivered(octets))
        except Answered as known:
            self.engine.metrics.count(known.count, channel.name)
        except NotACallback:
            self.engine.metrics.count(Count.NOT_A_CALLBACK, channel.name)
            return pdu.NEVER
        else:
            if self.posts.takes(turn):
                self.posts.begin(turn, self._screen(turn, channel))
            else:
                await self._screen(turn, channel)
        return pdu.OK

    async def _screen(self, turn: Turn, channel: Channel) -> Reply:
        """The next screen of an admitted turn, or why it is not admitted."""
        seen = Seen()
        began = time.perf_counter()
        if refusal := self.admission.refuse(turn):
            reply = self._refused(refusal, turn, channel, seen)
        else:
            self.admission.under_way += 1
            try:
                reply = await self._turn(turn, channel, seen)
            except asyncio.CancelledError:
                self.admission.cut_off += 1
                raise
            finally:
                self.admission.under_way -= 1
            if seen.locale:
                self.admission.heard(turn, seen.locale)
        self._tell(turn, seen, reply, time.perf_counter() - began)
        return reply

    def _refused(self, refusal: Refusal, turn: Turn, channel: Channel, seen: Seen) -> Reply:
        """The screen of one who is not let in: neither session nor ledger is asked."""
        seen.kind, seen.locale = Outcome.SHED, refusal.locale
        seen.counts.append(refusal.reason)
        gateway = self.engine.gateway
        values = {"minutes": str(refusal.minutes)}
        return gateway.view.system(refusal.screen, gateway.editions.current, turn, channel.profile, seen, values)

    def _tell(self, turn: Turn, seen: Seen, reply: Reply, seconds: float) -> None:
        """One line and the numbers of a turn."""
        if self.tap:
            self.tap(turn, seen)
        outcome, metrics = _outcome(turn, seen, reply), self.engine.metrics
        metrics.turn(turn.channel, outcome, seconds, "" if outcome is Outcome.SHED else seen.screen)
        for count in seen.counts:
            metrics.count(count, turn.channel)
        if seen.answered:
            metrics.answered(seen.answered)
        if not reply.ends and (seen.answered or seen.kind in DOORS):
            metrics.asked(seen.screen)
        if outcome is Outcome.SHED and not self.admission.may_log():
            return
        self.log.turn(
            log_tag=self._tag(turn),
            channel=turn.channel,
            screen=seen.screen,
            outcome=outcome,
            seconds=seconds,
            counts=seen.counts,
        )

    def _tag(self, turn: Turn) -> str:
        """Random, new each day: tells one caller's lines of a day together, and links to nothing."""
        gateway = self.engine.gateway
        return self.engine.keyring.log_tag(turn.msisdn or turn.dialogue, self.engine.country.today(gateway.now_ms()))

    async def _turn(self, turn: Turn, channel: Channel, seen: Seen) -> Reply:
        """A fault of our own ends the dialog with words, and is logged by its place alone."""
        gateway = self.engine.gateway
        try:
            return await gateway.take_turn(turn, channel.profile, seen)
        except Exception as error:
            self._faulted(turn, error)
            return gateway.system("fault", turn, channel.profile, seen)

    def _faulted(self, turn: Turn, error: Exception) -> None:
        self.log.fault(error, log_tag=self._tag(turn), channel=turn.channel)

    async def closed(self, request: web.Request) -> web.Response:
        """An end-of-session notice: counted, and nothing changes. What it echoes of a citizen is dropped unread."""
        channel = self.channel(request)
        turn = await self._parsed(request, channel, Kind.EVENTS)
        assert turn.phase is Phase.CLOSED
        self.engine.metrics.turn(channel.name, Outcome.CLOSED, 0.0)
        self.engine.metrics.count(Count.CLOSED, channel.name)
        return answered(channel.reply(Reply("", True), turn))

    async def _parsed(self, request: web.Request, channel: Channel, kind: Kind) -> Turn:
        try:
            found = await received(request, kind)
            return channel.parse(found) if kind is Kind.USSD else channel.parse_event(found)
        except NotACallback as error:
            self.engine.metrics.count(Count.NOT_A_CALLBACK, channel.name)
            raise web.HTTPBadRequest(text=f"{error}\n") from None


DOOR: web.AppKey[Door] = web.AppKey("door", Door)
SMS_DOOR: web.AppKey[SmsDoor] = web.AppKey("sms_door", SmsDoor)
FORM_DOOR: web.AppKey[FormDoor] = web.AppKey("form_door", FormDoor)


def _outcome(turn: Turn, seen: Seen, reply: Reply) -> Outcome:
    if turn.phase is Phase.CLOSED:
        return Outcome.CLOSED
    if Count.DEADLINE in seen.counts:
        return Outcome.LATE
    if seen.kind == Outcome.FAULT:
        return Outcome.FAULT
    if seen.kind == Outcome.SHED:
        return Outcome.SHED
    return Outcome.ENDED if reply.ends else Outcome.CONTINUED


async def healthz(request: web.Request) -> web.Response:
    """The process runs."""
    return web.Response(text="ok\n")


async def readyz(request: web.Request) -> web.Response:
    """200 where turns can be taken, else 503 with what is missing, a line each. A bind that is down keeps nobody else's
    turns away: it is told, and that is all."""
    engine = request.app[ENGINE]
    complaints = await engine.ready()
    lines = [*(complaints or ["ready"]), *engine.binds.down()]
    return web.Response(text="\n".join(lines) + "\n", status=503 if complaints else 200)


async def metrics(request: web.Request) -> web.Response:
    """Prometheus' text format."""
    body = await request.app[ENGINE].exposition()
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})


def create_app(
    config: Config,
    *,
    clock: Callable[[], float] = time.time,
    faults: Faults | None = None,
    log: Log | None = None,
    tap: Tap | None = None,
    proven: bool = False,
    open_store: Callable[[str, Seal], SessionStore] = open_sessions,
    open_core: Opener = open_feedback,
    uniform: Uniform = random.uniform,
) -> web.Application:
    """The application of a configuration. Raises `ConfigError` or `MenuError` when it starts."""
    app = web.Application(client_max_size=MOST_BYTES)
    written = log or Log(config.log_level)

    async def engine(app: web.Application) -> AsyncIterator[None]:
        opening = open_engine(
            config,
            clock=clock,
            faults=faults,
            proven=proven,
            open_store=open_store,
            open_core=open_core,
            uniform=uniform,
            fault=written.fault,
            notice=written.notice,
        )
        async with opening as opened:
            app[ENGINE] = opened
            app[DOOR] = Door(opened, written, tap)
            app[SMS_DOOR] = SmsDoor(opened, written.fault)
            app[FORM_DOOR] = FormDoor(opened, written)
            async with at_work(*app[DOOR].over_binds(), told=written.fault):
                yield
                opened.binds.hush()
                await app[DOOR].posts.close()

    app.cleanup_ctx.append(engine)
    if config.role != "worker":
        _add_callbacks(app.router)
        add_sms(app.router, SMS_DOOR)
        add_forms(app.router, FORM_DOOR)
    add_events(app.router, ENGINE)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app


def _add_callbacks(router: web.UrlDispatcher) -> None:
    async def ussd(request: web.Request) -> web.Response:
        return await request.app[DOOR].ussd(request)

    async def closed(request: web.Request) -> web.Response:
        return await request.app[DOOR].closed(request)

    # "events" is no token (the settings refuse it), so the longer addresses stand first.
    for tail, handler in (("/events", closed), ("/events/{token}", closed), ("", ussd), ("/{token}", ussd)):
        router.add_post("/ussd/{channel}" + tail, handler)
        router.add_get("/ussd/{channel}" + tail, handler, allow_head=False)


@contextlib.asynccontextmanager
async def running(
    app: web.Application, host: str = "127.0.0.1", port: int = 0, door: socket.socket | None = None
) -> AsyncIterator[str]:
    """The application on a port of its own, or behind a `door` that is bound already and stays when it stops; gives its
    address. For tests, the simulator, and benchmarks."""
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=IDLE_S)
    await runner.setup()
    try:
        if door is None:
            await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
        else:
            await web.SockSite(runner, door.dup(), backlog=BACKLOG).start()
        address = runner.addresses[0]
        yield f"http://{address[0]}:{address[1]}"
    finally:
        await runner.cleanup()
