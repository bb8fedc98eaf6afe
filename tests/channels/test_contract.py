"""The contract of a channel, run over every built-in one in each of its wire forms."""

from __future__ import annotations

from ussd_engine.channels import create
from ussd_engine.channels.base import Channel
from ussd_engine.testing.bound_contract import BoundContract
from ussd_engine.testing.channel_contract import ChannelContract, PostingContract, settings


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


class TestBeem(ChannelContract):
    optional = frozenset({"payload"})
    carries_code = False

    def channel(self) -> Channel:
        return create(settings("beem"))


class TestBeemWithoutNumbers(TestBeem):
    def channel(self) -> Channel:
        return create(settings("beem", legs="window", code="*152*00#"))


class TestTruRoute(ChannelContract):
    carries_nul = False

    def channel(self) -> Channel:
        return create(settings("truroute"))


class TestHalotel(PostingContract):
    optional = frozenset({"ussdgw_id"})
    carries_nul = False

    def channel(self) -> Channel:
        return create(settings("halotel"))


class TestTigo(ChannelContract):
    optional = frozenset({"Service_cod"})

    def channel(self) -> Channel:
        return create(settings("tigo"))


class TestTigoOtherNames(ChannelContract):
    optional = frozenset({"IMSI"})

    def channel(self) -> Channel:
        return create(settings("tigo", names="b"))


class TestAirtel(ChannelContract):
    def channel(self) -> Channel:
        return create(settings("airtel"))


class TestAirtelFlares(ChannelContract):
    optional = frozenset({"MSC", "error"})

    def channel(self) -> Channel:
        return create(settings("airtel", envelope="headers", userid="u", password="p"))


class TestRestComm(ChannelContract):
    optional = frozenset(
        {
            "type",
            "appCntx",
            "networkId",
            "mapMessagesSize",
            "returnMessageOnError",
            "dataCodingScheme",
            "nai",
            "npi",
            "errComponents",
        }
    )
    carries_nul = False

    def channel(self) -> Channel:
        return create(settings("restcomm"))


class TestRestCommWithoutNumbers(TestRestComm):
    def channel(self) -> Channel:
        return create(settings("restcomm", legs="window"))


class TestSmpp(BoundContract):
    dialogue = "255700000001-ef"

    def channel(self) -> Channel:
        return create(settings("smpp"))


class TestSmppWithoutNumbers(TestSmpp):
    def channel(self) -> Channel:
        return create(settings("smpp", legs="window", code_in="destination_addr", ucs2=0x48, coding=0x0F))


class TestSmppSixD(BoundContract):
    dialogue = "255700000001-4def"

    def channel(self) -> Channel:
        return create(settings("smpp", layout="6d"))


class TestSmppMica(BoundContract):
    dialogue = "255700000001-cdef"

    def channel(self) -> Channel:
        return create(settings("smpp", layout="mica", alphabet="latin-1"))
