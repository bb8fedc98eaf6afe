"""From what a variable or a file says to the value of a setting, one reader a kind. All raise `ValueError` with what
was expected, never with what was given: it may be a secret.

A variable holds text; a TOML file may hold numbers, lists and tables as well.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ussd_engine import channels
from ussd_engine.errors import did_you_mean
from ussd_engine.registry import LONGEST_PREFIX
from ussd_engine.secret import Secret, Url

_C = TypeVar("_C", bound=str)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
ChannelSettings = Mapping[str, Mapping[str, object]]

RESERVED = frozenset({"events", "reports", "stops", "check"})
"""Last parts of our own addresses, so never a token."""
MOST_TOKENS = 2
"""One in use and one that is being retired."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_CODE = re.compile(r"\*[0-9]+(\*[0-9]+)*#")
_CALLING_CODE = re.compile(r"[1-9][0-9]{0,3}")
_SERVICE = re.compile(r"[a-z][a-z0-9_]*")
_PREFIX = re.compile(rf"[A-Za-z0-9]{{1,{LONGEST_PREFIX}}}")
_SECRET_NAME = re.compile(r"key|secret|token|pass|credential")


class ChannelConfig(NamedTuple):
    """A channel to be served, and the tokens that its address may end with; none: it is open."""

    name: str
    tokens: tuple[Secret, ...] = ()

    def __str__(self) -> str:
        return ":".join([self.name, *([",".join(map(str, self.tokens))] if self.tokens else [])])


def text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("expected a text")
    return value


def path(value: object) -> Path:
    return Path(text(value)).expanduser()


def url(value: object) -> Url:
    return Url(text(value))


def whole(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        number = int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            raise ValueError(f"expected a whole number from {least} to {most}")
        return number

    return read


def seconds(least: float, most: float) -> Callable[[object], float]:
    def read(value: object) -> float:
        try:
            number = float(value) if isinstance(value, str | int | float) else least - 1
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise ValueError(f"expected seconds, from {least:g} to {most:g}")
        return number

    return read


def choice(known: tuple[_C, ...]) -> Callable[[object], _C]:
    def read(value: object) -> _C:
        for one in known:
            if value == one:
                return one
        raise ValueError(f"expected one of {', '.join(known)}")

    return read


def words(known: tuple[str, ...]) -> Callable[[object], frozenset[str]]:
    def read(value: object) -> frozenset[str]:
        found = frozenset(_items(value))
        if not found <= frozenset(known):
            raise ValueError(f"expected some of {', '.join(known)}, separated by commas")
        return found

    return read


def networks(value: object) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(item) for item in _items(value))
    except ValueError:
        raise ValueError("expected addresses or networks (192.0.2.0/24), separated by commas") from None


def codes(value: object) -> dict[str, str]:
    """`*152*00#=gmp *152*77#=other`, or a table."""
    given = [item.partition("=") for item in text(value).split()] if not isinstance(value, Mapping) else []
    pairs = [(code, service) for code, _, service in given] or [
        *(dict(value) if isinstance(value, Mapping) else {}).items()
    ]
    for number, (code, service) in enumerate(pairs, 1):
        if not _CODE.fullmatch(code):
            raise ValueError(f"code {number} is none that can be dialled: expected digits as *152*00#, with * and #")
        if not isinstance(service, str) or not _SERVICE.fullmatch(service):
            raise ValueError(f"code {number} needs its service, as *152*00#=gmp: small letters, digits and _")
    if not pairs or len(dict(pairs)) != len(pairs):
        raise ValueError("expected each code once, as CODE=SERVICE (*152*00#=gmp), separated by spaces")
    return dict(pairs)


def prefixes(value: object) -> dict[str, str]:
    """`emrejesho=EM other=OT`, or a table from service to prefix."""
    read = _pairs(value)
    if not all(_SERVICE.fullmatch(name) and _PREFIX.fullmatch(prefix) for name, prefix in read.items()):
        words = f"a prefix is 1 to {LONGEST_PREFIX} letters and digits"
        raise ValueError(f"expected each service once, as SERVICE=PREFIX (emrejesho=EM), separated by spaces; {words}")
    return read


def calling_codes(value: object) -> tuple[str, ...]:
    """`254 256`, or a list."""
    read = tuple(map(str, value)) if isinstance(value, list) else tuple(_items(str(value)))
    if not read or len(set(read)) != len(read) or not all(map(_CALLING_CODE.fullmatch, read)):
        raise ValueError("expected each calling code once, in digits alone, as 254 256")
    return read


def ceilings(known: Mapping[str, int]) -> Callable[[object], Mapping[str, int]]:
    """`number=30 channel=100000`, or a table; what is not named stays as it is in `known`."""

    def read(value: object) -> Mapping[str, int]:
        given = _pairs(value)
        if not given.keys() <= known.keys():
            raise ValueError(f"expected some of {', '.join(known)}, as {next(iter(known))}=NUMBER")
        return {**known, **{name: whole(0, 100_000_000)(count) for name, count in given.items()}}

    return read


def _pairs(value: object) -> dict[str, str]:
    items = [item.partition("=") for item in text(value).split()] if not isinstance(value, Mapping) else []
    pairs = [(name, count) for name, _, count in items] or [
        (str(name), str(count)) for name, count in dict(value if isinstance(value, Mapping) else {}).items()
    ]
    if not pairs or len(dict(pairs)) != len(pairs) or not all(count for _, count in pairs):
        raise ValueError("expected each name once, as NAME=VALUE, separated by spaces")
    return dict(pairs)


def channel_list(value: object) -> tuple[ChannelConfig, ...]:
    """`africastalking:TOKEN,TOKEN generic`, a list of such, or a table from name to token or tokens."""
    read = tuple(_channel(name, tokens) for name, tokens in _channel_pairs(value))
    if not read or len({channel.name for channel in read}) != len(read):
        raise ValueError("expected each channel once, as NAME or NAME:TOKEN, separated by spaces")
    return read


def channel_settings(value: object) -> ChannelSettings:
    """A table for each channel, and in it perhaps one for SMS; in a variable a JSON object. What is called a key, a
    token and so on is a secret."""
    tables = _table(value)
    if tables is None or not all(isinstance(table, Mapping) for table in tables.values()):
        raise ValueError('expected a table for each channel; in a variable as JSON: {"generic": {"hold_s": 3}}')
    return {_known(name): {key: _one_setting(key, one) for key, one in table.items()} for name, table in tables.items()}


def hosted(value: object) -> Mapping[str, Mapping[str, object]]:
    """A table for each service; in a variable a JSON object. An address may hold a token."""
    tables = _table(value)
    if tables is None or not all(_SERVICE.fullmatch(name) and isinstance(tables[name], Mapping) for name in tables):
        raise ValueError('expected a table for each service; in a variable as JSON: {"water": {"url": "https://…"}}')
    addresses = ("url", "check")
    return {
        name: {key: _address(one) if key in addresses else one for key, one in table.items()}
        for name, table in tables.items()
    }


def store_settings(value: object) -> Mapping[str, object]:
    """A table; in a variable a JSON object. What is called a key, a secret and so on is one."""
    table = _table(value)
    if table is None:
        raise ValueError('expected a table; in a variable as JSON: {"payload": "thin"}')
    return {name: _hidden(name, one) for name, one in table.items()}


def token_bits(token: Secret) -> float:
    """How hard a token is to guess at most, in bits: a token of few different letters was not drawn at random."""
    value = token.reveal()
    if len(set(value)) < 8:
        return 0.0
    return len(value) * (4.0 if _HEX.fullmatch(value) else 6.0)


def _table(value: object) -> Mapping[str, Any] | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, Mapping) else None


def _items(value: object) -> list[str]:
    if isinstance(value, list | tuple):
        return [text(item) for item in value]
    return [item for item in re.split(r"[,\s]+", text(value)) if item]


def _channel_pairs(value: object) -> list[tuple[str, list[str]]]:
    if isinstance(value, Mapping):
        return [(name, _items(tokens)) for name, tokens in value.items()]
    items = value if isinstance(value, list) else text(value).split()
    pairs = [text(item).partition(":") for item in items]
    return [(name, tokens.split(",") if colon else []) for name, colon, tokens in pairs]


def _channel(name: str, tokens: list[str]) -> ChannelConfig:
    place = f'channel "{_known(name)}"'
    if len(tokens) > MOST_TOKENS:
        raise ValueError(f"{place}: expected {MOST_TOKENS} tokens at most")
    if not all(_TOKEN.fullmatch(token) and token not in RESERVED for token in tokens):
        raise ValueError(f"{place}: expected a token of letters, digits, - and _")
    return ChannelConfig(name, tuple(map(Secret, tokens)))


def _known(name: str) -> str:
    names = sorted({*channels.names(), *channels.sms_names(), *channels.form_names()})
    if name in names:
        return name
    if "," in name:
        raise ValueError("expected channels separated by spaces; a comma stands between two tokens of one")
    hint = did_you_mean(name, names) or f"; there are {', '.join(names)}"
    raise ValueError(f"a channel that does not exist{hint}")


def _hidden(key: str, value: object) -> object:
    if isinstance(value, list):
        return [_hidden(key, one) for one in value]
    return Secret(value) if isinstance(value, str) and _SECRET_NAME.search(key) else value


def _one_setting(key: str, value: object) -> object:
    if key == channels.SMS and isinstance(value, Mapping):
        return {name: _address(one) if name.endswith("url") else _hidden(name, one) for name, one in value.items()}
    return _hidden(key, value)


def _address(value: object) -> object:
    """One of ours ends with a token; one of a provider may."""
    return Url(value) if isinstance(value, str) else value
