"""SMS in a ledger on SQLite."""

import pytest

from ussd_engine.testing.sms_ledger_contract import SmsLedgerContract


class TestSqliteSmsLedger(SmsLedgerContract):
    @pytest.fixture
    def url(self, sqlite_url: str) -> str:
        return sqlite_url
