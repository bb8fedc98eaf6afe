"""One handset on one provider: what it has dialled and typed, and the requests that the provider makes of it."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from dataclasses import dataclass

import aiohttp
from yarl import URL

from simulator.clock import Clock
from simulator.posted import Posted
from simulator.smsc import NobodyBound
from simulator.speech import Note, told
from ussd_engine.channels.base import Bound, Channel, Dial, Kind, Posting, Request, Response, path
from ussd_engine.errors import EngineError
from ussd_engine.model import Phase, Reply

EQUAL_S = 7.0
"""What a person leaves at least before typing the same again: until then it looks like a provider's late repeat."""
STEP_S = 2.0
STEPS = 27
"""Requests of one caller that are taken in one go, and how long each later one takes to be free: 30 a minute, of which
some are left for repeats."""
TIMEOUT_S = 15.0
NOT_THERE = " (--provider chooses another channel, --token its token there)"

_PATH = re.compile(r"(\*[0-9]+\*[0-9]+)((?:\*[0-9]+)+)#")
"""A code with digits behind it."""
_APART = re.compile(r"(\*[0-9]+\*[0-9]+)#((?: [0-9]+)+)")
"""The same where they are typed one by one."""


class NoAnswer(EngineError):
    """The gateway cannot be reached, or did not answer as this provider would understand."""


@dataclass(frozen=True)
class Line:
    """The way to a gateway."""

    client: aiohttp.ClientSession
    url: str
    token: str = ""
    posted: Posted | None = None
    """Where the gateway posts the screens of those providers that have them posted, and where it binds."""

    async def send(self, channel: Channel, request: Request) -> Response:
        """Make the provider's request; its answer, or the screen that is posted after it. Raises `NoAnswer`."""
        if self.posted and isinstance(channel, Posting | Bound) and (dialogue := waits(channel, request)):
            return await self._screen(channel, self.posted, dialogue, request)
        return await self._send(channel, request)

    async def _screen(self, channel: Channel, posted: Posted, dialogue: str, request: Request) -> Response:
        assert isinstance(channel, Posting | Bound)
        await posted.listen(channel)
        answer = await self._send(channel, request)
        if isinstance(channel, Posting) and (fault := channel.fault(answer)):
            raise NoAnswer(f"{self.url} does not take a request of {channel.name}: {fault}")
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await posted.next(dialogue)
        except TimeoutError:
            where = channel.url if isinstance(channel, Posting) else "its SMSC"
            raise NoAnswer(f"{self.url} posted no screen to {where}") from None

    async def _send(self, channel: Channel, request: Request) -> Response:
        if isinstance(channel, Bound):
            return await self._deliver(channel, request)
        way = path(channel.name, request.kind, self.token)
        target = f"{way}?{request.query}" if request.query else way
        return await self._ask(request.method, target, request.body, dict(request.headers))

    async def _deliver(self, channel: Bound, request: Request) -> Response:
        """Over the bind of the gateway, which has no address for it."""
        if self.posted is None:
            raise NoAnswer(f"{self.url} binds, and there is nobody here to whom it could")
        try:
            status = await self.posted.deliver(channel, request.body)
        except NobodyBound as error:
            raise NoAnswer(str(error)) from None
        if status:
            raise NoAnswer(f"the gateway answers status 0x{status:02X} to what was delivered")
        return Response(body=b"")

    async def post(self, way: str, content: object) -> None:
        """Bring what is to be taken and no more. Raises `NoAnswer`, also where it is not taken."""
        body = json.dumps(content, ensure_ascii=False).encode()
        answer = await self._ask("POST", way, body, {"content-type": "application/json"})
        if answer.status != 200:
            raise NoAnswer(f"{self.url} answers {answer.status} to {way}")

    async def _ask(self, method: str, way: str, body: bytes, headers: dict[str, str]) -> Response:
        url = URL(self.url.rstrip("/") + way, encoded=True)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with self.client.request(method, url, data=body or None, headers=headers, timeout=timeout) as answer:
                return Response(
                    body=await answer.read(),
                    content_type=answer.headers.get("Content-Type", ""),
                    headers=dict(answer.headers),
                    status=answer.status,
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswer(
                f"{self.url} does not answer ({type(error).__name__}): does the gateway run there?"
            ) from None


def waits(channel: Channel, request: Request) -> str:
    """The dialogue that waits for a screen after `request`; empty where none does."""
    turn = channel.parse(request)
    return "" if turn.phase is Phase.CLOSED else turn.dialogue


class Phone:
    """A handset. `msisdn` is E.164 without the plus sign."""

    def __init__(self, channel: Channel, line: Line, clock: Clock, msisdn: str | None) -> None:
        self.channel = channel
        self.line = line
        self.clock = clock
        self.msisdn = msisdn
        self.dialogue = ""
        self.dialled = ""
        self.inputs: tuple[str, ...] = ()
        self.screen: Reply | None = None
        self.recent: dict[str, float] = {}
        self.last: Request | None = None
        self.left: Request | None = None
        self._ahead: list[str] = []
        self._dialogues = secrets.randbelow(0x10000)
        """Counted: where a provider has a small number for a dialogue, the next has another."""
        self._paid_s = 0.0
        """When all that was sent is free again."""

    def through(self, channel: Channel, line: Line, clock: Clock) -> Phone:
        """The same handset on another way; its dialogue is gone, what it dialled last it knows."""
        phone = Phone(channel, line, clock, self.msisdn)
        phone.dialled, phone._paid_s = self.dialled, self._paid_s
        return phone

    async def dial(self, code: str, heard: bool = True) -> Reply:
        """A new dialogue. What is dialled behind the code is typed by hand where the provider does not hand it over,
        and the answer is `heard`."""
        await self.clock.leave(*self._pace())
        self.left = self.last
        self._dialogues = (self._dialogues + 1) % 0x10000
        self.dialogue = f"{secrets.token_hex(6)}{self._dialogues:04x}"
        self.dialled = code
        self.inputs = ()
        self._ahead = []
        screen = await self._leg()
        if self.channel.profile.passes_digits or not heard:
            return screen
        found = _PATH.fullmatch(code)
        return await self._go_ahead(screen, found[2][1:].split("*") if found else [])

    async def _go_ahead(self, screen: Reply, digits: list[str]) -> Reply:
        """Type what was dialled behind the code as far as each screen offers it; what a question in between leaves over
        is typed after its answer, where anything was."""
        self._ahead = []
        for index, one in enumerate(digits):
            if not re.search(rf"^{one}\. ", screen.text, re.MULTILINE):
                self._ahead = digits[index:] if index else []
                break
            screen = await self._typed(one, None)
        return screen

    def as_one_code(self, text: str) -> str:
        """A screen as other providers' phones show it, where this one's is told to type what is behind the code."""
        if self.channel.profile.passes_digits:
            return text
        return _APART.sub(lambda found: f"{found[1]}{found[2].replace(' ', '*')}#", text)

    async def type(self, text: str, after: float | None = None, heard: bool = True) -> Reply:
        """An answer to the screen, `after` seconds from it; else after as long as a person takes."""
        screen = await self._typed(text, after)
        return await self._go_ahead(screen, self._ahead) if heard else screen

    async def _typed(self, text: str, after: float | None) -> Reply:
        if after is None:
            await self.clock.leave(*self._pause(text))
        else:
            await self.clock.leave(after)
        self.recent[text] = self.clock.now()
        self.inputs = (*self.inputs, text)
        return await self._leg()

    async def repeat(self) -> Reply:
        """The provider makes its last request once more."""
        return await self._again(self.last)

    async def late(self) -> Reply:
        """The last request of the dialogue before this one arrives once more, late."""
        return await self._again(self.left)

    async def _again(self, request: Request | None) -> Reply:
        assert request is not None, "nothing was dialled before"
        return self.channel.read(await self._send(request))

    async def hang_up(self) -> None:
        """The provider tells that the dialogue is over, where it does."""
        notice = self.channel.build_close(self._dial())
        if notice is not None:
            await self._send(notice)

    def _pause(self, text: str) -> tuple[float, Note]:
        """Seconds: nothing, but before what was typed a moment ago on a channel that cannot tell it from a repeat; and
        why."""
        since, (pace, many) = self.clock.now() - self.recent.get(text, 0.0), self._pace()
        if not self.channel.profile.hold_s or since >= EQUAL_S or pace >= EQUAL_S:
            return pace, many
        wait = f"{EQUAL_S:.0f}"
        return EQUAL_S, told("The same answer again would be taken for a repeat: it is sent in {wait} s.", wait=wait)

    def _pace(self) -> tuple[float, Note]:
        """How long to wait for a gateway that takes so many steps of one caller in a minute, and why."""
        pace = max(0.0, self._paid_s - self.clock.now() - STEPS * STEP_S)
        wait = f"{pace:.0f}"
        return pace, told("So many requests in a minute are too many there: it is sent in {wait} s.", wait=wait)

    def _dial(self) -> Dial:
        return Dial(dialogue=self.dialogue, dialled=self.dialled, msisdn=self.msisdn, inputs=self.inputs)

    async def _leg(self) -> Reply:
        self.last = self.channel.build(self._dial())
        self.screen = self.channel.read(await self._send(self.last))
        return self.screen

    async def _send(self, request: Request) -> Response:
        self._paid_s = max(self._paid_s, self.clock.now()) + STEP_S
        answer = await self.line.send(self.channel, request)
        if answer.status != 200 and request.kind is Kind.USSD:
            words = answer.body[:200].decode("utf-8", "replace").strip()
            way_out = NOT_THERE if answer.status == 404 else ""
            raise NoAnswer(f"{self.line.url} answers {answer.status} to {self.channel.name}: {words}{way_out}")
        return answer
