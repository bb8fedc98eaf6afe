"""SMS in a ledger on PostgreSQL."""

import pytest

from ussd_engine.testing.sms_ledger_contract import SmsLedgerContract


@pytest.mark.postgres
class TestPostgresSmsLedger(SmsLedgerContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url
