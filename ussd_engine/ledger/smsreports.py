"""What gateways tell later: how far an SMS has come, in any order and any number of times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection, delete, tuple_

from ussd_engine.ledger.database import Database
from ussd_engine.ledger.smsoutcome import KNOWN, Outcomes, apply, hold, keep
from ussd_engine.ledger.smstables import sms_reports
from ussd_engine.sms.message import Report

Joined = Literal["applied", "unchanged", "unknown_id", "unknown_status"]
"""It brought an SMS on; it told nothing new; it waits for its SMS to be known; it is kept for who runs the gateway."""


class SmsReports:
    """Takes the reports of one database."""

    def __init__(self, database: Database, outcomes: Outcomes) -> None:
        self._database = database
        self._outcomes = outcomes

    async def take(self, reports: Sequence[Report], now_ms: int) -> list[Joined]:
        """Write them; what became of each. Raises as `Database.write`: the gateway will tell again."""
        return await self._database.write(lambda conn: self._take(conn, reports, now_ms))

    def _take(self, conn: Connection, reports: Sequence[Report], now_ms: int) -> list[Joined]:
        ids = sorted({(report.channel, report.provider_id) for report in reports})
        hold(conn, ids, now_ms)
        joined = [self._join(conn, report, now_ms) for report in reports]
        held = tuple_(sms_reports.c.route, sms_reports.c.provider_id).in_(ids)
        conn.execute(delete(sms_reports).where(held, sms_reports.c.status == KNOWN))
        return joined

    def _join(self, conn: Connection, report: Report, now_ms: int) -> Joined:
        told = (report.channel, report.provider_id, report.reason or report.status, report.progress)
        changed = apply(conn, self._outcomes, *told, now_ms)
        if report.progress is None:
            keep(conn, report.channel, report.provider_id, report.status, None, now_ms)
            return "unknown_status"
        if changed is None:
            keep(conn, report.channel, report.provider_id, report.status, report.progress, now_ms)
            return "unknown_id"
        return "applied" if changed else "unchanged"
