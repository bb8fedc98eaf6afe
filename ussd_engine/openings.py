"""The channels that settings describe, made; and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol

from ussd_engine import channels, readers
from ussd_engine.channels.base import Bound, Channel, Posting, Settings
from ussd_engine.channels.codes import Codes
from ussd_engine.channels.forms import Collector, FormSettings
from ussd_engine.channels.sms import BoundGateway, Gateway, SmsSettings
from ussd_engine.errors import ConfigError
from ussd_engine.plugins import DoesNotLoad
from ussd_engine.readers import ChannelConfig, ChannelSettings

TOKEN_BITS: Final = 128

ReadNumber = Callable[[str], str | None]
"""A country's reading of a number."""


class Given(Protocol):
    """Of the settings of a process those that make channels."""

    @property
    def env(self) -> str: ...
    @property
    def codes(self) -> Mapping[str, str]: ...
    @property
    def channels(self) -> tuple[ChannelConfig, ...]: ...
    @property
    def channel_settings(self) -> ChannelSettings: ...


def open_channel(config: Given, name: str, msisdn: ReadNumber) -> Channel:
    """The USSD side of a channel as its settings make it. Raises `ConfigError`."""
    codes = Codes(config.codes)
    options = channels.ussd_options(config.channel_settings.get(name, {}))
    channel = channels.create(Settings(name=name, msisdn=msisdn, codes=codes, options=options))
    code = channel.profile.code
    if code and not codes.serves(code):
        raise ConfigError(f'channel "{name}": code: {code} is not served; name it in USSD_ENGINE_CODES')
    return channel


def open_gateways(config: Given, msisdn: ReadNumber) -> dict[str, Gateway]:
    """The channels that carry SMS, by name: those whose settings have a table for it. Raises `ConfigError`."""
    found = {one.name: _open_gateway(config, one.name, msisdn) for one in config.channels}
    return {name: gateway for name, gateway in found.items() if gateway is not None}


def _open_gateway(config: Given, name: str, msisdn: ReadNumber) -> Gateway | None:
    options = channels.sms_options(name, config.channel_settings.get(name, {}))
    return None if options is None else channels.create_gateway(SmsSettings(name=name, msisdn=msisdn, options=options))


def open_collectors(config: Given, msisdn: ReadNumber) -> dict[str, Collector]:
    """The channels whose providers collect forms, likewise."""
    found = {one.name: _open_collector(config, one.name, msisdn) for one in config.channels}
    return {name: collector for name, collector in found.items() if collector is not None}


def _open_collector(config: Given, name: str, msisdn: ReadNumber) -> Collector | None:
    own = channels.form_options(name, config.channel_settings.get(name, {}))
    return None if own is None else channels.create_collector(FormSettings(name=name, msisdn=msisdn, options=own))


def _sides(config: Given, name: str) -> Iterator[Channel | Gateway | Collector]:
    """What a channel has: the sides that answer USSD, carry SMS, take collected forms. Raises `ConfigError`."""
    if name in channels.names():
        yield open_channel(config, name, lambda _: None)
    gateway = _open_gateway(config, name, lambda _: None)
    if gateway is not None:
        yield gateway
    collector = _open_collector(config, name, lambda _: None)
    if collector is not None:
        yield collector


def unusable(config: Given) -> Iterator[tuple[str, str]]:
    """What is wrong with each channel, on either side: the setting that mends it, and the words."""
    for one in config.channels:
        try:
            sides = list(_sides(config, one.name))
        except DoesNotLoad as error:
            yield "CHANNELS", f'channel "{one.name}": {error}; or name the channels that are to be served, without it'
            continue
        except ConfigError as error:
            yield "CHANNEL_SETTINGS", str(error)
            continue
        if config.env == "production":
            for words in _untold(one.name, sides, config.channel_settings.get(one.name, {})):
                yield "CHANNEL_SETTINGS", words


def _untold(name: str, sides: list[Channel | Gateway | Collector], given: Mapping[str, object]) -> Iterator[str]:
    """What production has to be told."""
    for side in sides:
        if isinstance(side, Posting) and "url" not in given:
            yield f'channel "{name}": production needs "url", where its screens are posted'
        if isinstance(side, Bound) and not given.keys() & {"url", channels.SMS}:
            yield f'channel "{name}": production needs "url", to which it is bound'


def unguarded(config: Given) -> Iterator[str]:
    """Channels that anybody could call. What is reached over a bind cannot be called, and needs no token."""
    for one in config.channels:
        guarded = one.tokens and min(map(readers.token_bits, one.tokens)) >= TOKEN_BITS
        if not guarded and _is_called(config, one.name):
            yield (
                f'channel "{one.name}" needs a random token of {TOKEN_BITS} bits in production, '
                f"as {one.name}:TOKEN; `openssl rand -hex 16` draws one"
            )


def _is_called(config: Given, name: str) -> bool:
    """Whether a channel has an address on either side."""
    try:
        return not all(isinstance(side, Bound | BoundGateway) for side in _sides(config, name))
    except ConfigError:
        return True
