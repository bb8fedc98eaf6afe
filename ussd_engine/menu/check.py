"""What `ussd-engine check` says: the files, the names and the proofs, of all menus or of one service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ussd_engine.country import Country
from ussd_engine.errors import Fault, MenuError
from ussd_engine.menu.edition import Edition, is_service, load_edition, load_service
from ussd_engine.menu.lint import prove
from ussd_engine.model import Profile


def check(
    path: Path,
    locales: Path,
    codes: Mapping[str, str],
    country: Country,
    profiles: Mapping[str, Profile],
    sms_prefixes: Mapping[str, str] = {},
    beside: Callable[[Edition], Iterable[Fault]] = lambda _: (),
) -> list[Fault]:
    """Every fault by file and line; empty where all holds. The proofs are made only where all names lead somewhere.

    `path` is a folder of services, or one service (its folder, its file, a file of its folder), which is then taken by
    itself. `profiles` are those of the channels, by name; `sms_prefixes` stand before the keywords of services;
    `beside` finds what settings say of a folder of services that is not there.
    """
    try:
        one = is_service(path)
        edition = load_service(path, locales, country) if one else load_edition(path, locales, codes, country)
    except MenuError as error:
        return sorted(set(error.faults))
    return [*prove(edition, profiles, sms_prefixes), *(() if one else beside(edition))]
