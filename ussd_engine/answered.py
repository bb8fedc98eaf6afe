"""What an HTTP server's answer says besides its status: its beginning, and how long to leave it alone."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp

MOST_READ: Final = 64 * 1024
"""Octets of an answer; what comes on top is not read."""
LONGEST_WAIT_S: Final = 86_400.0
"""What a server may ask for by `Retry-After`."""


def retry_after(text: str, now_s: float) -> float | None:
    """Seconds of `Retry-After`, which is a number or a date; `None` where it is neither."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        seconds = float(text)
    else:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now_s
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT_S)


async def beginning(content: aiohttp.StreamReader) -> tuple[bytes, bool]:
    """The first `MOST_READ` octets of a body, and whether that is all of it."""
    body = b""
    while len(body) <= MOST_READ:
        part = await content.read(MOST_READ + 1 - len(body))
        if not part:
            return body, True
        body += part
    return body[:MOST_READ], False


async def short_body(content: aiohttp.StreamReader) -> bytes:
    """The body where it is short enough, else nothing."""
    body, whole = await beginning(content)
    return body if whole else b""
