"""Hosted services as a process carries them: each with its institution, by menus and settings that agree."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from ussd_engine.background import Told
from ussd_engine.config import Config
from ussd_engine.errors import ConfigError, EngineError, did_you_mean
from ussd_engine.feedback import FeedbackStore
from ussd_engine.feedback.hosted import (
    NAME,
    REFERENCE,
    Hosting,
    Institution,
    Options,
    addresses,
    open_institution,
    read_options,
)
from ussd_engine.fieldtable import field_of
from ussd_engine.forms.fields import asked_by, prove_field, sent
from ussd_engine.ledger import Clock, Ledger
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Submission


@contextlib.asynccontextmanager
async def open_hosting(
    config: Config, ledger: Ledger, store: FeedbackStore, clock: Clock, told: Told
) -> AsyncIterator[Hosting]:
    """The core with the institutions beside it; `told` is why an institution's words were not passed on. Raises
    `ConfigError`."""
    institutions: dict[str, Institution] = {}

    async def service_of(reference: str) -> str:
        case = await ledger.case(reference)
        return case.service if case else ""

    async def tell(submission: Submission, words: str) -> None:
        # The institution has the form by now: whatever the ledger says, it is not to be sent there again.
        try:
            await ledger.relay(submission, words)
        except EngineError as error:
            told(error)

    hosting = Hosting(store, institutions, service_of)
    try:
        for service, settings in config.hosted.items():
            production = config.env == "production"
            institutions[service] = open_institution(service, settings, clock, tell, production=production)
        yield hosting
    finally:
        await hosting.close()


def prove_hosted(config: Config, edition: Edition, service: str) -> None:
    """Raises `ConfigError` where a hosted service has no institution in the settings, or the other way round: its forms
    would go to the core; and where the table of one names what its menu has not, or an address that cannot be."""
    if service not in edition.services:
        hint = did_you_mean(service, edition.services)
        raise ConfigError(f'USSD_ENGINE_HOSTED: service "{service}" does not exist{hint}')
    if service not in edition.hosted:
        raise ConfigError(f'USSD_ENGINE_HOSTED: service "{service}" is not hosted: its menu has no "hosted"')
    if service not in config.hosted:
        raise ConfigError(f'USSD_ENGINE_HOSTED: service "{service}" is hosted, and nothing says where its forms go')
    options = read_options(service, config.hosted[service])
    addresses(service, options, production=config.env == "production")
    _prove_fields(edition, service, options)


def _prove_fields(edition: Edition, service: str, options: Options) -> None:
    """Each field is an answer that some form gives, or what goes along with every form."""
    menu = edition.services[service]
    given = {answer for plan in sent(menu).values() for answer in (*plan.sets, *asked_by(plan))}
    for name in options.fields:
        field = field_of(options.fields, name)
        if field is not None:
            place = f'hosted: service "{service}": field "{name}"'
            prove_field(edition, menu, place, field.answer, list(field.values.values()), {*given, NAME, REFERENCE})
