"""Standard Webhooks: who signs a message, and who believes it. https://www.standardwebhooks.com

Headers `webhook-id`, `webhook-timestamp` (Unix seconds of the attempt) and `webhook-signature`: signatures separated by
blanks, each `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. A secret is `whsec_` and the base64 of 24 to
64 random octets.

While a secret is being replaced there are two: what goes out is signed with both, what comes in may be signed with
either. So neither side has to change at the same moment as the other.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Final

from ussd_engine.errors import ConfigError, NotSigned
from ussd_engine.secret import Secret

TOLERANCE_S: Final = 300
"""How far the sender's clock, and the way, may be off, either way."""
MOST_SECRETS: Final = 2
"""One in use and one that is being retired."""
PREFIX: Final = "whsec_"
LENGTHS: Final = range(24, 65)
FORM: Final = f"{PREFIX} and the base64 of {LENGTHS[0]} to {LENGTHS[-1]} random octets"

_ID = re.compile(r"[!-\-/-~]{1,128}")
"""Printable, without blanks, and without the dot that ends it in what is signed."""
_SECONDS = re.compile(r"[0-9]{1,12}")


class Signer:
    """Signs what goes out and checks what comes in. Prints no secret."""

    def __init__(self, secrets: Sequence[Secret]) -> None:
        """`ConfigError` where there is none, or one that is not `whsec_…`."""
        if not secrets:
            raise ConfigError(
                f"secrets: there is none, and a core that is told by webhooks shares one with the gateway: {FORM}. "
                f'Take the one that the core shows; or make one, echo "{PREFIX}$(openssl rand -base64 32)", and give '
                'it to the core too. Here it goes into USSD_ENGINE_FEEDBACK_SETTINGS, as {"secrets": "whsec_…"}'
            )
        if len(secrets) > MOST_SECRETS:
            raise ConfigError(f"secrets: expected one, or {MOST_SECRETS} while one is replaced")
        self._keys = tuple(map(_key, secrets))

    def headers(self, id: str, now_s: int, body: bytes) -> dict[str, str]:
        """The headers of one attempt; `id` stays over all attempts of a message."""
        signatures = [_signature(key, id, str(now_s), body).decode() for key in self._keys]
        return {"webhook-id": id, "webhook-timestamp": str(now_s), "webhook-signature": " ".join(signatures)}

    def verify(self, headers: Mapping[str, str], body: bytes, now_s: float) -> str:
        """The id of a message that was signed with one of our secrets just now; else `NotSigned`."""
        id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not _ID.fullmatch(id):
            raise NotSigned("webhook-id: expected 1 to 128 printable characters, without blank and dot")
        if not _SECONDS.fullmatch(at) or abs(now_s - int(at)) > TOLERANCE_S:
            raise NotSigned(f"webhook-timestamp: expected Unix seconds, {TOLERANCE_S} from now at most")
        given = headers.get("webhook-signature", "").encode("utf-8", "surrogateescape").split()
        # Each is compared with each, so that the time tells nothing of which one was nearly right.
        fits = [hmac.compare_digest(_signature(key, id, at, body), one) for key in self._keys for one in given]
        if not any(fits):
            raise NotSigned("webhook-signature: none of them is of a secret that is known here")
        return id


def _key(secret: Secret) -> bytes:
    """The octets of `whsec_…`, whose padding may be missing."""
    text = secret.reveal()
    encoded = text.removeprefix(PREFIX).rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or len(key) not in LENGTHS:
        raise ConfigError(f"secrets: expected {FORM}")
    return key


def _signature(key: bytes, id: str, at: str, body: bytes) -> bytes:
    return b"v1," + base64.b64encode(hmac.digest(key, f"{id}.{at}.".encode() + body, "sha256"))
