"""The providers. A new one is a file, a line in `CHANNELS`, and a file of cases under `tests/channels/`.

Packages outside add theirs in the entry-point group `ussd_engine.channels`: a name and a factory like those here.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points

from ussd_engine.channels.africastalking import AfricasTalking
from ussd_engine.channels.base import Channel, Settings
from ussd_engine.channels.generic import Generic
from ussd_engine.errors import ConfigError, did_you_mean

GROUP = "ussd_engine.channels"

CHANNELS: dict[str, Callable[[Settings], Channel]] = {
    "africastalking": AfricasTalking,
    "generic": Generic,
}


def names() -> list[str]:
    """Every channel that can be configured, built in or installed."""
    return sorted({*CHANNELS, *(point.name for point in entry_points(group=GROUP))})


def create(settings: Settings) -> Channel:
    """The channel called `settings.name`. Raises `ConfigError`."""
    if settings.name in CHANNELS:
        return CHANNELS[settings.name](settings)
    for point in entry_points(group=GROUP, name=settings.name):
        factory: Callable[[Settings], Channel] = point.load()
        return factory(settings)
    raise ConfigError(f'channel "{settings.name}" does not exist{did_you_mean(settings.name, names())}')
