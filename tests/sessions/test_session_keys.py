"""Keys of the stores: short, apart by purpose, and nobody's number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sessions import dialogue_key, digest, link_key, session_key
from sessions.keys import DIGEST_LENGTH, KEY_LENGTH

SECRET = bytes(range(32))
FUNCTIONS = (session_key, dialogue_key, link_key)


def test_keys_are_short_and_say_what_stands_there() -> None:
    keys = [function(SECRET, "255700000001", "*152*00#") for function in FUNCTIONS]
    assert [len(key) for key in keys] == [KEY_LENGTH] * 3
    assert [key[:1] for key in keys] == [b"s", b"d", b"l"]
    assert len({key[1:] for key in keys}) == 3


def test_a_key_is_the_same_in_every_process() -> None:
    assert session_key(SECRET, "255700000001", "*152*00#") == session_key(SECRET, "255700000001", "*152*00#")


def test_a_key_depends_on_secret_caller_and_code() -> None:
    keys = {
        session_key(secret, caller, code)
        for secret in (SECRET, bytes(32))
        for caller in ("255700000001", "255700000002")
        for code in ("*152*00#", "*384*1#")
    }
    assert len(keys) == 8


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_parts_never_run_into_each_other(left: list[str], right: list[str]) -> None:
    assert (digest(SECRET, *left) == digest(SECRET, *right)) == (left == right)
    assert len(digest(SECRET, *left)) == DIGEST_LENGTH


def test_what_is_no_unicode_text_hashes_too() -> None:
    assert digest(SECRET, "\ud800") != digest(SECRET, "\ud801")
