"""What an act leaves behind: the rows of each table, everything of the citizen sealed."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Table

from ussd_engine.keys import Keyring
from ussd_engine.ledger.notices import BY_SMS
from ussd_engine.ledger.queue import outbox_row
from ussd_engine.ledger.tables import cases, contacts, effects, languages, outbox, submissions
from ussd_engine.model import Act, CaseState, Committed, Mode, SetLanguage, Submission, Submit
from ussd_engine.tracking import Effect, SetSms
from ussd_engine.vault import Vault

NAME = "name"
"""The answer that names the citizen; it is kept in `named` alone."""

LEADER = "leader"
"""What a form that addresses a leader sets under `to`; `level` says which."""

Row = dict[str, Any]
Rows = dict[Table, list[Row]]


class Scribe:
    """Turns acts into rows. Draws the contact's handle; seals with the keyring it was given."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._vault = Vault(keyring)

    def write(self, act: Act, result: Committed, day: date) -> Rows:
        """The rows of an act that ended in `result`, on the day it happened."""
        rows: Rows = {effects: [effect(act, result)]}
        if isinstance(act, Submit):
            rows |= self._submitted(act, result.reference, day)
        elif isinstance(act, SetLanguage) and act.msisdn:
            rows[languages] = [self._language(act.msisdn, act.locale, day)]
        return rows

    def choices(self, act: SetSms, day: date) -> list[Row]:
        """What is remembered of a caller who wants SMS, or none; nothing of who has no number."""
        return [self._language(act.msisdn, act.locale, day) | {"muted": not act.on}] if act.msisdn else []

    def language_tags(self, msisdn: str) -> list[bytes]:
        """The tags under which a caller's language may stand, the newest first."""
        return self._keyring.tags("vault_tag", "language", msisdn.encode())

    def _submitted(self, act: Submit, reference: str, day: date) -> Rows:
        known = act.msisdn if act.mode != Mode.ANONYMOUS else None
        handle = secrets.token_hex(16) if known else ""
        message = _submission(act, reference, handle, day)
        text = msgspec.msgpack.encode(message)
        rows: Rows = {
            submissions: [{"case": act.case, "sealed": self._keyring.seal("submission", act.case, text)}],
            cases: [_case(act, reference, handle, day)],
            outbox: [outbox_row(self._keyring, message, act.at_ms)],
        }
        if known:
            rows[contacts] = [self._contact(handle, known)]
            rows[languages] = [self._language(known, act.locale, day)] if act.chose else []
        return rows

    def _contact(self, handle: str, msisdn: str) -> Row:
        sealed = self._vault.seal(msisdn, bytes.fromhex(handle))
        return {"handle": handle, "sealed": sealed, "tag": self._vault.vault_tag(msisdn)}

    def _language(self, msisdn: str, locale: str, day: date) -> Row:
        return {"tag": self.language_tags(msisdn)[0], "locale": locale, "touched": day, "muted": False}


def unknown(act: Submit) -> Submit:
    """A submission of a citizen who has erased her number since: without it, and without her name."""
    answers = {name: value for name, value in act.answers.items() if name != NAME}
    return msgspec.structs.replace(act, msisdn=None, answers=answers)


def effect(act: Effect, result: Committed) -> Row:
    """The row that remembers what came of an act."""
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
        "sent_ms": act.at_ms,
        "changed": day,
        "due": act.due,
        "sequence": 0,
        "event": "",
        "core_reference": None,
        "leader": act.answers.get("level") or "" if act.answers.get("to") == LEADER else "",
        "moves": 0,
        "appeals": 0,
        "ended": None,
        "spoken": False,
        "rating": "",
        "overdue": False,
        "refused": "",
        "touched": day,
        "generation": 0,
        "pin_seen": not act.channel.startswith(BY_SMS),
        "pin_asked_ms": None,
    }
