"""The command line. Every command says what is wrong and how to mend it; none ever shows a traceback."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import Coroutine
from importlib.metadata import entry_points
from typing import Any, TypeVar

import click

from ussd_engine import __version__, config, plugins
from ussd_engine.casework import case
from ussd_engine.errors import EngineError
from ussd_engine.fieldsdesk import fields
from ussd_engine.menudesk import check, messages, new
from ussd_engine.operate import keys, outbox, purge
from ussd_engine.sessionsdesk import sessions
from ussd_engine.smsdesk import sms
from ussd_engine.switchdesk import maintenance, pilot, start, stop, stopped

_T = TypeVar("_T")

COMMANDS = "ussd_engine.commands"
"""The entry-point group of commands that stand outside the engine."""


class Commands(click.Group):
    """Our commands and those of the entry-point group."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *(point.name for point in entry_points(group=COMMANDS))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is None:
            try:
                found = plugins.load(COMMANDS, cmd_name)
            except plugins.DoesNotLoad as error:
                return _unloaded(cmd_name, error)
        return found


def _unloaded(name: str, error: plugins.DoesNotLoad) -> click.Command:
    """Stands for a command whose package does not load, so that the others can still be listed and run."""

    def refuse(_: tuple[str, ...]) -> None:
        raise error

    rest = click.Argument(["_"], nargs=-1, type=click.UNPROCESSED)
    about = {"ignore_unknown_options": True, "help_option_names": []}
    return click.Command(name, callback=refuse, params=[rest], help="Does not load.", context_settings=about)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="ussd-engine")
def cli() -> None:
    """A USSD and SMS gateway for citizens' feedback."""


def main() -> None:
    """Run the command line; a fault becomes words and exit code 1."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except EngineError as error:
        say(str(error))
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(141)
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        say(f"{name}{error.strerror or 'the system refused'}")
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def say(text: str) -> None:
    """Words for the person at the terminal, apart from what a command prints for other programs."""
    click.echo(text, err=True)


def run(work: Coroutine[Any, Any, _T]) -> _T:
    return asyncio.run(work)


@cli.command()
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on; 0: any.")
@click.option("--workers", type=click.IntRange(1, 256), help="How many processes answer.")
@click.option("--role", type=click.Choice(["all", "ussd", "worker"]), help="Answer USSD, carry submissions, or both.")
def serve(**options: object) -> int:
    """Start the gateway."""
    from ussd_engine.serve import serve as answer

    given = {name: value for name, value in options.items() if value is not None}
    settings = dataclasses.replace(config.load(), **given)  # type: ignore[arg-type]  # click has read them by type
    return answer(config.checked(settings), say)


@cli.command("config")
def show_config() -> None:
    """Print every setting with its value, where it came from, and what it is for."""
    for row in config.load().describe():
        click.echo(f"{row.name}={row.value}\n    from {row.source}. {row.help}")


@cli.group()
def db() -> None:
    """The database's tables."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the tables to this version."""
    from ussd_engine.engine import make_folder
    from ussd_engine.ledger import upgrade

    settings = config.load()
    if settings.database.scheme == "sqlite":
        make_folder(settings.var, "VAR")
    run(upgrade(settings.database.reveal()))
    say("the tables are of this version")


for command in (
    case,
    check,
    fields,
    keys,
    maintenance,
    messages,
    new,
    outbox,
    pilot,
    purge,
    sessions,
    sms,
    start,
    stop,
    stopped,
):
    cli.add_command(command)
