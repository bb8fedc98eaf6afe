"""A process of its own that writes one submission, says its reference and waits to be killed."""

import asyncio
import json
import sys
from pathlib import Path

from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.testing.specimens import StoppedClock, submit


async def main(url: str, keys: str) -> None:
    ledger = await Ledger.open(url, Keyring.load(Path(keys)), StoppedClock())
    committed = await ledger.act(submit())
    print(json.dumps(committed.reference), flush=True)
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
