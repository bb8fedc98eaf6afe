"""The ledger: effects, submissions, sealed contacts, the projection of cases, the outbox; in SQLite or PostgreSQL."""

from ussd_engine.ledger.backlog import Backlog, Stopped
from ussd_engine.ledger.database import Database
from ussd_engine.ledger.faults import Fault, Faults
from ussd_engine.ledger.ledger import Clock, Ledger
from ussd_engine.ledger.outbox import Claim, Letter, Outbox
from ussd_engine.ledger.projection import Heard
from ussd_engine.ledger.purge import PurgeLog
from ussd_engine.ledger.schema import upgrade
from ussd_engine.ledger.waiting import Waiting

__all__ = [
    "Backlog",
    "Claim",
    "Clock",
    "Database",
    "Fault",
    "Faults",
    "Heard",
    "Ledger",
    "Letter",
    "Outbox",
    "PurgeLog",
    "Stopped",
    "Waiting",
    "upgrade",
]
