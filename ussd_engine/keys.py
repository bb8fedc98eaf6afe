"""Keys, one purpose each: what seals a row, what finds a caller, what the PIN is derived from.

Every purpose has one key that writes and any number that still read; what is sealed carries its key's id. A process
that runs takes up what is changed in the file by `renew`, so nobody keeps a key for himself.

`limit` is a ratchet: each day's key is derived by HKDF from the day before, and `advance` followed by `save` leaves
only yesterday's in the file. Older tags cannot be computed again, not even by who holds the file.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Final, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.public import PrivateKey

from ussd_engine import keyfile
from ussd_engine.errors import ConfigError, EngineError
from ussd_engine.keyfile import SIZE, KeyFile, Next, Ratchet, Ring

Purpose = Literal["session", "vault_tag", "data", "dialogue", "pin", "box", "limit"]
ROTATING: Final[tuple[Purpose, ...]] = ("session", "vault_tag", "data", "dialogue", "box")
NONCE: Final = 12
DAY: Final = timedelta(days=1)
DIALOGUES_S: Final = 86_400
"""How long dialogs are looked for under the `dialogue` key that wrote before: each lasts 10 minutes from its last leg,
and a caller who dials again and again goes on in hers."""


class CannotOpen(EngineError):
    """Something sealed that does not open here: changed, moved to another row, or its key is not held."""


class Keyring:
    """Every key of a process. What changes keys returns another keyring; `save` writes this one."""

    def __init__(self, file: KeyFile) -> None:
        self._file = file
        self._limit = {file.limit.day: file.limit.key}
        self._log = (date.min, b"")

    def __repr__(self) -> str:
        return repr(self._file).replace("KeyFile", "Keyring", 1)

    @classmethod
    def random(cls, today: date) -> Keyring:
        """New keys for every purpose, in memory."""
        private = PrivateKey.generate()
        names = ("session", "vault_tag", "data", "dialogue", "pin")
        rings = {name: _ring(secrets.token_bytes(SIZE), today) for name in names}
        limit = Ratchet(today - DAY, secrets.token_bytes(SIZE))
        box = _ring(bytes(private.public_key), today)
        return cls(KeyFile(**rings, box=box, limit=limit, private={1: bytes(private)}))

    @classmethod
    def create(cls, path: Path, today: date) -> Keyring:
        """New keys in a new file. `ConfigError` where the file stands already."""
        keyring = cls.random(today)
        keyring.create_at(path)
        return keyring

    @classmethod
    def load(cls, path: Path) -> Keyring:
        """The keys in a file. `ConfigError` names the file and the field that cannot be used."""
        return cls(keyfile.load(path))

    @classmethod
    def change(cls, path: Path, change: Callable[[Keyring], Keyring]) -> Keyring:
        """Change the keys in a file, after and before whoever else changes them; the keyring that stands there now."""
        with keyfile.locked(path):
            changed = change(cls.load(path))
            changed.save(path)
            return changed

    def renew(self, file: KeyFile) -> bool:
        """Take up what stands in the file now, in this very keyring; whether that is anything new.

        A process without private keys gets none.
        """
        mine = file if self.private else msgspec.structs.replace(file, private={})
        new = msgspec.structs.replace(mine, limit=self._file.limit) != self._file
        self._file = mine
        self._limit = {file.limit.day: file.limit.key}
        return new

    def create_at(self, path: Path) -> None:
        """Write a new file. `ConfigError` where one stands already."""
        keyfile.create(path, self._current())

    def save(self, path: Path) -> None:
        """Replace the file in one step; a reader finds the old keys or the new ones, whole."""
        keyfile.replace(path, self._current())

    def add(self, purpose: Purpose, today: date | None = None) -> Keyring:
        """A keyring that also reads with a new key. Give it to every process, then let one `use` the key.

        `ConfigError` for `pin`, whose key is the PIN of every case, and for `limit`, which has one key a day.
        """
        if purpose not in ROTATING:
            raise ConfigError(f"{purpose}: takes no second key")
        if purpose == "box" and not self.private:
            raise ConfigError("box: this file holds no private keys; make the new one in the file that does")
        if purpose != "box":
            return self._with(purpose, _grown(purpose, self.ring(purpose), secrets.token_bytes(SIZE), today))
        fresh = PrivateKey.generate()
        ring = _grown("box", self.ring("box"), bytes(fresh.public_key), today)
        return self._with("box", ring, private={**self.private, max(ring.keys): bytes(fresh)})

    def use(self, purpose: Purpose, key_id: int) -> Keyring:
        """A keyring that writes with a key it already reads with. `ConfigError` where it does not."""
        ring = self.ring(purpose)
        if key_id not in ring.keys:
            raise ConfigError(f"{purpose}: there is no key {key_id}")
        return self._with(purpose, Ring(key_id, ring.keys, ring.made))

    def plan(self, purpose: Purpose, now_s: float, at_s: int, today: date) -> Keyring:
        """A keyring that reads with a new key at once and writes with it from `at_s` on.

        `ConfigError` where a new key waits for its time already, and as `add`.
        """
        settled = Keyring(self._current().settled(now_s))
        if purpose in ROTATING and settled.ring(purpose).next is not None:
            raise ConfigError(f"{purpose}: a new key waits for its time already")
        added = settled.add(purpose, today)
        ring = added.ring(purpose)
        return added._with(purpose, msgspec.structs.replace(ring, next=Next(max(ring.keys), at_s)))

    def rotate(self, purpose: Purpose, today: date | None = None) -> Keyring:
        """`add` and `use` in one: right where no other process reads meanwhile. The tags of `limit` begin anew."""
        if purpose == "limit":
            return self._with("limit", Ratchet(min(self._limit), secrets.token_bytes(SIZE)))
        added = self.add(purpose, today)
        return added.use(purpose, max(added.ring(purpose).keys))

    def retire(self, purpose: Purpose, key_id: int) -> Keyring:
        """A keyring without an older key: what that one sealed is gone. `ConfigError` for the one that writes."""
        ring = self.ring(purpose)
        if key_id == ring.write or key_id not in ring.keys:
            raise ConfigError(f"{purpose}: key {key_id} is in use or unknown; only older keys retire")
        if ring.next is not None and ring.next.key == key_id:
            raise ConfigError(f"{purpose}: key {key_id} is to write soon")
        shorter = msgspec.structs.replace(
            ring,
            keys=_without(ring.keys, key_id),
            made={known: day for known, day in ring.made.items() if known != key_id},
        )
        return self._with(purpose, shorter, **{"private": _without(self.private, key_id)} if purpose == "box" else {})

    def public(self) -> Keyring:
        """The same keys without the private ones: enough to answer USSD, too little to open a number."""
        return Keyring(msgspec.structs.replace(self._file, private={}))

    def ring(self, purpose: Purpose) -> Ring:
        """The keys of a purpose, `limit` excepted."""
        ring: Ring = getattr(self._file, purpose)
        return ring

    @property
    def private(self) -> dict[int, bytes]:
        """Private keys of `box`, by id; empty in a process that only answers USSD."""
        return self._file.private

    @property
    def pin(self) -> bytes:
        """The key from which PINs are derived."""
        return self._file.pin.newest

    @property
    def dialogue(self) -> bytes:
        """The key under which callers, dialogues and legs of a new dialog are hashed for the session store."""
        return self._file.dialogue.newest

    def dialogues(self, now_s: float) -> list[bytes]:
        """The keys under which dialogs may be under way, the oldest first, as all processes look for them.

        One that is to write soon is among them: another process may have begun with it.
        """
        ring = self.ring("dialogue")
        named = {ring.write, ring.next.key if ring.next else ring.write}
        if ring.since_s is not None and now_s - ring.since_s < DIALOGUES_S:
            named.update(id for id in ring.keys if id < ring.write)
        return [ring.keys[id] for id in sorted(named)]

    def tag(self, purpose: Purpose, label: str, data: bytes) -> bytes:
        """16 octets that find `data` again, under the key that writes. Equal data under two labels are not linked."""
        return _tag(self.ring(purpose).newest, label, data)

    def tags(self, purpose: Purpose, label: str, data: bytes) -> list[bytes]:
        """The tag under every key that reads, the newest first."""
        ring = self.ring(purpose)
        ids = sorted(ring.keys, key=lambda key_id: (key_id != ring.write, -key_id))
        return [_tag(ring.keys[key_id], label, data) for key_id in ids]

    def limit_tag(self, msisdn: str, day: date) -> bytes:
        """16 octets that count a caller on one day and link to no other day."""
        return _tag(self._limit_key(day), "limit", msisdn.encode())

    def log_tag(self, msisdn: str, day: date) -> str:
        """12 hex digits for this process's log of this day: random, kept in memory, links to nothing."""
        if self._log[0] != day:
            self._log = (day, secrets.token_bytes(SIZE))
        return _tag(self._log[1], "log", msisdn.encode())[:6].hex()

    def advance(self, today: date) -> None:
        """Forget the limit keys of the days before yesterday. `save` makes that last."""
        self._limit_key(today)

    def seal(self, place: str, row: bytes, plain: bytes) -> bytes:
        """AES-256-GCM with a data key of the row's own, so random nonces stay safe however many rows there are.

        Shape: key id (1 octet), nonce (12), ciphertext. Bound to the place (a table), the row's id and the key id.
        """
        ring = self.ring("data")
        head, nonce = bytes([ring.write]), secrets.token_bytes(NONCE)
        return head + nonce + _row_cipher(ring.newest, row).encrypt(nonce, plain, _bound(place, row, head))

    def open(self, place: str, row: bytes, sealed: bytes) -> bytes:
        """What `seal` closed for this place and row; `CannotOpen` for anything else."""
        head, nonce, body = sealed[:1], sealed[1 : 1 + NONCE], sealed[1 + NONCE :]
        key = self.ring("data").keys.get(head[0]) if head else None
        if key is None:
            raise CannotOpen(f"{place}: sealed with a data key that this key file does not hold")
        try:
            return _row_cipher(key, row).decrypt(nonce, body, _bound(place, row, head))
        except (InvalidTag, ValueError):
            raise CannotOpen(f"{place}: a sealed row was changed, or belongs to another row") from None

    def _limit_key(self, day: date) -> bytes:
        # Another thread may be here too: what it reads is never changed, only replaced.
        keys = self._limit
        if day > max(keys) or min(keys) < day - DAY:
            keys = dict(keys)
            while (newest := max(keys)) < day:
                keys[newest + DAY] = _next_day(keys[newest])
            keys = {known: key for known, key in keys.items() if known >= day - DAY}
            self._limit = keys
        return keys.get(day) or keys[min(keys)]

    def _current(self) -> KeyFile:
        limit = self._limit
        oldest = min(limit)
        return msgspec.structs.replace(self._file, limit=Ratchet(oldest, limit[oldest]))

    def _with(self, purpose: Purpose, keys: Ring | Ratchet, **private: dict[int, bytes]) -> Keyring:
        return Keyring(msgspec.structs.replace(self._current(), **{purpose: keys}, **private))


def _ring(key: bytes, today: date) -> Ring:
    return Ring(1, {1: key}, {1: today})


def _without(keys: dict[int, bytes], key_id: int) -> dict[int, bytes]:
    return {known: key for known, key in keys.items() if known != key_id}


def _grown(purpose: str, ring: Ring, key: bytes, today: date | None) -> Ring:
    new_id = max(ring.keys) + 1
    if new_id > 255:
        raise ConfigError(f"{purpose}: key ids end at 255")
    made = ring.made if today is None else {**ring.made, new_id: today}
    return msgspec.structs.replace(ring, keys={**ring.keys, new_id: key}, made=made)


def _tag(key: bytes, label: str, data: bytes) -> bytes:
    return blake2b(data, key=key, person=label.encode(), digest_size=16).digest()


def _next_day(key: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=SIZE, salt=None, info=b"ussd-engine limit: next day").derive(key)


def _row_cipher(key: bytes, row: bytes) -> AESGCM:
    return AESGCM(blake2b(row, key=key, person=b"row key", digest_size=SIZE).digest())


def _bound(place: str, row: bytes, head: bytes) -> bytes:
    return head + place.encode() + b"\0" + row
