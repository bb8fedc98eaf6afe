"""What is printed of secrets."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine.secret import Secret, Url

SHOWN = [
    ("memory://", "memory://"),
    ("sql", "sql"),
    ("sqlite:///var/0123456789abcdef0123/ledger.db", "sqlite:///var/0123456789abcdef0123/ledger.db"),
    ("redis://localhost:6379/0", "redis://localhost:6379/0"),
    ("redis://:pass@localhost:6379/0", "redis://:***@localhost:6379/0"),
    ("rediss://user:pa/ss@wo?rd@host:1/0?db=2", "rediss://user:***@host:1/0?db=2"),
    ("redis+sentinel://u:p@a:1,b:2/main?password=x&db=1", "redis+sentinel://u:***@a:1,b:2/main?password=***&db=1"),
    ("webhook+https://TOKEN@host/in", "webhook+https://***@host/in"),
    ("webhook+https://host/hooks/T0123456789ABCDEF0/in", "webhook+https://host/hooks/***/in"),
    ("open311+https://host/v2?api_key=abc#frag=abc", "open311+https://host/v2?api_key=***#frag=***"),
    ("postgresql://engine:s3cret@db/ussd?sslmode=require", "postgresql://engine:***@db/ussd?sslmode=require"),
]


@pytest.mark.parametrize(("url", "shown"), SHOWN)
def test_an_address_is_printed_without_its_secrets(url: str, shown: str) -> None:
    assert str(Url(url)) == shown
    assert repr(Url(url)) == f"Url({shown!r})"
    assert Url(url).reveal() == url


@given(st.text(min_size=8, alphabet=st.characters(exclude_categories=["Cs"])))
def test_no_password_is_ever_printed(password: str) -> None:
    assert f"Q{password}Q" not in str(Url(f"redis://user:Q{password}Q@localhost:6379/0"))


def test_a_secret_is_printed_as_stars() -> None:
    secret = Secret("s3cret")
    assert f"{secret} {secret!r} {[secret]}" == "*** Secret('***') [Secret('***')]"
    assert secret.reveal() == "s3cret"


def test_no_secret_is_printed_as_nothing() -> None:
    assert str(Secret("")) == ""
    assert not Secret("")


def test_secrets_compare_by_value_and_kind() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != Url("a")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_a_copy_in_another_process_is_the_same_secret() -> None:
    assert pickle.loads(pickle.dumps(Url("redis://:p@h"))) == Url("redis://:p@h")
    assert copy.deepcopy(Secret("a")) == Secret("a")


def test_the_scheme_of_an_address() -> None:
    assert Url("REDIS+Sentinel://h").scheme == "redis+sentinel"
    assert Url("govesb").scheme == "govesb"
