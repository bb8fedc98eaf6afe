"""What a browser sends to the phone's address, without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp.test_utils import BaseTestServer


class Browser:
    """What a browser sends, from a page of an origin."""

    def __init__(self, client: aiohttp.ClientSession, server: BaseTestServer, root: str = "/") -> None:
        self._client = client
        self._root = root
        self.host = f"{server.host}:{server.port}"

    async def get(self, path: str = "", **headers: str) -> tuple[int, str, Mapping[str, str]]:
        async with self._client.get(f"http://{self.host}{self._root}{path}", headers=headers) as answer:
            return answer.status, await answer.text(), answer.headers

    async def room(self, seat: str = "", **headers: str) -> aiohttp.ClientWebSocketResponse:
        """The line of a page. Raises `WSServerHandshakeError` where it is refused."""
        about = {"Origin": f"http://{self.host}", **headers}
        url = f"http://{self.host}{self._root}room"
        return await self._client.ws_connect(url, headers=about, params={"seat": seat})


async def told(socket: aiohttp.ClientWebSocketResponse, name: str) -> Any:
    """The next message that has a part of this name."""
    while True:
        message = await socket.receive_json()
        if name in message:
            return message[name]
