"""Who may ask for the page: its own address alone, under the name that it has, with the token where there is one."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
OWN_NAMES: Final = ("localhost",)


class Guard:
    """`host` is the address that is listened on, `token` the first part of every path; empty: none."""

    def __init__(self, host: str, token: str) -> None:
        self._host = host.lower()
        self._token = token

    def refusal(self, request: web.Request) -> str:
        """Why a request is not answered; empty where it is."""
        host = request.headers.get("Host", "")
        if not self._knows(host):
            return "Not under this name: use the address that was printed."
        origin = request.headers.get("Origin")
        upgraded = "Upgrade" in request.headers
        if (upgraded or request.method not in ("GET", "HEAD")) and origin is None:
            return "Only from the page itself."
        if origin is not None and origin.lower() != f"http://{host.lower()}":
            return "Only from the page itself."
        if self._token and not hmac.compare_digest(
            request.path.removeprefix("/").partition("/")[0].encode(), self._token.encode()
        ):
            return "The address that was printed has a token: use it whole."
        return ""

    def _knows(self, host: str) -> bool:
        """Whether a name is this machine's: a foreign one that was made to lead here is not."""
        try:
            name = (URL(f"http://{host}").host or "").lower()
        except ValueError:
            return False
        if name in (*OWN_NAMES, self._host):
            return True
        try:
            at, own = ipaddress.ip_address(name), ipaddress.ip_address(self._host)
        except ValueError:
            return False
        return own.is_unspecified or at.is_loopback


def guarding(guard: Guard) -> web.Application:
    """An application that answers nobody else."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if why := guard.refusal(request):
            return web.Response(status=403, text=f"{why}\n")
        return await handler(request)

    async def headed(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)

    app = web.Application(middlewares=[guarded])
    app.on_response_prepare.append(headed)
    return app
