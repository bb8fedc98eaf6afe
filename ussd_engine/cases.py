"""`ussd-engine case`: what an officer looks at in the built-in core, from the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Final

import click
from rich import box
from rich.console import Console
from rich.table import Table

from ussd_engine import lifecycle
from ussd_engine.feedback.access import PURPOSES, Sight
from ussd_engine.feedback.case import CoreCase
from ussd_engine.feedback.desk import File
from ussd_engine.feedback.figures import BY, COLUMNS, LEAST, By, Figures
from ussd_engine.feedback.handling import stands
from ussd_engine.feedback.inbox import WAITING
from ussd_engine.feedback.record import Head
from ussd_engine.feedback.record import verify as verify_record
from ussd_engine.listing import progress
from ussd_engine.model import CaseState
from ussd_engine.office import Office, acting, at_office, reference_of

WIDTH = 120
"""What a row needs; a narrower terminal wraps it rather than losing the reference."""
LISTED = ("reference", "state", "type", "institution", "received", "due")
STATES = [state.value for state in CaseState if state not in (CaseState.QUEUED, CaseState.TRANSFERRED)]
SHOWN = ("service", "type", "mode", "institution", "handle", "number", "name", "submitted")
"""What stands above the answers of a form."""

READS: Final = Sight(state=True, text=True)
"""Of whom a text is shown to."""

as_json = click.option("--json", "as_json", is_flag=True, help="For other programs: JSON.")
limit = click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1), help="The most that are printed."
)


def noted_head(ctx: click.Context, _: click.Parameter, value: str | None) -> Head | None:
    """The head of the record that somebody noted."""
    head = Head.parse(value) if value is not None else None
    if value is not None and head is None:
        raise click.BadParameter("that is no head: write it as `case verify` prints it, NUMBER:HASH")
    return head


@click.group()
def case() -> None:
    """Cases in the built-in core, for its officers."""


@case.command()
@acting
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="In this state; may be repeated.")
@limit
@as_json
def inbox(who: str | None, states: tuple[str, ...], limit: int, as_json: bool) -> None:
    """What your office is to act on, the oldest first. No text is opened."""
    wanted = [CaseState(state) for state in states] or WAITING

    async def work(office: Office) -> None:
        found = await office.desk.inbox(office.officer, wanted, limit)
        _print_cases(found, office.today(), as_json, f"nothing waits for {office.officer}")

    at_office(who, work)


@case.command("list")
@acting
@click.option("--institution", help="Of one institution, by its code.")
@click.option("--state", type=click.Choice(STATES), help="In one state.")
@limit
@as_json
def list_cases(who: str | None, institution: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """All cases whose state you may see, the newest first. No text is opened."""
    wanted = CaseState(state) if state else None

    async def work(office: Office) -> None:
        found = await office.desk.newest(office.officer, institution, wanted, limit)
        _print_cases(found, office.today(), as_json, f"there is nothing that {office.officer} may see")

    at_office(who, work)


@case.command("show")
@click.argument("reference", callback=reference_of)
@acting
@click.option("--purpose", type=click.Choice(PURPOSES), help="Why you read the text; it is recorded.")
@as_json
def show_case(reference: str, who: str | None, purpose: str | None, as_json: bool) -> None:
    """One case: its state, and with --purpose its text, which leaves a row in the record."""

    async def work(office: Office) -> None:
        if purpose:
            file = await office.desk.read(office.officer, reference, purpose)
            rows, done = _state(file.case, office.today(), READS) | _sent(file), _done(file)
        else:
            found, seen = await office.desk.look(office.officer, reference)
            rows, done = _state(found, office.today(), seen) | _next(office, found, seen), []
        if as_json:
            click.echo(json.dumps(rows | ({"done": done} if purpose else {}), ensure_ascii=False))
            return
        _print_rows(rows)
        for line in done:
            _print_rows({line["day"]: f"{line['hour']:5}  {line['who']}: {line['act']}"})
            if "text" in line:
                _print_rows({" ": line["text"]})

    at_office(who, work)


@case.command()
@acting
@click.option(
    "--head",
    "noted",
    metavar="NUMBER:HASH",
    callback=noted_head,
    help="The head that an earlier look printed and you noted.",
)
def verify(who: str | None, noted: Head | None) -> int:
    """Look through the whole record; exit code 1 where a row was changed, removed or put elsewhere."""

    async def work(office: Office) -> int:
        with progress("rows") as advance:
            found = await verify_record(office.ledger.database, office.keyring, noted, advance)
        for fault in found.faults:
            click.echo(fault)
        click.echo(f"{found.rows} rows, {len(found.faults)} faults")
        if not found.faults:
            click.echo(
                f"head {found.head}\nNote it elsewhere: `case verify --head` then also finds rows cut off the end."
            )
        return 1 if found.faults else 0

    return at_office(who, work)


@case.command()
@acting
@click.option("--by", type=click.Choice(BY), default="institution", show_default=True, help="A line for each of these.")
@as_json
def stats(who: str | None, by: By, as_json: bool) -> None:
    """How many cases are open, in progress, completed, overdue; figures under 5 are hidden."""

    async def work(office: Office) -> None:
        with progress("what time did") as advance:
            await office.store.tick(office.today(), lambda done: advance(done, done))
        found = await office.desk.figures(office.officer, by)
        if as_json:
            click.echo(json.dumps([line._asdict() for line in found], ensure_ascii=False))
        else:
            _print_figures(found, by)

    at_office(who, work)


def told(done: CoreCase) -> None:
    """What a step made of a case; also for the commands that act."""
    due = f", due on {_day(done.due)}" if done.due and done.waiting else ""
    click.echo(f"{done.reference} {done.state}, at {done.institution}{due}")


def _print_rows(rows: dict[str, str]) -> None:
    """Names and values, a line each."""
    for name, value in rows.items():
        for line in value.splitlines() or [""]:
            click.echo(f"{name:>14}  {line}")
            name = ""


def _state(found: CoreCase, today: date, seen: Sight) -> dict[str, str]:
    rows = {"reference": found.reference, "state": found.state.value, "institution": found.institution}
    rows |= {"type": found.type, "received": _day(found.submitted), "changed": _day(found.changed)}
    if found.due and found.waiting:
        rows["due"] = _day(found.due) + (", overdue" if _late(found, today) else "")
    if not seen.text:
        return rows
    if found.leader:
        rows["addressed to"] = f"{found.leader}, {found.district or found.addressed}"
    if found.hidden:
        rows["hidden from"] = " ".join(sorted(found.hidden))
    if found.rating:
        rows["content"] = found.rating
    return rows


def _next(office: Office, found: CoreCase, seen: Sight) -> dict[str, str]:
    """How a case stands, and the commands that the rules allow now to who looks."""
    where = stands(found, office.today()) if seen.acts else f"lies with {found.institution}"
    allowed = office.desk.offers(found, seen)
    commands = [_command(name, found.reference) for name in allowed]
    return {"stands": where} | ({"next": "\n".join(commands)} if commands else {})


TO_FILL: Final = {
    "transfer": "OFFICE",
    **dict.fromkeys(("ask", "answer", "refuse", "decide", "--directive"), "TEXT"),
    "--due": "DAY/MONTH/YEAR",
}
"""What an officer writes behind a command or an option."""


def _command(offer: str, reference: str) -> str:
    """What to type; in capitals what is the officer's to fill in."""
    name, _, option = offer.partition(" ")
    return " ".join(filter(None, ("ussd-engine case", name, reference, option, TO_FILL.get(option or name, ""))))


def _sent(file: File) -> dict[str, str]:
    rows = {name: str(value) for name in SHOWN if (value := getattr(file.submission, name))}
    rows["institution"] = file.case.institution
    extra = {name: value for name, value in file.submission.answers.items() if value and name != "identity"}
    return rows | {name: value for name, value in extra.items() if name not in rows}


def _done(file: File) -> list[dict[str, str]]:
    return [
        {
            "day": _day(row.day),
            "hour": row.hour,
            "who": f"{row.role}@{row.office}" if row.office else row.role,
            "act": ", ".join(filter(None, (row.act, row.purpose, row.words.reason if row.words else ""))),
            **({"text": row.words.text} if row.words else {}),
        }
        for row in file.done
    ]


def _print_cases(found: Sequence[CoreCase], today: date, as_json: bool, empty: str) -> None:
    if as_json:
        for one in found:
            click.echo(json.dumps({name: _cell(one, name) for name in LISTED} | {"overdue": _late(one, today)}))
        return
    if not found:
        click.echo(empty)
        return
    table = Table(box=box.SIMPLE_HEAD)
    for column in LISTED:
        table.add_column(column, no_wrap=True)
    for one in found:
        table.add_row(*(_cell(one, name) or "" for name in LISTED), style="bold" if _late(one, today) else "")
    Console(width=max(Console().width, WIDTH)).print(table)


def _cell(one: CoreCase, name: str) -> str | None:
    value = one.submitted if name == "received" else getattr(one, name)
    return _day(value) if isinstance(value, date) else value


def _print_figures(found: Sequence[Figures], by: str) -> None:
    table = Table(box=box.SIMPLE_HEAD, caption=f"under {LEAST}: not shown", caption_justify="left")
    table.add_column(by, no_wrap=True)
    for column in COLUMNS:
        table.add_column(column.replace("_", " "), justify="right")
    for line in found:
        table.add_row(line.name, *("." if figure is None else str(figure) for figure in line[1:]))
    Console(width=max(Console().width, WIDTH)).print(table)


def _late(found: CoreCase, today: date) -> bool:
    return found.waiting and (found.overdue or lifecycle.overdue(found, today) is not None)


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
