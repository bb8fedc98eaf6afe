"""A service's section `sms`: its words for each SMS that the engine can send.

    sms:
      received_quiet: "Tumepokea. Namba: {ref}. Kufuatilia piga {code} au tuma HALI {ref} kwenda {sc}"
      unknown: "Hatujaelewa ujumbe wako. Tuma MSAADA kwenda {sc} au piga {code}"

The names are those of `sms.templates`. A service that has the section has every one of them; one without it sends none.
A text is translated in the context `sms`. Where a template has rows, a placeholder that stands several times takes one
value after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ussd_engine.errors import Fault, did_you_mean, some
from ussd_engine.screens.base import Place
from ussd_engine.sms.templates import SMS

CONTEXT: Final = "sms"
"""The gettext context of all SMS, and the name of the section."""


def check_book(book: Mapping[str, str], places: Mapping[str, Place], faults: list[Fault]) -> None:
    """Add a fault for each SMS without words, and for words that the engine never sends. `places` are the service's."""
    if CONTEXT not in places:
        return
    for name in book:
        if name not in SMS:
            place = places[f"{CONTEXT}.{name}"]
            faults.append(Fault(*place, f'sms: the engine sends no "{name}"{did_you_mean(name, SMS)}', "sms"))
    missing = [name for name in SMS if name not in book]
    if missing:
        words = f"sms: no words for {some(missing)}, which the engine may have to send"
        faults.append(Fault(*places[CONTEXT], words, "sms"))
