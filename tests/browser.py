"""A headless Chromium for tests of pages, driven by its DevTools protocol: it opens, clicks, types, looks, and tells
what the page asked of the network and what it complained of."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--disable-dev-shm-usage", "--remote-debugging-port=0"),
]
WAIT_MS = 10_000


class BrowserError(Exception):
    """What the browser, or a script in its page, refused."""


def executable() -> str:
    """The browser of this machine; skips the test where there is none, but for CI."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        assert os.environ.get("CI") != "true", "CI needs chromium"
        pytest.skip("chromium is not installed")
    return found


@contextlib.asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[Browser]:
    """A browser with an empty profile in a folder; it ends with the block."""
    process = await asyncio.create_subprocess_exec(
        executable(),
        *FLAGS,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    drain = None
    try:
        url = await _door(process.stderr)
        drain = asyncio.create_task(process.stderr.read())
        async with aiohttp.ClientSession() as client, client.ws_connect(url, max_msg_size=0) as socket:
            browser = Browser(socket)
            reading = asyncio.create_task(browser.read())
            yield browser
            with contextlib.suppress(BrowserError, ConnectionError):
                await browser.send("Browser.close")
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        await asyncio.wait_for(process.wait(), 10)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        if drain:
            await drain


async def _door(stderr: asyncio.StreamReader) -> str:
    """The address at which the browser says it listens."""
    said = []
    async for line in stderr:
        said.append(line.decode(errors="replace"))
        if found := re.search(r"DevTools listening on (ws://\S+)", said[-1]):
            return found[1]
    raise BrowserError(f"the browser ended: {''.join(said)}")


class Browser:
    """The connection: commands get their answers, events go to the pages."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}

    async def read(self) -> None:
        """Hand on what arrives, until the connection ends."""
        async for message in self._socket:
            found = json.loads(message.data)
            if "id" in found:
                answer = self._answers.pop(found["id"])
                if "error" in found:
                    answer.set_exception(BrowserError(found["error"]["message"]))
                else:
                    answer.set_result(found["result"])
            elif found.get("sessionId") in self._pages:
                self._pages[found["sessionId"]].hear(found["method"], found["params"])
        for answer in self._answers.values():
            answer.set_exception(ConnectionError("the browser is gone"))

    async def send(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """A command and its answer. Raises `BrowserError`."""
        number = next(self._ids)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        about = {"sessionId": session} if session else {}
        await self._socket.send_json({"id": number, "method": method, "params": params, **about})
        return await answer

    async def page(self, width: int = 1280, height: int = 900) -> Page:
        """A new page of a size."""
        target = await self.send("Target.createTarget", url="about:blank")
        attached = await self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        page = self._pages[attached["sessionId"]] = Page(self, attached["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            await page.send(f"{domain}.enable")
        await page.resize(width, height)
        return page


class Page:
    """One page. `asked` are the addresses that it asked for, `complaints` its errors, refusals of its policy too."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self.asked: list[str] = []
        self.complaints: list[str] = []

    def hear(self, method: str, params: dict[str, Any]) -> None:
        """An event of this page."""
        if method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"]))
        for future in self._waiting.pop(method, []):
            future.set_result(None)

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        """A command to this page."""
        return await self._browser.send(method, self._session, **params)

    async def open(self, url: str) -> None:
        """Go to an address; returns when it is loaded. Loads anew, also where only what is behind # differs."""
        for address in ("about:blank", url):
            loaded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.setdefault("Page.loadEventFired", []).append(loaded)
            found = await self.send("Page.navigate", url=address)
            if found.get("errorText"):
                raise BrowserError(f"{url}: {found['errorText']}")
            await asyncio.wait_for(loaded, WAIT_MS / 1000)

    async def resize(self, width: int, height: int) -> None:
        await self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    async def run(self, script: str) -> Any:
        """The value of an expression, or of its promise. Raises `BrowserError`."""
        found = await self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            details = found["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description") or details["text"])
        return found["result"].get("value")

    async def until(self, expression: str) -> Any:
        """The value of an expression once it is true. Raises `BrowserError` after a while."""
        words = json.dumps(f"never true: {expression}")
        return await self.run(
            f"""new Promise((done, fail) => {{
              const end = performance.now() + {WAIT_MS};
              const look = () => {{
                const found = (() => {{ try {{ return {expression}; }} catch (error) {{ return false; }} }})();
                if (found) done(found);
                else if (performance.now() > end) fail(new Error({words}));
                else setTimeout(look, 10);
              }};
              look();
            }})"""
        )

    async def text(self, selector: str) -> str:
        """What a part of the page reads as."""
        return str(await self.until(f"document.querySelector({json.dumps(selector)}).innerText + ' '")).strip()

    async def click(self, selector: str, words: str = "") -> None:
        """Click the first part of the page of a selector, or that which reads `words`."""
        wanted = f"document.querySelectorAll({json.dumps(selector)})"
        test = f"one => !{json.dumps(words)} || one.innerText.trim() === {json.dumps(words)}"
        at = await self.until(
            f"""(() => {{
              const one = [...{wanted}].find({test});
              one.scrollIntoView({{ block: "center" }});
              const box = one.getBoundingClientRect();
              return box.width > 0 && [box.left + box.width / 2, box.top + box.height / 2];
            }})()"""
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = "none" if kind == "mouseMoved" else "left"
            await self.send("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button=button, clickCount=1)

    async def type(self, text: str, enter: bool = True) -> None:
        """Type into the part that has the focus."""
        await self.send("Input.insertText", text=text)
        if enter:
            await self.press("Enter", 13, "\r")

    async def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key: its name, its number, the text that it makes."""
        about = {"key": key, "windowsVirtualKeyCode": code}
        await self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **about)

    async def picture(self, file: Path) -> None:
        """Keep a PNG of what is seen."""
        found = await self.send("Page.captureScreenshot", format="png")
        keep(file, base64.b64decode(found["data"]))


def keep(file: Path, content: bytes) -> None:
    """Write a file, and its folder where there is none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
