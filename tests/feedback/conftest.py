"""Empty databases, one of each kind."""

from ussd_engine.testing.databases import postgres_server, postgres_url, sqlite_path, sqlite_template, sqlite_url

__all__ = ["postgres_server", "postgres_url", "sqlite_path", "sqlite_template", "sqlite_url"]
