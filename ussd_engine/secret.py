"""Values that are never printed whole: a secret, and an address that may hold one."""

from __future__ import annotations

import re

HIDDEN = "***"

_USER = re.compile(r"(?<=://)(?:([^:@/]*)(:))?.*@", re.DOTALL)
_QUERY = re.compile(r"([?&#])([^=&#]*)=[^&#]*")
_LONG = re.compile(r"(?<=/)(?=[^/?#]*[0-9])[A-Za-z0-9_~=-]{16,}(?=[/?#]|$)")
_HARMLESS = frozenset({"db", "protocol", "ssl_cert_reqs", "sslmode", "timeout"})


class Secret:
    """A secret. Only `reveal` gives it away; two are equal when their values are."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __str__(self) -> str:
        return HIDDEN if self._value else ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._value == self._value

    def __hash__(self) -> int:
        return hash((type(self), self._value))

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return type(self), (self._value,)


class Url(Secret):
    """An address. Printed without its password, the values of its query, and what looks like a token in its path."""

    @property
    def scheme(self) -> str:
        """What stands before `:`, in lower case; the whole of a bare name (`sql`, `govesb`)."""
        return self._value.partition(":")[0].lower()

    def __str__(self) -> str:
        text = _USER.sub(_masked_user, self._value)
        text = _QUERY.sub(_masked_query, text)
        return text if self.scheme == "sqlite" else _LONG.sub(HIDDEN, text)


def _masked_user(found: re.Match[str]) -> str:
    return f"{found[1]}:{HIDDEN}@" if found[2] else f"{HIDDEN}@"


def _masked_query(found: re.Match[str]) -> str:
    return found[0] if found[2].lower() in _HARMLESS else f"{found[1]}{found[2]}={HIDDEN}"
