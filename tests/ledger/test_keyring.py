"""Keys and their file."""

import base64
import json
import stat
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.seal import Seal
from ussd_engine.errors import ConfigError
from ussd_engine.keys import ROTATING, CannotOpen, Keyring, Purpose

TODAY = date(2025, 11, 25)
DAY = timedelta(days=1)
MSISDN = "255700000001"
RINGS: tuple[Purpose, ...] = ("session", "vault_tag", "data", "dialogue", "pin", "box")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.random(TODAY)


def same_keys(one: Keyring, other: Keyring) -> bool:
    return all(one.ring(purpose) == other.ring(purpose) for purpose in RINGS) and one.private == other.private


def test_a_new_file_is_read_back_and_is_its_owners_alone(path: Path) -> None:
    made = Keyring.create(path, TODAY)
    assert same_keys(Keyring.load(path), made)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_keys_are_never_overwritten_by_new_ones(path: Path) -> None:
    made = Keyring.create(path, TODAY)
    with pytest.raises(ConfigError, match="never overwritten"):
        Keyring.create(path, TODAY)
    assert same_keys(Keyring.load(path), made)


def test_saving_replaces_the_file_in_one_step(path: Path) -> None:
    rotated = Keyring.create(path, TODAY).rotate("data")
    with path.open("rb") as before:
        rotated.save(path)
        assert json.loads(before.read())["data"]["write"] == 1
    assert same_keys(Keyring.load(path), rotated)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_others_may_read_is_refused(path: Path) -> None:
    Keyring.create(path, TODAY)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        Keyring.load(path)


def test_a_file_that_is_missing_is_named(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"keys\.json: cannot be read"):
        Keyring.load(path)


def _short(keys: dict[str, Any]) -> None:
    keys["session"]["keys"]["1"] = keys["session"]["keys"]["1"][:20]


def _not_base64(keys: dict[str, Any]) -> None:
    keys["pin"]["keys"]["1"] = "!" + keys["pin"]["keys"]["1"][1:]


def _no_such_write(keys: dict[str, Any]) -> None:
    keys["data"]["write"] = 7


def _missing(keys: dict[str, Any]) -> None:
    del keys["vault_tag"]


def _unknown(keys: dict[str, Any]) -> None:
    keys[keys["data"]["keys"]["1"]] = {}


def _large_id(keys: dict[str, Any]) -> None:
    keys["box"]["write"] = 256


def _bad_day(keys: dict[str, Any]) -> None:
    keys["limit"]["day"] = "yesterday"


def _other_private(keys: dict[str, Any]) -> None:
    keys["private"]["1"] = base64.b64encode(b"x" * 32).decode()


MALFORMED = {
    "session": _short,
    "pin": _not_base64,
    "data.write": _no_such_write,
    "`vault_tag` is missing": _missing,
    "not known": _unknown,
    "box.write": _large_id,
    "limit.day": _bad_day,
    "private": _other_private,
}


@pytest.mark.parametrize("place", MALFORMED)
def test_a_malformed_file_is_refused_by_place_without_key_material(path: Path, place: str) -> None:
    Keyring.create(path, TODAY)
    keys = json.loads(path.read_text())
    material = [key for ring in ("session", "pin", "data", "box") for key in keys[ring]["keys"].values()]
    MALFORMED[place](keys)
    path.write_text(json.dumps(keys))
    with pytest.raises(ConfigError) as refused:
        Keyring.load(path)
    assert str(path) in str(refused.value)
    assert place in str(refused.value)
    assert not any(key[:12] in str(refused.value) for key in material)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_file_that_is_not_json_is_refused(path: Path) -> None:
    path.write_text("session: 1")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="is not JSON"):
        Keyring.load(path)


def test_what_is_printed_of_a_keyring_is_ids(keyring: Keyring) -> None:
    shown = repr(keyring.rotate("session"))
    assert "session=Ring(write=2, ids=[1, 2])" in shown
    for purpose in RINGS:
        assert repr(keyring.ring(purpose).newest) not in shown
    assert repr(keyring.private[1]) not in shown


@pytest.mark.parametrize("purpose", ROTATING)
def test_a_rotation_keeps_the_old_key_for_reading_and_every_pin(keyring: Keyring, purpose: Purpose) -> None:
    rotated = keyring.rotate(purpose)
    assert rotated.ring(purpose).write == 2
    assert rotated.ring(purpose).keys[1] == keyring.ring(purpose).newest
    assert rotated.ring(purpose).newest != keyring.ring(purpose).newest
    assert rotated.pin == keyring.pin
    assert [p for p in RINGS if rotated.ring(p) != keyring.ring(p)] == [purpose]


def test_a_new_key_is_given_to_all_readers_before_it_writes(keyring: Keyring) -> None:
    added = keyring.add("data")
    assert added.ring("data").write == 1
    sealed = added.use("data", 2).seal("place", b"row", b"words")
    assert sealed[0] == 2
    assert added.open("place", b"row", sealed) == b"words"
    with pytest.raises(CannotOpen):
        keyring.open("place", b"row", sealed)
    with pytest.raises(ConfigError, match="no key 3"):
        added.use("data", 3)


def test_the_pin_key_is_never_rotated(keyring: Keyring) -> None:
    with pytest.raises(ConfigError, match="pin"):
        keyring.rotate("pin")


def test_a_key_in_use_does_not_retire(keyring: Keyring) -> None:
    rotated = keyring.rotate("box")
    assert sorted(rotated.private) == [1, 2]
    shorter = rotated.retire("box", 1)
    assert (sorted(shorter.private), sorted(shorter.ring("box").keys)) == ([2], [2])
    for key_id in (2, 9):
        with pytest.raises(ConfigError):
            rotated.retire("box", key_id)


def test_retiring_a_data_key_leaves_the_private_keys(keyring: Keyring) -> None:
    assert keyring.rotate("data").retire("data", 1).private == keyring.private


def test_key_ids_end_at_255(keyring: Keyring) -> None:
    for _ in range(254):
        keyring = keyring.rotate("data")
    with pytest.raises(ConfigError, match="end at 255"):
        keyring.rotate("data")


def test_the_public_part_has_no_private_key_on_disk_either(path: Path, keyring: Keyring) -> None:
    keyring.public().save(path)
    assert Keyring.load(path).private == {}
    assert "private" not in json.loads(path.read_text())


def test_session_keys_fit_the_seal(keyring: Keyring) -> None:
    ring = keyring.rotate("session").ring("session")
    seal = Seal(ring.keys, ring.write)
    assert seal.open(seal.seal(b"session", b"place"), b"place").plain == b"session"


@given(plain=st.binary(), row=st.binary(max_size=40), flipped=st.integers(0, 10**6))
def test_a_sealed_text_opens_in_its_place_alone(plain: bytes, row: bytes, flipped: int) -> None:
    sealed = SHARED.seal("submission", row, plain)
    assert SHARED.open("submission", row, sealed) == plain
    at = flipped % len(sealed)
    changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
    elsewhere = [("outbox", row, sealed), ("submission", row + b"x", sealed), ("submission", row, changed)]
    for place, other, octets in [*elsewhere, ("submission", row, sealed[:5]), ("submission", row, b"")]:
        with pytest.raises(CannotOpen):
            SHARED.open(place, other, octets)


SHARED = Keyring.random(TODAY)


def test_a_limit_tag_holds_for_one_day_in_every_process(path: Path) -> None:
    one = Keyring.create(path, TODAY)
    other = Keyring.load(path)
    for day in (TODAY, TODAY + DAY, TODAY + 9 * DAY):
        assert one.limit_tag(MSISDN, day) == other.limit_tag(MSISDN, day)
    assert one.limit_tag(MSISDN, TODAY + 9 * DAY) != other.limit_tag(MSISDN, TODAY + 10 * DAY)


def test_days_past_cannot_be_computed_from_a_file_that_was_advanced(path: Path) -> None:
    keyring = Keyring.create(path, TODAY)
    tag, yesterday = keyring.limit_tag(MSISDN, TODAY), keyring.limit_tag(MSISDN, TODAY + 3 * DAY)
    keyring.advance(TODAY + 4 * DAY)
    keyring.save(path)
    advanced = Keyring.load(path)
    assert json.loads(path.read_text())["limit"]["day"] == str(TODAY + 3 * DAY)
    assert advanced.limit_tag(MSISDN, TODAY + 3 * DAY) == yesterday
    assert advanced.limit_tag(MSISDN, TODAY) != tag


def test_limit_tags_begin_anew_with_a_rotation(keyring: Keyring) -> None:
    assert keyring.rotate("limit").limit_tag(MSISDN, TODAY) != keyring.limit_tag(MSISDN, TODAY)


def test_a_log_tag_links_neither_days_nor_processes(keyring: Keyring) -> None:
    tag = keyring.log_tag(MSISDN, TODAY)
    assert keyring.log_tag(MSISDN, TODAY) == tag
    assert keyring.log_tag("255700000002", TODAY) != tag
    assert keyring.log_tag(MSISDN, TODAY + DAY) != tag
    assert keyring.log_tag(MSISDN, TODAY) != tag
    assert len(tag) == 12


def test_tags_of_two_labels_are_not_linked(keyring: Keyring) -> None:
    assert keyring.tag("vault_tag", "contact", b"x") != keyring.tag("vault_tag", "language", b"x")


def test_tags_under_every_key_come_newest_first(keyring: Keyring) -> None:
    rotated = keyring.rotate("vault_tag").rotate("vault_tag")
    tags = rotated.tags("vault_tag", "contact", b"x")
    assert len(set(tags)) == 3
    assert tags[0] == rotated.tag("vault_tag", "contact", b"x")
    assert tags[2] == keyring.tag("vault_tag", "contact", b"x")


def test_a_new_day_leaves_the_keys_alone_that_another_thread_reads(keyring: Keyring) -> None:
    reading = keyring._limit
    before = dict(reading)
    keyring.advance(TODAY + 3 * DAY)
    assert reading == before
    assert min(keyring._limit) == TODAY + 2 * DAY
