"""What an operator does: dead letters, keys, the purge. No command shows a number, a text, a reference or a key."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, NamedTuple

import click

from ussd_engine import config, keyfile
from ussd_engine.config import Config
from ussd_engine.country import Country
from ussd_engine.errors import ConfigError
from ussd_engine.feedback import kept
from ussd_engine.keyfile import Ring
from ussd_engine.keys import ROTATING, Keyring, Purpose
from ussd_engine.ledger import Backlog, Ledger, Letter, PurgeLog, Stopped, Waiting
from ussd_engine.listing import age, as_json, iso, second_time, show, span
from ussd_engine.premises import inhabited, now_ms, on_premises

READ_MINUTES: Final = 15
"""Until a new key writes. Each process reads the file once a minute; the rest is for carrying it to other machines."""
SHOWN_DIGITS: Final = 12
"""Of a dead letter's key, enough to name it."""


# dead letters


@click.group()
def outbox() -> None:
    """What waits for the core, and what was given up."""


@outbox.command("list")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1), help="The most of each that are printed."
)
@as_json
def list_outbox(limit: int, as_json: bool) -> None:
    """List what waits and for what, the oldest first; then what was given up and why, the latest first.

    Nothing of what they say.
    """
    hosted = config.load().hosted

    async def work(ledger: Ledger) -> None:
        backlog, now = await ledger.outbox.backlog(), now_ms()
        found = await ledger.outbox.waiting(limit)
        waits = [(one, _waits(one, backlog, now, hosted)) for one in found]
        letters = await ledger.outbox.letters(limit)
        silent = [(service, stopped) for service, stopped in sorted(backlog.stopped_of.items()) if service in hosted]
        if as_json:
            institutions = (_plain_silent(*one, now) for one in silent)
            for line in [*institutions, *(_plain_waiting(*one) for one in waits), *map(_plain, letters)]:
                click.echo(json.dumps(line))
            return
        for service, stopped in silent:
            click.echo(f"{service}: {_silent(stopped, now)}")
        if waits:
            show(
                ("id", "service", "kind", "attempts", "accepted", "waits for"),
                [(*_named_row(one), age(one.queued_ms), why) for one, why in waits],
            )
        if letters:
            show(
                ("id", "service", "kind", "attempts", "accepted", "given up", "kept until", "reason"),
                [(*_named_row(one), age(one.queued_ms), age(one.at_ms), _until(one), one.reason) for one in letters],
            )
        since = "" if backlog.oldest_ms is None else f", the oldest since {span(now - backlog.oldest_ms)}"
        whom = "the core and institutions" if hosted else "the core"
        click.echo(f"{backlog.waiting} wait for {whom}{since}; {backlog.dead} given up", err=True)

    on_premises(work)


def _waits(row: Waiting, backlog: Backlog, now: int, hosted: Collection[str]) -> str:
    """What a row of the outbox waits for. Of what went wrong the kind alone: words may quote what was sent. `hosted`:
    the services whose rows are institutions', whatever becomes of the core's route."""
    last, theirs = f"; the last try: {row.error}" if row.error else "", row.service in hosted
    if row.lease_ms > now:
        return "nothing: a worker has it in hand"
    if row.orphaned:
        return "the submission of its case, which was given up: `outbox retry` puts that back"
    if row.behind:
        return "an earlier message of its case"
    if backlog.gone and not theirs:
        return "the route, which is stopped: the core's address is gone (410). See to it, and start the gateway again"
    route = [row.service] if theirs else [one for one in backlog.stopped_of if one not in hosted]
    stopped_ms = max((backlog.stopped_of[one].until_ms for one in route if one in backlog.stopped_of), default=0)
    if stopped_ms > now:
        what = "its institution, which takes nothing now" if theirs else "the route, which is stopped"
        return f"{what}; it is asked again at {second_time(max(stopped_ms, row.next_ms))}{last}"
    if row.next_ms > now:
        return f"its next try at {second_time(row.next_ms)}{last}"
    return f"nothing: where a gateway runs, it goes within seconds{last}"


def _silent(stopped: Stopped, now: int) -> str:
    """Of an institution that takes nothing: since when, and when it is asked again."""
    since = f"{datetime.fromtimestamp(stopped.since_ms // 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    again = f"at {second_time(stopped.until_ms)}" if stopped.until_ms > now else "as soon as a gateway runs"
    ago = age(stopped.since_ms)
    return f"its institution takes nothing since the form of {since} ({ago}); it is asked again {again}"


@outbox.command()
@click.argument("ids", nargs=-1, metavar="[ID]…")
@click.option("--all", "everything", is_flag=True, help="All of them.")
def retry(ids: tuple[str, ...], everything: bool) -> None:
    """Put dead letters back as they were, with all their attempts before them."""
    if bool(ids) == everything:
        raise click.UsageError("name dead letters by their ids, as `outbox list` prints them, or say --all")

    async def work(ledger: Ledger) -> None:
        letters = await ledger.outbox.letters()
        wanted = [letter.key for letter in letters] if everything else [_named(one, letters) for one in ids]
        count = await ledger.outbox.retry(wanted)
        done = f"{count} put back; the worker carries them within seconds"
        click.echo(done if wanted else "nothing was given up; what waits goes by itself (outbox list)", err=True)

    on_premises(work)


def _named(id: str, letters: Sequence[Letter]) -> bytes:
    found = [letter.key for letter in letters if letter.key.hex().startswith(id.lower())]
    if len(found) != 1:
        raise click.ClickException(f"{id}: {'several' if found else 'no'} dead letters have that id")
    return found[0]


def _named_row(row: Letter | Waiting) -> tuple[str, str, str, str]:
    return row.key.hex()[:SHOWN_DIGITS], row.service or "?", row.kind or "?", str(row.attempts)


def _until(letter: Letter) -> str:
    """The last day on which the purge leaves it, as its case stands now."""
    return "you retry" if letter.until is None else letter.until.isoformat()


def _plain_silent(service: str, stopped: Stopped, now: int) -> dict[str, object]:
    """As `_silent`; not asked again before a gateway runs where the time of that has passed."""
    again = iso(stopped.until_ms) if stopped.until_ms > now else None
    return {"service": service, "takes_nothing_since": iso(stopped.since_ms), "asked_again": again}


def _plain_waiting(row: Waiting, why: str) -> dict[str, object]:
    times = {"accepted": iso(row.queued_ms), "next_try": iso(row.next_ms) if row.next_ms else None}
    return {**_named_plain(row), **times, "waits_for": why}


def _plain(letter: Letter) -> dict[str, object]:
    until = None if letter.until is None else letter.until.isoformat()
    times = {"accepted": iso(letter.queued_ms), "given_up": iso(letter.at_ms), "kept_until": until}
    return {**_named_plain(letter), **times, "reason": letter.reason}


def _named_plain(row: Letter | Waiting) -> dict[str, object]:
    return {"id": row.key.hex(), "service": row.service, "kind": row.kind, "attempts": row.attempts}


# keys


class KeyRow(NamedTuple):
    """A key as it is listed."""

    purpose: str
    id: str
    use: str
    made: str
    days: str


@click.group()
def keys() -> None:
    """The keys: what there is, and new ones."""


@keys.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def make(path: Path) -> None:
    """Make all keys, in a new file that its owner alone may read: once, before the first start in production."""
    Keyring.create(path, datetime.now(UTC).date())
    click.echo(f"{path}: keep a copy of it where the backups of the database are not", err=True)


@keys.command("list")
@as_json
def list_keys(as_json: bool) -> None:
    """List every key by purpose and id: which one writes, how old it is. Never a key."""
    settings, today = _settings()
    rows = _key_rows(keyfile.load(settings.keys), today)
    if as_json:
        for row in rows:
            click.echo(json.dumps(row._asdict()))
    else:
        show(("purpose", "id", "use", "made", "days old"), rows)


@keys.command()
@click.argument("purpose", type=click.Choice(ROTATING))
@click.option(
    "--after",
    "minutes",
    default=READ_MINUTES,
    show_default=True,
    type=click.IntRange(2),
    help="Minutes until it writes: till then every machine has the file.",
)
@click.option("--now", is_flag=True, help="Write with it at once; refused while a gateway runs here.")
def rotate(purpose: Purpose, minutes: int, now: bool) -> None:
    """Make a new key. It reads at once and writes when every process has it; the older ones go on reading."""
    settings, today = _settings()
    at_s = int(time.time()) + 60 * minutes
    if now and keyfile.in_use(settings.keys):
        raise ConfigError(
            f"{settings.keys}: a gateway runs with these keys, and a process of it could not read what another one "
            f"writes with a new one. Leave --now out: it writes in {READ_MINUTES} minutes. Or stop the gateway first"
        )

    def changed(keyring: Keyring) -> Keyring:
        return keyring.rotate(purpose, today) if now else keyring.plan(purpose, time.time(), at_s, today)

    ring = Keyring.change(settings.keys, changed).ring(purpose)
    if ring.next is None:
        click.echo(f"{purpose}: key {ring.write} writes", err=True)
        return
    when = datetime.fromtimestamp(ring.next.at_s, UTC)
    click.echo(
        f"{purpose}: key {ring.next.key} reads now and writes from {when:%Y-%m-%d %H:%M} UTC.\n"
        "Give the file to every machine before then; what runs takes it up within a minute.",
        err=True,
    )


@keys.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def share(path: Path) -> None:
    """Write the keys without the private ones to a file, for processes of role ussd."""
    settings, _ = _settings()
    public = Keyring.load(settings.keys).public()
    if path.exists():
        if Keyring.load(path).private:
            raise ConfigError(f"{path}: holds private keys, and is not written over")
        public.save(path)
    else:
        public.create_at(path)
    click.echo(f"{path}: the keys without the private ones", err=True)


def _key_rows(file: keyfile.KeyFile, today: date) -> list[KeyRow]:
    settled = file.settled(time.time())
    rows = []
    for purpose in keyfile.RINGS:
        ring: Ring = getattr(settled, purpose)
        for id in sorted(ring.keys):
            made = ring.made.get(id)
            days = "" if made is None else str((today - made).days)
            use = _use(ring, id) + (", opens" if purpose == "box" and id in file.private else "")
            rows.append(KeyRow(purpose, str(id), use, made.isoformat() if made else "", days))
    return [*rows, KeyRow("limit", "", "made anew each day", file.limit.day.isoformat(), "")]


def _use(ring: Ring, id: int) -> str:
    if ring.write == id:
        return "writes"
    if ring.next is not None and ring.next.key == id:
        return f"writes from {datetime.fromtimestamp(ring.next.at_s, UTC):%Y-%m-%d %H:%M} UTC"
    return "reads"


# the purge


@click.command()
def purge() -> None:
    """Drop what is kept no longer, now, and print how much of each. The gateway does it daily by itself."""
    log = PurgeLog(config.load().purge_log)

    async def work(ledger: Ledger) -> None:
        for name, count in (await ledger.purge(log, kept.PURGES)).items():
            click.echo(f"{count:>8}  {name}")

    on_premises(work)


def _settings() -> tuple[Config, date]:
    settings = inhabited(config.load())
    return settings, Country.load(settings.country).today(now_ms())
