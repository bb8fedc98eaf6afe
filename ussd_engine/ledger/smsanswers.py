"""Replies that travelled in the answer to the provider: kept as rows that were sent, so that a copy gets the same."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from ussd_engine.errors import EngineError
from ussd_engine.ledger.smsrows import SmsScribe, enqueue
from ussd_engine.ledger.smstables import sms
from ussd_engine.sms.message import Notice, Priority, Progress

_SAID = select(sms).where(
    sms.c.key == bindparam("this"),
    sms.c.route == bindparam("name"),
    # A sender's first word of a row is an attempt.
    sms.c.state == Progress.SENT.value,
    sms.c.attempts == 0,
    sms.c.sealed.is_not(None),
)


class SmsAnswers:
    """Writes and reads them, inside the transaction of an SMS that came. Their numbers are not kept: the provider has
    them."""

    def __init__(self, scribe: SmsScribe) -> None:
        self._scribe = scribe

    def keep(self, conn: Connection, notice: Notice, route: str) -> None:
        """This is said in an answer to the provider of a route."""
        row = self._scribe.row(notice, route)
        enqueue(conn, [{**row, "state": Progress.SENT.value, "number": None, "tag": None}])

    def said(self, conn: Connection, key: bytes, route: str) -> Notice | None:
        """What was said under a key; `None` where nothing was, or it is kept no longer."""
        row = conn.execute(_SAID, {"this": key, "name": route}).one_or_none()
        if row is None:
            return None
        try:
            content = self._scribe.content(row.id, row.sealed)
        except EngineError:  # the key is not held any longer
            return None
        return Notice(
            key=row.key,
            service=row.service,
            template=row.template,
            values=content.values,
            locale=content.locale,
            priority=Priority(row.priority),
            push=row.push,
            at_ms=row.queued_ms,
        )
