"""An SMS that comes: a gateway killed at one point on its way to a submission, and the copy that it is brought then."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any, Final, NamedTuple

import aiohttp

from tests.kills.place import Files
from tests.kills.post import SHORT, Carrier, Post, Texted, after_leases_ms
from tests.kills.scene import NUMBER
from tests.kills.story import WORDS
from ussd_engine.testing.provider import playing

RECEIVED: Final = re.compile(r"Tumepokea\. Namba: ([0-9]{9})\.")
FIRST: Final = "e-Mrejesho hutumia namba yako"
"""What a phone is told with its first SMS."""
TABLES: Final = ("effects", "submissions", "cases", "outbox", "conversations", "sms", "sms_in")
ID: Final = "in-1"
JSON: Final = {"Content-Type": "application/json"}


class Way(NamedTuple):
    """By which channel she writes, what she wrote before, and the SMS under which the process dies."""

    channel: str
    before: Sequence[str]
    last: str


IN: Final = {
    "an SMS that is a whole complaint": Way("loopback", (), f"LALAMIKO TANESCO {WORDS}"),
    "an SMS that answers what was asked back": Way("loopback", ("LALAMIKO TANESCO",), WORDS),
    "an SMS whose reply travels in the answer to it": Way("mgov", (), f"LALAMIKO TANESCO {WORDS}"),
}
LEFT: Final = {"nothing", "written"}
"""What the dead leave: nothing at all, or all of it, of which their provider knows nothing."""
ANSWERED: Final = "answered"
"""What is left where nobody dies."""


class Coming:
    """The SMS, and what is kept of them."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self._scene: Files = {}
        self._before: dict[str, int] = {}
        self._after: dict[str, int] = {}

    async def prepare(self, story: str) -> None:
        """What she wrote before is answered, and its answers have left; then what an undisturbed run leaves."""
        way = IN[story]
        await self.post.empty()
        async with self.post.place.survivor() as url:
            for at, text in enumerate(way.before):
                assert await _brought(url, way.channel, text, f"before-{at}") is not None
        async with playing(Carrier().play) as provider:
            await self.post.all_sent(way.channel, provider, after_leases_ms())
        self._scene, self._before = self.post.place.files, self._rows()
        run = await self.play(story, "")
        assert run.answer is not None
        self._after = self._rows()
        assert [self._after[name] - self._before[name] for name in ("effects", "cases")] == [1, 1]

    async def play(self, story: str, kill: str) -> Texted:
        """As `Stories.play`."""
        way = IN[story]
        self.post.place.put(self._scene)
        self.post.children.start("answer", kill)
        url = self.post.children.hear()["url"]
        answer = await _brought(url, way.channel, way.last, ID)
        if answer is not None:
            self.post.children.tell_to_end()
        run = await self.post.ended()
        run.answer = answer
        return run

    async def lives_on(self, story: str, run: Texted) -> str:
        """The provider brings it to another process, where it had its answer too; what the dead one left."""
        way, left = IN[story], self._left(run)
        told = [run.answer] if run.answer else []
        async with self.post.place.survivor() as url:
            again = await _brought(url, way.channel, way.last, ID)
            assert again is not None, "its provider is told nothing, and would bring it on and on"
            told.append(again)
        assert self._rows() == self._after
        (reference,) = self.post.place.books().references
        # Where the reply travels in the answer, a copy has the same; else it is a row, which a worker sends.
        in_band = {str(one["message"]) for one in told if "message" in one}
        carrier = Carrier()
        async with playing(carrier.play) as provider:
            await self.post.all_sent(way.channel, provider, after_leases_ms())
        assert set(carrier.taken) <= {NUMBER}
        texts = [*in_band, *(text for _, text in carrier.texts)]
        assert [found[1] for text in texts if (found := RECEIVED.match(text))] == [reference]
        assert sum(text.startswith(FIRST) for text in texts) == (0 if way.before else 1)
        assert len(texts) == (1 if way.before else 2)
        return left

    def _left(self, run: Texted) -> str:
        """A part of it is never written."""
        found = self._rows()
        assert found in (self._before, self._after), "a part of it was written"
        if found == self._before:
            assert run.answer is None, "its provider is told that it is kept, and it is not"
            return "nothing"
        return "written" if run.answer is None else ANSWERED

    def _rows(self) -> dict[str, int]:
        with closing(sqlite3.connect(self.post.place.ledger_file)) as found:
            return {name: found.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}


async def _brought(url: str, channel: str, text: str, id: str) -> dict[str, Any] | None:
    """What a provider is answered that brings an SMS; `None` where the line breaks."""
    fields = {"id": id, "from": NUMBER, "to": SHORT, "text": text}
    if channel == "mgov":
        fields = {"transaction_id": id, "msisdn": NUMBER, "message": text}
    try:
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"{url}/sms/{channel}", data=json.dumps(fields), headers=JSON) as answer,
        ):
            assert answer.status == 200
            body = await answer.text()
    except aiohttp.ClientError:
        return None
    said: dict[str, Any] = json.loads(body) if channel == "mgov" else {"status": 200}
    return said
