"""`ussd-engine case open`, `progress`, `ask`, `answer` and so on: what an officer does with a case."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import click
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from ussd_engine.cases import case, told
from ussd_engine.feedback.access import Officer, Refused
from ussd_engine.feedback.case import CoreCase
from ussd_engine.feedback.desk import Desk
from ussd_engine.feedback.handling import ACTS, checked
from ussd_engine.feedback.preview import lost, screens
from ussd_engine.model import CaseState
from ussd_engine.office import Office, acting, at_office, reference_of

__all__ = ["case"]

WIDTH = 44
"""Of a screen in the preview: no phone of this kind is wider."""
reference = click.argument("reference", callback=reference_of)
text = click.argument("text", required=False)
Act = Callable[[Office], Awaitable[CoreCase]]
Speak = Callable[[Desk, Officer, str, str], Awaitable[CoreCase]]
SPEAKING: Final[dict[str, tuple[Speak, str]]] = {
    "ask": (Desk.ask, "Ask the citizen; the case waits for her."),
    "answer": (Desk.answer, "Answer a case. You see it as the citizen will, page by page, before it is sent."),
    "refuse": (
        Desk.refuse,
        "What institutions may not take, as matters of courts; TEXT is the reason, which the citizen reads.",
    ),
    "decide": (Desk.decide, "Decide an appeal; TEXT is the decision, which the citizen reads."),
}
"""The steps with words: refused before they are typed where it is none, shown before they are sent."""


def _soon() -> str:
    """A day to come, as an example of how one is written."""
    return f"{datetime.now(UTC) + timedelta(days=60):%d/%m/%Y}"


class Day(click.ParamType[date]):
    """A day, written by day, month and year; or as programs write it."""

    name = "DAY/MONTH/YEAR"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day; a usage error where it is none."""
        for form in ("%d/%m/%Y", "%Y-%m-%d"):
            with contextlib.suppress(ValueError):
                return datetime.strptime(value, form).date()
        return self.fail(f'"{value}" is no day: write day, month and year, as {_soon()}', param, ctx)


@case.command("open")
@reference
@acting
def open_case(reference: str, who: str | None) -> None:
    """Begin with a case: its citizen is told that it was opened."""
    _step(who, reference, lambda office: office.desk.open(office.officer, reference))
    click.echo(f"read it with: ussd-engine case show {reference} --purpose handling")


@case.command()
@reference
@acting
@click.option("--due", type=Day(), help=f"Move the due date to this day, as {_soon()}; it is told.")
@click.option("--directive", metavar="TEXT", help="As a leader: directions to who holds the case; that is told too.")
def progress(reference: str, who: str | None, due: date | None, directive: str | None) -> None:
    """Work on a case, move its due date, or give directions."""
    if due and directive is not None:
        raise click.UsageError("a directive leaves the due date as it is: give --due or --directive")

    def act(office: Office) -> Awaitable[CoreCase]:
        if directive is not None:
            return office.desk.direct(office.officer, reference, directive)
        return office.desk.progress(office.officer, reference, due)

    _step(who, reference, act)


def _speaking(name: str, act: Speak, help: str) -> None:
    """Make the command of a step with words."""

    @case.command(name, help=f"{help} Without TEXT it is read from standard input.")
    @reference
    @text
    @acting
    @click.option("--yes", is_flag=True, help="Send without a preview and without being asked.")
    def speak(reference: str, text: str | None, who: str | None, yes: bool) -> None:
        async def work(office: Office) -> None:
            found = await office.desk.may_step(office.officer, reference, ACTS[name])
            said = checked(text if text is not None else _typed())
            if not yes:
                can = {"rate"} if ACTS[name] is CaseState.ANSWERED else set[str]()
                _preview(screens(office.edition, found.service, said, can), said)
                if not _confirmed():
                    raise Refused("nothing was sent")
            told(await act(office.desk, office.officer, reference, said))

        at_office(who, work)


for _name, (_act, _help) in SPEAKING.items():
    _speaking(_name, _act, _help)


@case.command()
@reference
@click.argument("institution")
@acting
def transfer(reference: str, institution: str, who: str | None) -> None:
    """Pass a case on to another INSTITUTION, by its code. The reference stays, its time begins anew, it is told."""

    async def act(office: Office) -> CoreCase:
        done = await office.desk.transfer(office.officer, reference, institution)
        if done.institution != institution:
            click.echo(f"three moves are the most: {done.institution}, the feedback desk, names who keeps the case")
        return done

    _step(who, reference, act)


@case.command()
@reference
@acting
def close(reference: str, who: str | None) -> None:
    """Close an answered case whose time is over. Until then its citizen does, by saying that she is content."""
    _step(who, reference, lambda office: office.desk.close(office.officer, reference))


def _step(who: str | None, reference: str, act: Act) -> None:
    async def work(office: Office) -> None:
        told(await act(office))

    at_office(who, work)


def _typed() -> str:
    if sys.stdin.isatty():
        click.echo("Write what the citizen is to read; end with an empty line and Ctrl-D.", err=True)
    return sys.stdin.read()


def _preview(found: Sequence[str], said: str) -> None:
    """Print the screens on which a phone shows an officer's words."""
    console = Console(width=WIDTH, highlight=False)
    for number, screen in enumerate(found, 1):
        console.print(Panel(Text(screen), title=f"screen {number} of {len(found)}", width=WIDTH))
    if strange := lost(said):
        click.echo(f"a phone shows ? for: {' '.join(strange)}")


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        raise Refused("nothing was sent: there is no terminal on which to ask; add --yes")
    return click.confirm("Send it?")
