"""The file that holds the keys.

JSON, mode 0600, written in one step. Each purpose has one key that writes and any number that still read:

    {"session": {"write": 2, "keys": {"1": "<32 octets, base64>", "2": "…"}, "made": {"2": "2026-01-31"}},
     "data": {"write": 1, "keys": {"1": "…", "2": "…"}, "next": {"key": 2, "at_s": 1769850000}},
     "vault_tag": …, "dialogue": …, "pin": …, "box": {"write": 1, "keys": {"1": "<public>"}},
     "private": {"1": "<private>"}, "limit": {"day": "2026-01-31", "key": "…"}}

`next` names the key that writes from a time on, in Unix seconds. Until then every process has read the file again, so
that nothing is written which another one cannot read. `since_s` is that time, once it has come and another key is made.

A process that only answers USSD is given a file without `private`: it can seal a number and never open one.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Final

import msgspec
from nacl.public import PrivateKey

from ussd_engine.errors import ConfigError

SIZE: Final = 32
RINGS: Final = ("session", "vault_tag", "data", "dialogue", "pin", "box")

KeyId = Annotated[int, msgspec.Meta(ge=0, le=255)]
Key = Annotated[bytes, msgspec.Meta(min_length=SIZE, max_length=SIZE)]


class Next(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key that writes from a time on, in Unix seconds."""

    key: KeyId
    at_s: int


class Ring(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The keys of one purpose: `write` names the one in use, the others only read. Ids fit one octet."""

    write: KeyId
    keys: dict[KeyId, Key]
    made: dict[KeyId, date] = {}
    """The day on which a key was made, where that is known."""
    next: Next | None = None
    since_s: int | None = None
    """From when on it writes, in Unix seconds, where it took another one's place under a running gateway."""

    def __repr__(self) -> str:
        return f"Ring(write={self.write}, ids={sorted(self.keys)})"

    @property
    def newest(self) -> bytes:
        """The key that writes."""
        return self.keys[self.write]

    def settled(self, now_s: float) -> Ring:
        """The ring at a time: what was to write from then on does."""
        if self.next is None or self.next.at_s > now_s:
            return self
        return Ring(self.next.key, self.keys, self.made, since_s=self.next.at_s)


class Ratchet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The oldest day whose limit tags can still be computed, and that day's key."""

    day: date
    key: Key

    def __repr__(self) -> str:
        return f"Ratchet(day={self.day})"


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What stands in the file."""

    session: Ring
    vault_tag: Ring
    data: Ring
    dialogue: Ring
    pin: Ring
    box: Ring
    """Public keys."""
    limit: Ratchet
    private: dict[KeyId, Key] = {}

    def __repr__(self) -> str:
        rings = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name != "private")
        return f"KeyFile({rings}, private={sorted(self.private)})"

    def settled(self, now_s: float) -> KeyFile:
        """The keys as they are used at a time."""
        return msgspec.structs.replace(self, **{name: getattr(self, name).settled(now_s) for name in RINGS})


def load(path: Path) -> KeyFile:
    """The keys in a file. `ConfigError` names the file and the field that cannot be used, never what stands in it."""
    try:
        mode, text = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    if mode & stat.S_IRWXO:
        raise ConfigError(f"{path}: every user of this machine may use it; run: chmod 600 {path}")
    return _parse(path, text)


def create(path: Path, file: KeyFile) -> None:
    """Write a new file. `ConfigError` where one stands already: keys are never overwritten."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _written_beside(path, file) as temporary:
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise ConfigError(f"{path}: stands already, and keys are never overwritten") from None
    _sync(path.parent)


def replace(path: Path, file: KeyFile) -> None:
    """Write over a file in one step: a reader finds the old keys or the new ones, whole.

    It stays with whom it belongs to, and readable for whom it was. `ConfigError` where that cannot be.
    """
    with _written_beside(path, file) as temporary:
        _dress(temporary, path)
        temporary.replace(path)
    _sync(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Of those who change a key file, one at a time. Who only reads it waits for nobody."""
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def used(path: Path) -> Iterator[None]:
    """While a process runs with the keys of a file: others on its machine can tell (`in_use`)."""
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def in_use(path: Path) -> bool:
    """Whether a process of this machine runs with the keys of a file."""
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _dress(temporary: Path, path: Path) -> None:
    try:
        stands = path.stat()
    except FileNotFoundError:
        return
    try:
        if (stands.st_uid, stands.st_gid) != (os.geteuid(), os.getegid()):
            os.chown(temporary, stands.st_uid, stands.st_gid)
        temporary.chmod(stat.S_IMODE(stands.st_mode))
    except PermissionError:
        raise ConfigError(f"{path}: belongs to another user, who alone may change it") from None


def _parse(path: Path, text: bytes) -> KeyFile:
    try:
        file = msgspec.json.decode(text, type=KeyFile)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_place(error)}: {_fault(error)}") from None
    except msgspec.DecodeError:
        raise ConfigError(f"{path}: is not JSON") from None
    _check(path, file)
    return file


def _place(error: msgspec.ValidationError) -> str:
    found = re.search(r"`\$\.?([\w.\[\]]*)`$", str(error))
    return (found and found[1].removesuffix("[...]")) or "the file"


def _fault(error: msgspec.ValidationError) -> str:
    missing = re.match(r"Object missing required field `(\w+)`", str(error))
    if missing:
        return f"`{missing[1]}` is missing"
    if str(error).startswith("Object contains unknown field"):
        return "holds a field that is not known here"
    return "must be a key id and keys of 32 octets in base64" if "keys" in str(error) else "cannot be used"


def _check(path: Path, file: KeyFile) -> None:
    for name in RINGS:
        ring: Ring = getattr(file, name)
        if ring.write not in ring.keys:
            raise ConfigError(f"{path}: {name}.write: names key {ring.write}, which is not among {name}.keys")
        if ring.next is not None and ring.next.key not in ring.keys:
            raise ConfigError(f"{path}: {name}.next: names key {ring.next.key}, which is not among {name}.keys")
    for key_id, key in file.private.items():
        if file.box.keys.get(key_id) != bytes(PrivateKey(key).public_key):
            raise ConfigError(f"{path}: private: key {key_id} does not belong to box.keys {key_id}")


@contextmanager
def _written_beside(path: Path, keys: KeyFile) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(keys), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
