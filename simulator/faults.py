"""What is told of faults: of a file, of the system, of our own."""

from __future__ import annotations

import errno
import re
from typing import Final

from simulator.speech import Foreign, Note, told
from simulator.transcript import BadTranscript
from ussd_engine.errors import ConfigError, EngineError, MenuError

SYSTEM: Final[dict[int, Note]] = {
    errno.EACCES: told("nobody may write there"),
    errno.EPERM: told("nobody may write there"),
    errno.EROFS: told("nobody may write there"),
    errno.ENOENT: told("there is no such place"),
    errno.ENOTDIR: told("a file stands where a folder should"),
    errno.EEXIST: told("a file stands where a folder should"),
    errno.EISDIR: told("a folder has that name"),
    errno.ENOSPC: told("the disk is full"),
    errno.ENAMETOOLONG: told("the name is too long"),
}
_PLACE: Final = re.compile(r"\S+?:\d+(?=:)")
"""A file and its line."""


def foreign(words: str) -> Foreign:
    """The first line of what somebody else says."""
    first = words.partition("\n")[0]
    found = _PLACE.search(first)
    return Foreign(first, found[0] if found else "")


def no_file(error: OSError) -> Note:
    """Why a file or an address cannot be had."""
    known = SYSTEM.get(error.errno or 0)
    return told("Not done: {why}", why=known or Foreign(error.strerror or type(error).__name__))


def fault(error: Exception) -> Note:
    """What is told of a fault of our own."""
    return told("A fault in the simulator itself ({kind}). Start anew if it stays.", kind=type(error).__name__)


def what_failed(error: Exception) -> Note:
    """What is told where something was not done, whatever it was."""
    why = foreign(str(error))
    if isinstance(error, ConfigError | MenuError):
        return told("The gateway cannot start: {why}", why=why)
    if isinstance(error, BadTranscript):
        return told("Not opened: {why}", why=why)
    if isinstance(error, TimeoutError):
        return told("That took too long. Let a minute pass, then try again.")
    if isinstance(error, OSError):
        return no_file(error)
    if isinstance(error, EngineError):
        return told("Not done: {why}", why=why)
    return fault(error)
