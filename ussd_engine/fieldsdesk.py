"""The command of whoever agrees with a platform which fields its menu has."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from ussd_engine import config
from ussd_engine.engine import read_menus
from ussd_engine.errors import EngineError, did_you_mean
from ussd_engine.forms.fields import FormField, fields_of, sent
from ussd_engine.listing import as_json


@click.command()
@click.argument("service")
@click.argument("form", required=False)
@click.option("--lang", default="", help="The language of the words; the service's own where none is named.")
@as_json
def fields(service: str, form: str | None, lang: str, as_json: bool) -> None:
    """List what the forms of a SERVICE ask for, or one FORM: for a platform that collects them in a menu of its own."""
    edition = read_menus(config.load())
    if service not in edition.services:
        raise EngineError(f'service "{service}" does not exist{did_you_mean(service, edition.services)}')
    if lang and lang not in edition.languages[service]:
        raise EngineError(f'"{service}" does not speak "{lang}": {", ".join(edition.languages[service])}')
    plans = sent(edition.services[service])
    if form and form not in plans:
        raise EngineError(f'"{service}" has no form "{form}" at whose end something is sent{did_you_mean(form, plans)}')
    locale = lang or edition.services[service].service.language
    for name in [form] if form else plans:
        found = list(fields_of(edition, service, name, locale))
        if as_json:
            click.echo(json.dumps({"service": service, "form": name, "fields": [one._asdict() for one in found]}))
        else:
            _print(name, found)


def _print(form: str, found: Sequence[FormField]) -> None:
    click.echo(f"{form}")
    for field in found:
        what = ", ".join([field.kind, *_rules(field), *(["may be left out"] if field.optional else [])])
        click.echo(f"  {field.name}: {what}")
        click.echo(f"    {field.asks}")
        if field.when:
            click.echo(f"    asked where {', or '.join(' and '.join(all_of) for all_of in field.when)}")
        for value, words in field.values.items():
            click.echo(f"    {value} = {words}")
    click.echo("")


def _rules(field: FormField) -> list[str]:
    """The rules of a text, as one says them."""
    return [f"{rule} {' to '.join(map(str, bounds.values()))}".strip() for rule, bounds in field.check.items()]
