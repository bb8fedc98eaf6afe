"""What an act leaves behind: the rows of each table, everything of the citizen sealed."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Table

from ussd_engine.keys import Keyring
from ussd_engine.ledger.tables import cases, contacts, effects, languages, outbox, submissions
from ussd_engine.model import Act, CaseState, Committed, Mode, SetLanguage, Submission, Submit
from ussd_engine.vault import Vault

NAME = "name"
"""The answer that names the citizen; it is kept in `named` alone."""

Row = dict[str, Any]
Rows = dict[Table, list[Row]]


class Scribe:
    """Turns acts into rows. Draws the contact's handle; seals with the keyring it was given."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._vault = Vault(keyring)

    def write(self, act: Act, result: Committed, day: date) -> Rows:
        """The rows of an act that ended in `result`, on the day it happened."""
        rows: Rows = {effects: [_effect(act, result)]}
        if isinstance(act, Submit):
            rows |= self._submitted(act, result.reference, day)
        elif isinstance(act, SetLanguage) and act.msisdn:
            rows[languages] = [self._language(act.msisdn, act.locale, day)]
        return rows

    def language_tags(self, msisdn: str) -> list[bytes]:
        """The tags under which a caller's language may stand, the newest first."""
        return self._keyring.tags("vault_tag", "language", msisdn.encode())

    def _submitted(self, act: Submit, reference: str, day: date) -> Rows:
        known = act.msisdn if act.mode != Mode.ANONYMOUS else None
        handle = secrets.token_hex(16) if known else ""
        text = msgspec.msgpack.encode(_submission(act, reference, handle, day))
        rows: Rows = {
            submissions: [{"case": act.case, "sealed": self._keyring.seal("submission", act.case, text)}],
            cases: [_case(act, reference, handle, day)],
            outbox: [_outbox(act, reference, self._keyring.seal("outbox", act.key, text))],
        }
        if known:
            rows[contacts] = [self._contact(handle, known)]
            rows[languages] = [self._language(known, act.locale, day)]
        return rows

    def _contact(self, handle: str, msisdn: str) -> Row:
        sealed = self._vault.seal(msisdn, bytes.fromhex(handle))
        return {"handle": handle, "sealed": sealed, "tag": self._vault.vault_tag(msisdn)}

    def _language(self, msisdn: str, locale: str, day: date) -> Row:
        return {"tag": self.language_tags(msisdn)[0], "locale": locale, "touched": day}


def _effect(act: Act, result: Committed) -> Row:
    return {"key": act.key, "kind": result.kind, "result": msgspec.msgpack.encode(result), "at_ms": act.at_ms}


def _submission(act: Submit, reference: str, handle: str, day: date) -> Submission:
    return Submission(
        idempotency_key=act.key.hex(),
        reference=reference,
        service=act.service,
        type=act.type,
        mode=act.mode,
        institution=act.institution,
        handle=handle,
        answers={name: value for name, value in act.answers.items() if name != NAME},
        locale=act.locale,
        submitted=day,
        due=act.due,
        name=act.answers.get(NAME) if act.mode == Mode.NAMED else None,
    )


def _case(act: Submit, reference: str, handle: str, day: date) -> Row:
    return {
        "reference": reference,
        "case": act.case,
        "handle": handle or None,
        "service": act.service,
        "type": act.type,
        "mode": act.mode.value,
        "institution": act.institution,
        "state": CaseState.QUEUED.value,
        "submitted": day,
        "due": act.due,
        "sequence": 0,
        "core_reference": None,
    }


def _outbox(act: Submit, reference: str, sealed: bytes) -> Row:
    return {
        "key": act.key,
        "reference": reference,
        "sealed": sealed,
        "queued_ms": act.at_ms,
        "attempts": 0,
        "next_ms": 0,
        "lease_ms": 0,
        "token": 0,
    }
