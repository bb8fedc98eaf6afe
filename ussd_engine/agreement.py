"""What a start refuses without asking anybody: settings that name what menus have not, or what is nowhere.

`ussd-engine check` says it all, `ussd-engine serve` does not start with any of it, and no reload takes menus with which
it would not. What is left to the start itself needs secrets, a server or a file of this machine: the keys, the core's
own settings, whether sessions and tables are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from sessions.stores import known
from ussd_engine.config import Config, open_collectors, open_gateways
from ussd_engine.errors import ConfigError, did_you_mean
from ussd_engine.feedback import known_store
from ussd_engine.forms.fieldmap import prove
from ussd_engine.hosting import prove_hosted
from ussd_engine.ledger.database import parse_url
from ussd_engine.menu.edition import Edition
from ussd_engine.sms.wording import check_words


def disagreements(config: Config, edition: Edition) -> Iterator[str]:
    """Each with its place and the way out: of each service, channel and setting the first."""
    for proof in _proofs(config, edition):
        try:
            proof()
        except ConfigError as error:
            yield str(error)


def agree(config: Config, edition: Edition) -> None:
    """Raises `ConfigError` with all of them, a line each."""
    if found := list(disagreements(config, edition)):
        raise ConfigError("\n".join(found))


def _proofs(config: Config, edition: Edition) -> Iterator[Callable[[], object]]:
    yield partial(_prove_sessions, config)
    yield partial(parse_url, config.database.reveal())
    yield partial(known_store, config.feedback.reveal())
    collectors = open_collectors(config, edition.country.msisdn)
    if collectors or open_gateways(config, edition.country.msisdn):
        yield partial(check_words, edition, collectors)
    for service in config.sms_prefixes:
        yield partial(_prove_prefixed, service, edition)
    for service in sorted(edition.hosted | config.hosted.keys()):
        yield partial(prove_hosted, config, edition, service)
    for name, collector in collectors.items():
        yield partial(prove, edition, name, collector.options)


def _prove_sessions(config: Config) -> None:
    try:
        known(config.sessions.reveal())
    except ValueError as error:
        raise ConfigError(f"sessions: {error}") from None


def _prove_prefixed(service: str, edition: Edition) -> None:
    if service not in edition.services:
        hint = did_you_mean(service, edition.services)
        raise ConfigError(f'USSD_ENGINE_SMS_PREFIXES: service "{service}" does not exist{hint}')
