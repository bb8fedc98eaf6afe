"""Empty databases, one of each kind; a ledger, a core that fails as it is told, and the worker between them."""

from tests.feedback.carrying import clock, core, counted, keyring, ledger, worker
from tests.feedback.desks import house, url
from tests.feedback.terminal import folder, run
from ussd_engine.testing.databases import postgres_server, postgres_url, sqlite_path, sqlite_template, sqlite_url

__all__ = [
    "clock",
    "core",
    "counted",
    "folder",
    "house",
    "keyring",
    "ledger",
    "postgres_server",
    "postgres_url",
    "run",
    "sqlite_path",
    "sqlite_template",
    "sqlite_url",
    "url",
    "worker",
]
