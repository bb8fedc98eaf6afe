"""The contract of a channel, run over every built-in one in each of its wire forms."""

from __future__ import annotations

from ussd_engine.channels import create
from ussd_engine.channels.base import Channel
from ussd_engine.testing.channel_contract import ChannelContract, settings


class TestAfricasTalking(ChannelContract):
    optional = frozenset({"networkCode", "date", "cost", "durationInMillis", "hopsCount", "input", "errorMessage"})

    def channel(self) -> Channel:
        return create(settings("africastalking"))


class TestGeneric(ChannelContract):
    optional = frozenset({"msisdn", "code"})

    def channel(self) -> Channel:
        return create(settings("generic"))


class TestGenericForm(ChannelContract):
    optional = frozenset({"msisdn", "code", "clean"})

    def channel(self) -> Channel:
        names = {"closed": "clean", "new": ""}
        return create(settings("generic", method="POST", input="cumulative", first="empty", fields=names))


class TestGenericJson(ChannelContract):
    optional = frozenset({"msisdn"})

    def channel(self) -> Channel:
        options = {"con": '{"text": "{text}"}', "end": '{"last": "{text}"}', "content_type": "application/json"}
        names = {"code": "", "new": ""}
        return create(settings("generic", method="POST", body="json", first="code", fields=names, **options))
