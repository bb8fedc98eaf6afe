"""Every setting: its type, its default, what it is for, and where its value came from.

`USSD_ENGINE_NAME` in the environment stands over `name` in the TOML file that `USSD_ENGINE_CONFIG` names, and that
over the default. What is not a setting is an error, and so are settings that do not go together: the gateway fails at
its start or not at all. An empty variable counts as unset.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import ussd_engine
from ussd_engine import channels, readers
from ussd_engine.errors import ConfigError
from ussd_engine.given import PREFIX, place, read_given
from ussd_engine.openings import open_channel as open_channel
from ussd_engine.openings import open_collectors as open_collectors
from ussd_engine.openings import open_gateways as open_gateways
from ussd_engine.openings import unguarded, unusable
from ussd_engine.readers import ChannelConfig, ChannelSettings, Network
from ussd_engine.secret import Url

HOME = Path(ussd_engine.__file__).parent.parent
"""Menus and catalogues lie beside the package, in a checkout and where it is installed."""
SMS_A_DAY: Mapping[str, int] = {"number": 30, "block": 1_000, "channel": 100_000}

Environment = Literal["development", "production"]
Role = Literal["all", "ussd", "worker"]
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Want = Literal["place", "date"]

_T = TypeVar("_T")
_Values = dict[str, Any]


class Row(NamedTuple):
    """A setting as `ussd-engine config` prints it."""

    name: str
    value: str
    source: str
    help: str


def _setting(read: Callable[[object], _T], help: str, default: Callable[[_Values], _T], shown: str) -> _T:
    """A setting. `default` may look at the settings above; `shown` is what the documents call it."""
    made: _T = field(metadata={"read": read, "help": help, "default": default, "shown": shown})
    return made


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of one process. Made by `load`; change one with `dataclasses.replace`."""

    env: Environment = _setting(
        readers.choice(("development", "production")),
        "development, or production: every channel then needs a token, and keys must be given.",
        lambda _: "development",
        "development",
    )
    var: Path = _setting(readers.path, "The folder for what is made at run time.", lambda _: Path("var"), "`./var`")
    menus: Path = _setting(readers.path, "The folder of menus.", lambda _: HOME / "menus", "`menus` beside the package")
    locales: Path = _setting(
        readers.path, "The folder of catalogues.", lambda _: HOME / "locales", "`locales` beside the package"
    )
    country: Path = _setting(
        readers.path,
        "The country file: numbers, time zone, holidays, partner numbers.",
        lambda values: values["menus"] / "countries" / "tanzania.yaml",
        "`countries/tanzania.yaml` in the menus",
    )
    codes: Mapping[str, str] = _setting(
        readers.codes,
        "Dialled codes and the service at the root of each: `CODE=SERVICE`, separated by spaces, or a table. Who dials "
        "another one is told that it has no service here.",
        lambda _: {"*152*00#": "gmp"},
        "`*152*00#=gmp`",
    )
    channels: tuple[ChannelConfig, ...] = _setting(
        readers.channel_list,
        "Channels that are served, for USSD, SMS or collected forms: `NAME` or `NAME:TOKEN`, two tokens "
        "(`TOKEN,TOKEN`) while one is retired; separated by spaces, or a table.",
        lambda _: tuple(ChannelConfig(name) for name in channels.names()),
        "all that answer USSD, without token",
    )
    channel_settings: ChannelSettings = _setting(
        readers.channel_settings,
        "For each channel a table of its own settings and of its profile: `septets`, `repeat_window_s`, `hold_s`, "
        "`code` and so on; in it a table `sms` where it is to carry SMS, `forms` where its provider collects forms. "
        "In a variable as JSON.",
        lambda _: {},
        "none",
    )
    sessions: Url = _setting(
        readers.url,
        "Where unfinished dialogs live: `memory://`, `redis://`, `rediss://`, `redis+sentinel://`, `redis+cluster://`.",
        lambda _: Url("memory://"),
        "`memory://`",
    )
    database: Url = _setting(
        readers.url,
        "Ledger and vault: `sqlite:///FILE` or `postgresql://…`.",
        lambda values: Url(f"sqlite:///{values['var'] / 'ussd-engine.db'}"),
        "`sqlite:///var/ussd-engine.db`",
    )
    feedback: Url = _setting(
        readers.url,
        "The feedback core: `sql` (built in), `webhook+https://…` (signed webhooks), or the name of an installed "
        "plug-in.",
        lambda _: Url("sql"),
        "`sql`",
    )
    feedback_settings: Mapping[str, object] = _setting(
        readers.store_settings,
        "A table of the core's own settings; for webhooks `secrets`, `payload`, `can`, `allow`. In a variable as JSON.",
        lambda _: {},
        "none",
    )
    hosted: Mapping[str, Mapping[str, object]] = _setting(
        readers.hosted,
        "For each service of another institution that is hosted here a table: `url`, `fields`, `check`, `allow`. "
        "In a variable as JSON.",
        lambda _: {},
        "none",
    )
    core_wants: frozenset[str] = _setting(
        readers.words(("place", "date")),
        "What the built-in core asks for that a form may leave out: `place`, `date`.",
        lambda _: frozenset(),
        "neither",
    )
    officer: str = _setting(
        readers.text,
        "Who acts in `ussd-engine case`: ROLE@OFFICE, as `officer@DUWASA`.",
        lambda _: "",
        "nobody: `--as` says",
    )
    keys: Path = _setting(
        readers.path,
        "The file of keys. Without one, keys for development are made at the first start.",
        lambda values: values["var"] / "keys.json",
        "`./var/keys.json`",
    )
    purge_log: Path = _setting(
        readers.path,
        "The log of erased contacts. Keep it apart from the database's backups: it purges one that is brought back.",
        lambda values: values["var"] / "erased.log",
        "`./var/erased.log`",
    )
    role: Role = _setting(
        readers.choice(("all", "ussd", "worker")),
        "What this process does: answer USSD, carry submissions and SMS, or both.",
        lambda _: "all",
        "all",
    )
    workers: int = _setting(readers.whole(1, 256), "How many processes answer.", lambda _: 1, "1")
    host: str = _setting(readers.text, "The address to listen on.", lambda _: "127.0.0.1", "127.0.0.1")
    port: int = _setting(readers.whole(0, 65535), "The port to listen on; 0: any.", lambda _: 8080, "8080")
    peers: tuple[Network, ...] = _setting(
        readers.networks, "Networks from which callbacks are taken; none named: all.", lambda _: (), "all"
    )
    proxies: tuple[Network, ...] = _setting(
        readers.networks, "Proxies whose `X-Forwarded-For` is believed, from the right.", lambda _: (), "none"
    )
    deadline_s: float = _setting(
        readers.seconds(0.5, 10), "After how long a turn ends with a polite word.", lambda _: 4.0, "4"
    )
    turns_at_once: int = _setting(
        readers.whole(1, 100_000),
        "Turns under way at once in each worker; who comes on top is told at once that the service is busy.",
        lambda _: 600,
        "600",
    )
    steps_a_minute: int = _setting(
        readers.whole(0, 10_000), "Steps that a caller may take in a minute; 0: no limit.", lambda _: 30, "30"
    )
    dials_a_day: int = _setting(
        readers.whole(0, 10_000), "Dials that a caller may make in a day; 0: no limit.", lambda _: 30, "30"
    )
    sms_prefixes: Mapping[str, str] = _setting(
        readers.prefixes,
        "What stands before the keywords of a service where several share the number for SMS: `SERVICE=PREFIX`.",
        lambda _: {},
        "none",
    )
    sms_a_day: Mapping[str, int] = _setting(
        readers.ceilings(SMS_A_DAY),
        "SMS that are read in a day: of one number, of a block of ten thousand, of a channel; `number=30 block=1000`.",
        lambda _: SMS_A_DAY,
        "`number=30 block=1000 channel=100000`",
    )
    sms_abroad: tuple[str, ...] = _setting(
        readers.calling_codes, "Calling codes of other countries whose SMS are read: `254 256`.", lambda _: (), "none"
    )
    log_level: Level = _setting(
        readers.choice(("DEBUG", "INFO", "WARNING", "ERROR")), "The least that is logged.", lambda _: "INFO", "INFO"
    )

    sources: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Where each value came from, by the name of its setting."""

    @property
    def ussd_channels(self) -> tuple[ChannelConfig, ...]:
        """Those of the channels that answer USSD; the others carry SMS alone."""
        answering = channels.names()
        return tuple(one for one in self.channels if one.name in answering)

    def describe(self) -> list[Row]:
        """Every setting, in order, with secrets hidden."""
        return [
            Row(
                PREFIX + one.name.upper(), _shown(getattr(self, one.name)), self.sources[one.name], one.metadata["help"]
            )
            for one in settings()
        ]


def settings() -> list[Field[Any]]:
    """The fields of `Config` that are settings."""
    return [one for one in fields(Config) if "help" in one.metadata]


def load(environ: Mapping[str, str] = os.environ) -> Config:
    """The settings of this process. Raises `ConfigError` with every fault, a line each."""
    given, faults = read_given(environ, [one.name for one in settings()])
    values: _Values = {}
    sources: dict[str, str] = {}
    for one in settings():
        raw, sources[one.name] = given.get(one.name, (MISSING, "default"))
        try:
            values[one.name] = one.metadata["default"](values) if raw is MISSING else one.metadata["read"](raw)
        except ValueError as error:
            faults.append(f"{place(one.name, sources[one.name])}: {error}")
            values[one.name] = one.metadata["default"](values)
    config = Config(**values, sources=sources)
    return checked(config, faults)


def checked(config: Config, faults: list[str] | None = None) -> Config:
    """`config` itself, where its settings go together. Raises `ConfigError`. For whoever changed one after `load`."""
    found = [*(faults or []), *_clashes(config)]
    if found:
        raise ConfigError("\n".join(found))
    return config


def _clashes(config: Config) -> Iterator[str]:
    scheme = config.sessions.scheme
    if scheme == "memory" and config.workers > 1:
        yield (
            f"{PREFIX}SESSIONS: memory:// is seen by one process alone, and {config.workers} workers are to answer: "
            "a citizen's next screen would find no session. Use redis://, or one worker"
        )
    if config.database.scheme == "sqlite" and (config.workers > 1 or config.role != "all"):
        yield (
            f"{PREFIX}DATABASE: a SQLite file has one writer, and several processes are to write. "
            "Use postgresql://, or one worker with role all"
        )
    yield from (f"{PREFIX}{name}: {words}" for name, words in unusable(config))
    if config.env == "production":
        yield from (f"{PREFIX}CHANNELS: {one}" for one in unguarded(config))
        if config.sources.get("keys", "default") == "default":
            yield f"{PREFIX}KEYS: production needs a file of keys: `ussd-engine keys make PATH` makes one, once"


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        plain = all(isinstance(one, str | int) for one in value.values())
        return " ".join(f"{k}={v}" for k, v in value.items()) if plain else json.dumps(value, default=str)
    if isinstance(value, tuple | frozenset):
        return " ".join(sorted(map(str, value)))
    return f"{value:g}" if isinstance(value, float) else str(value)
