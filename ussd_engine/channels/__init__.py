"""The providers. A new one is a file, a line in a table here, and a file of cases under `tests/channels/`.

One name may have several sides: USSD, SMS, and forms that its provider collects. Packages outside add theirs in the
entry-point groups `ussd_engine.channels`, `ussd_engine.sms` and `ussd_engine.forms`: a name and a factory like those
here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any

from ussd_engine import plugins
from ussd_engine.channels.africastalking import AfricasTalking
from ussd_engine.channels.africastalking_sms import AfricasTalkingSms
from ussd_engine.channels.airtel import Airtel
from ussd_engine.channels.base import Channel, Settings
from ussd_engine.channels.beem import Beem, BeemSms
from ussd_engine.channels.forms import Collector, FormSettings
from ussd_engine.channels.generic import Generic
from ussd_engine.channels.halotel import Halotel
from ussd_engine.channels.kannel import KannelSms
from ussd_engine.channels.loopback import LoopbackSms
from ussd_engine.channels.mgov import MgovSms
from ussd_engine.channels.mgov_forms import MgovForms
from ussd_engine.channels.nextsms import NextSms
from ussd_engine.channels.restcomm import RestComm
from ussd_engine.channels.smpp import Smpp
from ussd_engine.channels.smpp_sms import SmppSms
from ussd_engine.channels.sms import Gateway, SmsSettings
from ussd_engine.channels.tigo import Tigo
from ussd_engine.channels.truroute import TruRoute
from ussd_engine.errors import ConfigError, did_you_mean

GROUP = "ussd_engine.channels"
SMS_GROUP = "ussd_engine.sms"
FORMS_GROUP = "ussd_engine.forms"
SMS, FORMS = "sms", "forms"
"""The tables of SMS and of collected forms among the settings of a channel. Where one stands, the channel has that
side."""

CHANNELS: dict[str, Callable[[Settings], Channel]] = {
    "africastalking": AfricasTalking,
    "airtel": Airtel,
    "beem": Beem,
    "generic": Generic,
    "halotel": Halotel,
    "restcomm": RestComm,
    "smpp": Smpp,
    "tigo": Tigo,
    "truroute": TruRoute,
}

GATEWAYS: dict[str, Callable[[SmsSettings], Gateway]] = {
    "africastalking": AfricasTalkingSms,
    "beem": BeemSms,
    "kannel": KannelSms,
    "loopback": LoopbackSms,
    "mgov": MgovSms,
    "nextsms": NextSms,
    "smpp": SmppSms,
}

COLLECTORS: dict[str, Callable[[FormSettings], Collector]] = {
    "mgov": MgovForms,
}


def names() -> list[str]:
    """Every channel that can answer USSD, built in or installed."""
    return _names(CHANNELS, GROUP)


def sms_names() -> list[str]:
    """Every channel that can carry SMS, built in or installed."""
    return _names(GATEWAYS, SMS_GROUP)


def form_names() -> list[str]:
    """Every channel whose provider can collect forms, built in or installed."""
    return _names(COLLECTORS, FORMS_GROUP)


def create(settings: Settings) -> Channel:
    """The USSD side of the channel called `settings.name`. Raises `ConfigError`."""
    factory: Callable[[Settings], Channel] = _factory(settings.name, CHANNELS, GROUP)
    return factory(settings)


def create_gateway(settings: SmsSettings) -> Gateway:
    """The SMS side of the channel called `settings.name`. Raises `ConfigError`."""
    factory: Callable[[SmsSettings], Gateway] = _factory(settings.name, GATEWAYS, SMS_GROUP)
    return factory(settings)


def create_collector(settings: FormSettings) -> Collector:
    """The side of the channel called `settings.name` that takes forms. Raises `ConfigError`."""
    factory: Callable[[FormSettings], Collector] = _factory(settings.name, COLLECTORS, FORMS_GROUP)
    return factory(settings)


def ussd_options(options: Mapping[str, object]) -> dict[str, object]:
    """Of a channel's settings those of its USSD side."""
    return {name: value for name, value in options.items() if name not in (SMS, FORMS)}


def sms_options(name: str, options: Mapping[str, object]) -> Mapping[str, object] | None:
    """Of a channel's settings those of its SMS side; `None` where it is to carry none. Raises `ConfigError`."""
    if name not in names():
        for key in ussd_options(options):
            raise ConfigError(
                f'channel "{name}": setting "{key}" does not exist: it answers no USSD; what it does is set in '
                f"{_tables(name)}"
            )
        if SMS not in options and FORMS not in options:
            raise ConfigError(f'channel "{name}": it answers no USSD, and has no table {_tables(name)}')
    return _side(name, options, SMS, "it carries no SMS", sms_names())


def form_options(name: str, options: Mapping[str, object]) -> Mapping[str, object] | None:
    """Of a channel's settings those of the forms that it collects; `None` where it is to collect none. Raises
    `ConfigError`."""
    return _side(name, options, FORMS, "it collects no forms", form_names())


def _side(
    name: str, options: Mapping[str, object], key: str, lacks: str, known: list[str]
) -> Mapping[str, object] | None:
    table = options.get(key)
    if table is not None and name not in known:
        raise ConfigError(f'channel "{name}": {lacks}; there are {", ".join(known)}')
    if table is not None and not isinstance(table, Mapping):
        raise ConfigError(f'channel "{name}": "{key}": expected a table')
    return table


def _tables(name: str) -> str:
    """The tables that a channel can have, in quotes."""
    return " or ".join(f'"{key}"' for key, known in ((SMS, sms_names()), (FORMS, form_names())) if name in known)


def _names(table: Mapping[str, object], group: str) -> list[str]:
    return sorted({*table, *(point.name for point in entry_points(group=group))})


def _factory(name: str, table: Mapping[str, Any], group: str) -> Any:
    if name in table:
        return table[name]
    installed = plugins.factory(group, name)
    if installed is not None:
        return installed
    raise ConfigError(f'channel "{name}" does not exist{did_you_mean(name, _names(table, group))}')
