"""The command of whoever agrees with a platform which fields its menu has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import click

from ussd_engine import config
from ussd_engine.channels.forms import FORM, Options
from ussd_engine.config import Config, open_collectors
from ussd_engine.engine import read_menus
from ussd_engine.errors import EngineError, did_you_mean
from ussd_engine.forms.fieldmap import lacking
from ussd_engine.forms.fields import FormField, fields_of, sent
from ussd_engine.forms.finding import name_of
from ussd_engine.listing import as_json
from ussd_engine.menu.edition import Edition
from ussd_engine.registry import Place, Row, key_of

MATCHED: Final = {
    "institution": "taken by its full name, its short name, its code, or words that mean one and no other",
    "region": "taken by its name",
}
"""By the kind of row: what may be typed for one."""


class Called(NamedTuple):
    """A platform's field."""

    channel: str
    field: str
    values: Mapping[str, str]
    """Its values, each with ours; empty where they are the same."""


class Listed(NamedTuple):
    """A field of a form, and what is said of it beside."""

    field: FormField
    called: Sequence[Called]
    set: Mapping[str, str]
    """By channel: what its settings answer for her."""
    lacking: Sequence[str]
    """The channels that collect this form and give no answer, though it is always asked for."""
    rows: Mapping[str, str]
    """How each row is stored that may be named, and a name that means it alone; empty where none was asked for."""

    def plain(self) -> dict[str, object]:
        """For a program."""
        more = {"matched": MATCHED[self.field.kind]} if self.field.kind in MATCHED else {}
        rows = {"rows": self.rows} if self.rows else {}
        called = [one._asdict() for one in self.called]
        given = {"set": dict(self.set), "lacking": [*self.lacking]}
        return {**self.field._asdict(), "called": called, **given, **more, **rows}


@click.command()
@click.argument("service")
@click.argument("form", required=False)
@click.option("--lang", default="", help="The language of the words; the service's own where none is named.")
@click.option("--rows", is_flag=True, help="List institutions and regions too, each with a name that means it alone.")
@as_json
def fields(service: str, form: str | None, lang: str, rows: bool, as_json: bool) -> None:
    """List what the forms of a SERVICE ask for, or one FORM: for a platform that collects them in a menu of its own.

    Where the settings name its fields, they stand beside ours.
    """
    settings = config.load()
    edition = read_menus(settings)
    if service not in edition.services:
        raise EngineError(f'service "{service}" does not exist{did_you_mean(service, edition.services)}')
    if lang and lang not in edition.languages[service]:
        raise EngineError(f'"{service}" does not speak "{lang}": {", ".join(edition.languages[service])}')
    plans = sent(edition.services[service])
    if form and form not in plans:
        raise EngineError(f'"{service}" has no form "{form}" at whose end something is sent{did_you_mean(form, plans)}')
    collectors = _collecting(settings, edition, service)
    locale, called = lang or edition.services[service].service.language, _called(collectors)
    for name in [form] if form else plans:
        said_by = [one for one in called.get(FORM, []) if not one.values or name in one.values.values()]
        takes = {channel: options for channel, options in collectors.items() if _takes(options, name)}
        lacks = {channel: lacking(edition.services[service], options, name) for channel, options in takes.items()}
        found = [
            Listed(
                field,
                called.get(field.name, []),
                {channel: one.set[field.name] for channel, one in takes.items() if field.name in one.set},
                [channel for channel, names in lacks.items() if field.name in names],
                dict(_rows(edition, service, field.kind, locale)) if rows else {},
            )
            for field in fields_of(edition, service, name, locale)
        ]
        if as_json:
            by = [one._asdict() for one in said_by]
            click.echo(
                json.dumps({"service": service, "form": name, "called": by, "fields": [*map(Listed.plain, found)]})
            )
        else:
            _print(name, said_by, found)


def _collecting(settings: Config, edition: Edition, service: str) -> dict[str, Options]:
    """What the channels say that collect forms of a service."""
    collectors = open_collectors(settings, edition.country.msisdn).items()
    return {channel: one.options for channel, one in collectors if one.options.service == service}


def _takes(options: Options, form: str) -> bool:
    """Whether a channel takes a form."""
    if options.form:
        return options.form == form
    told = [field for name in options.fields if (field := options.field(name)) and field.answer == FORM]
    return any(not field.values or form in field.values.values() for field in told)


def _called(collectors: Mapping[str, Options]) -> dict[str, list[Called]]:
    """By our answers: what the platforms call them."""
    found: dict[str, list[Called]] = {}
    for channel, options in collectors.items():
        for name in options.fields:
            if field := options.field(name):
                found.setdefault(field.answer, []).append(Called(channel, name, field.values))
    return found


def _rows(edition: Edition, service: str, kind: str, locale: str) -> Iterator[tuple[str, str]]:
    if kind in MATCHED:
        place = Place(edition.data[service], locale)
        every: Iterable[Row] = place.data.regions() if kind == "region" else place.data
        yield from ((key_of(row), name_of(place, kind, row)) for row in every)


def _print(form: str, said_by: Sequence[Called], found: Sequence[Listed]) -> None:
    click.echo(f"{form}")
    for one in said_by:
        value = next((theirs for theirs, ours in one.values.items() if ours == form), form)
        click.echo(f"  {one.channel}: {one.field} is {value}")
    for field, called, given, lacks, rows in found:
        what = ", ".join([field.kind, *_rules(field), *(["may be left out"] if field.optional else [])])
        click.echo(f"  {field.name}: {what}")
        click.echo(f"    {field.asks}")
        for one in called:
            click.echo(f"    {one.channel}: {one.field}")
        for channel, value in given.items():
            where = " where it is left out" if called else ""
            click.echo(f"    {channel}: `set` answers {value}{where}")
        for channel in lacks:
            click.echo(f"    {channel}: always asked for, and neither a field nor `set` gives it: no form is taken")
        if field.kind in MATCHED:
            click.echo(f"    {MATCHED[field.kind]}")
        if field.when:
            click.echo(f"    asked where {', or '.join(' and '.join(all_of) for all_of in field.when)}")
        for value, words in {**field.values, **rows}.items():
            by = [f"{one.channel}: {name}" for one in called for name, ours in one.values.items() if ours == value]
            theirs = f" ({', '.join(by)})" if by else ""
            click.echo(f"    {value} = {words}{theirs}")
    click.echo("")


def _rules(field: FormField) -> list[str]:
    """The rules of a text, as one says them."""
    return [f"{rule} {' to '.join(map(str, bounds.values()))}".strip() for rule, bounds in field.check.items()]
