"""What an SMS does to a text that is finished by SMS, and what is said of it.

What arrives joins the text; nothing is sent before she says so. Then the draft is a form like one that came by SMS: the
menu's own rule says what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import Connection

from ussd_engine.ledger.talks import Talk, Talks
from ussd_engine.ledger.terms import HOUR_MS
from ussd_engine.menu.keywords import MESSAGE
from ussd_engine.model import Mode, Submit
from ussd_engine.sms import filling
from ussd_engine.sms.filling import Lacking
from ussd_engine.sms.matrix import Anyway, Happening, Say, say
from ussd_engine.sms.message import Priority
from ussd_engine.sms.written import Reply, Written, lacks
from ussd_engine.unfinished import Unfinished, decode, encode

ASK: Final = Say("finish_ask", False, Priority.REPLY)
"""How a text is finished, and for how long it is kept: to who has sent none yet, or asks what waits."""


class TextDeeds:
    """Does it. `send` writes a submission in the transaction of the SMS; it gives what is said, and whether it was
    taken."""

    def __init__(
        self, conn: Connection, talks: Talks, written: Written, send: Callable[[Submit], tuple[Reply, bool]]
    ) -> None:
        self._conn = conn
        self._talks = talks
        self._written = written
        self._send = send

    def more(self, one: Talk) -> Reply:
        """One more part of the text; what is too long with it is not taken."""
        kept, part = decode(one.content), self._written.heard.whole
        kept = msgspec.structs.replace(kept, answers={**kept.answers, MESSAGE: f"{kept.text} {part}".strip()})
        lacking = filling.too_long(self._written.edition, self._written.service, kept, self._written.sender)
        if lacking is not None:
            return self._spoken(kept, lacks(lacking))
        self._talks.change(self._conn, one, encode(kept))
        return self._length(kept)

    def asked(self, one: Talk) -> Reply:
        """The text as it stands, and what may be done about it."""
        return self._length(decode(one.content))

    def waits(self, one: Talk) -> Reply:
        """That a text waits, and for how long yet: nothing is said to have been added to it."""
        hours = max(1, (one.until_ms - self._written.sender.at_ms) // HOUR_MS)
        return self._spoken(decode(one.content), Reply(ASK, {"hours": str(hours)}))

    def sent(self, one: Talk) -> Reply:
        """It is sent, or what is missing is asked for. A conversation is one submission, whoever says so how often."""
        kept, sender = decode(one.content), self._written.sender._replace(key=one.id)
        locale = self._written.chosen or kept.locale
        filled = filling.finish(self._written.edition, self._written.service, kept, sender._replace(locale=locale))
        if isinstance(filled, Lacking):
            if filled.say is not Anyway.NO_TEXT:
                return self._spoken(kept, lacks(filled))
            return self.waits(one)
        said, taken = self._send(filled)
        if taken:
            self._talks.end(self._conn, one)
        return self._spoken(kept, said)

    def _length(self, kept: Unfinished) -> Reply:
        said = say(Happening.FINISHED_BY, Mode.CONFIDENTIAL)
        assert said is not None, "a text can be finished"
        return self._spoken(kept, Reply(said, {"n": str(len(kept.text))}))

    def _spoken(self, kept: Unfinished, reply: Reply) -> Reply:
        """In the language of the keyword, else of her choice, else of the dialog."""
        return reply._replace(locale=self._written.heard.locale or self._written.chosen or kept.locale)
