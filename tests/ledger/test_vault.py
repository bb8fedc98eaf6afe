"""Sealed numbers."""

from datetime import date

import pytest

from ussd_engine.keys import CannotOpen, Keyring
from ussd_engine.vault import Vault

MSISDN = "255700000001"


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.random(date(2025, 11, 25))


def test_a_process_without_the_private_key_seals_and_cannot_open(keyring: Keyring) -> None:
    answering = Vault(keyring.public())
    sealed = answering.seal(MSISDN, b"row")
    assert Vault(keyring).open(sealed, b"row") == MSISDN
    with pytest.raises(CannotOpen, match="no private key"):
        answering.open(sealed, b"row")


def test_one_number_sealed_twice_looks_different(keyring: Keyring) -> None:
    vault = Vault(keyring)
    assert vault.seal(MSISDN, b"row") != vault.seal(MSISDN, b"row")


@pytest.mark.parametrize(
    ("row", "purpose"), [(b"other", "contact"), (b"ro", "contact"), (b"row2", "contact"), (b"row", "sms")]
)
def test_a_number_that_was_moved_does_not_open(keyring: Keyring, row: bytes, purpose: str) -> None:
    vault = Vault(keyring)
    with pytest.raises(CannotOpen, match="another row"):
        vault.open(vault.seal(MSISDN, b"row"), row, purpose)


def test_a_number_that_was_changed_does_not_open(keyring: Keyring) -> None:
    vault = Vault(keyring)
    sealed = vault.seal(MSISDN, b"row")
    for changed in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:20], b""):
        with pytest.raises(CannotOpen):
            vault.open(changed, b"row")


def test_numbers_sealed_before_a_rotation_still_open(keyring: Keyring) -> None:
    sealed = Vault(keyring).seal(MSISDN, b"row")
    rotated = Vault(keyring.rotate("box"))
    assert rotated.open(sealed, b"row") == MSISDN
    assert rotated.open(rotated.seal(MSISDN, b"row"), b"row") == MSISDN


def test_a_caller_is_found_under_every_key(keyring: Keyring) -> None:
    rotated = Vault(keyring.rotate("vault_tag"))
    assert rotated.vault_tags(MSISDN) == [rotated.vault_tag(MSISDN), Vault(keyring).vault_tag(MSISDN)]
