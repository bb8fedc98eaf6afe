from zonda import Zonda

from ussd_engine.channels.base import Channel
from ussd_engine.testing.channel_contract import ChannelContract, settings


class TestZonda(ChannelContract):
    def channel(self) -> Channel:
        return Zonda(settings("zonda"))
