"""The ledger: effects, submissions, sealed contacts, the projection of cases, the outbox; in SQLite or PostgreSQL."""

from ussd_engine.ledger.database import Database
from ussd_engine.ledger.faults import Fault, Faults
from ussd_engine.ledger.ledger import Case, Clock, Ledger
from ussd_engine.ledger.outbox import Backlog, Claim, Outbox
from ussd_engine.ledger.schema import upgrade

__all__ = ["Backlog", "Case", "Claim", "Clock", "Database", "Fault", "Faults", "Ledger", "Outbox", "upgrade"]
