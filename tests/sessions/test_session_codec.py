"""The stored form: what goes in comes out, and nothing else opens."""

from __future__ import annotations

import os
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions import Draft, Edit, NotOurs, Outcome, Pending, Seal, Session, SessionCodec, session_key
from sessions.seal import DAY_S, version_of

MIDNIGHT = 20_600 * DAY_S
KEY = b"s123456789012"
SECRET, OTHER_SECRET = os.urandom(32), os.urandom(32)

ids = st.binary(max_size=16)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
times = st.integers(0, 2**52)
values = st.dictionaries(texts, st.none() | texts, max_size=4)
edits = st.builds(Edit, texts, texts, st.lists(texts, max_size=3), values, st.booleans())
drafts = st.builds(
    Draft, texts.filter(bool), texts, ids, values, texts, st.integers(0, 99), st.lists(texts, max_size=3),
    st.lists(edits, max_size=2),
)  # fmt: skip
sessions = st.builds(
    Session,
    dialog=ids,
    menu=ids,
    service=texts,
    screen=texts,
    locale=texts,
    step=st.integers(0, 10**6),
    touched_ms=times,
    dialogue=ids,
    leg=ids,
    leg_length=st.integers(0, 10**4),
    msisdn=st.integers(0, 10**15),
    drafts=st.lists(drafts, max_size=2),
    left=st.lists(ids, max_size=4),
    trail=st.lists(texts, max_size=4),
    page=st.integers(0, 99),
    line=texts,
    wrong=st.integers(0, 3),
    outcome=st.none() | st.builds(Outcome, times, values, ids),
    values=values,
    recent=st.lists(st.tuples(ids, times), max_size=3),
    predialled=st.booleans(),
    held=st.booleans(),
    pending=st.none() | st.builds(Pending, texts, texts, ids, st.integers(1, 9), times, values),
)


def codec_at(unix_s: float, keys: dict[int, bytes] | None = None, write: int = 1) -> SessionCodec:
    return SessionCodec(Seal(keys or {1: SECRET}, write, clock=lambda: unix_s))


NOON = codec_at(MIDNIGHT + DAY_S / 2)


def shortest_complaint() -> Session:
    """Where the shortest complaint stands at `review`, but for its text."""
    answers: dict[str, str | None] = {
        "find": "name",
        "query": "tanesco",
        "institution": "TANESCO",
        "nature": "delay",
        "identity": "confidential",
    }
    return Session(
        dialog=os.urandom(8),
        menu=os.urandom(8),
        service="emrejesho",
        screen="review",
        locale="sw",
        step=8,
        touched_ms=MIDNIGHT * 1000 + 43_200_123,
        dialogue=os.urandom(8),
        leg=os.urandom(8),
        leg_length=21,
        msisdn=255700000001,
        drafts=[Draft("emrejesho", "complaint", os.urandom(8), answers)],
    )


@given(sessions)
def test_every_session_comes_back_as_it_went(session: Session) -> None:
    blob = NOON.dump(session, KEY)
    sealed = NOON.load(blob, KEY)
    assert sealed.session == session
    assert sealed.version == version_of(blob)


def test_the_shortest_complaint_is_short() -> None:
    key = session_key(SECRET, "255700000001", "*152*00#")
    octets = len(key) + len(NOON.dump(shortest_complaint(), key))
    print(f"the shortest complaint at review, without its text: {octets} octets, key and seal among them")
    assert octets < 230


def test_every_default_of_a_session_is_empty_so_that_it_can_be_left_out() -> None:
    for struct in (Session, Draft, Edit, Pending, Outcome):
        for field in msgspec.structs.fields(struct):
            default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
            assert field.required or not default


def test_no_octet_can_be_changed() -> None:
    blob = NOON.dump(shortest_complaint(), KEY)
    for place in range(len(blob)):
        for flip in (0x01, 0x80):
            changed = bytearray(blob)
            changed[place] ^= flip
            with pytest.raises(NotOurs):
                NOON.load(bytes(changed), KEY)


def test_nothing_shorter_or_longer_opens() -> None:
    blob = NOON.dump(shortest_complaint(), KEY)
    for changed in [*(blob[:length] for length in range(len(blob))), blob + b"\0"]:
        with pytest.raises(NotOurs):
            NOON.load(changed, KEY)


def test_a_session_does_not_open_under_another_key_of_the_store() -> None:
    with pytest.raises(NotOurs):
        NOON.load(NOON.dump(shortest_complaint(), KEY), b"s123456789013")


def test_a_session_does_not_open_with_another_secret_of_the_same_id() -> None:
    stranger = codec_at(MIDNIGHT + DAY_S / 2, {1: OTHER_SECRET})
    with pytest.raises(NotOurs):
        stranger.load(NOON.dump(shortest_complaint(), KEY), KEY)


def test_a_new_key_reads_what_the_old_one_wrote_until_the_old_one_goes() -> None:
    session = shortest_complaint()
    old = codec_at(MIDNIGHT, {1: SECRET})
    both = codec_at(MIDNIGHT, {1: SECRET, 2: OTHER_SECRET}, write=2)
    new = codec_at(MIDNIGHT, {2: OTHER_SECRET}, write=2)
    assert both.load(old.dump(session, KEY), KEY).session == session
    assert new.load(both.dump(session, KEY), KEY).session == session
    with pytest.raises(NotOurs):
        new.load(old.dump(session, KEY), KEY)


@pytest.mark.parametrize(
    ("sealed_s", "opened_s"),
    [(MIDNIGHT - 1, MIDNIGHT + 599), (MIDNIGHT + 1, MIDNIGHT - 1)],
    ids=["yesterday's", "of a clock that is ahead"],
)
def test_midnight_locks_nobody_out(sealed_s: float, opened_s: float) -> None:
    session = shortest_complaint()
    assert codec_at(opened_s).load(codec_at(sealed_s).dump(session, KEY), KEY).session == session


def test_each_day_has_a_key_of_its_own() -> None:
    blob = codec_at(MIDNIGHT - 1).dump(shortest_complaint(), KEY)
    moved = blob[:2] + bytes([(blob[2] + 1) % 256]) + blob[3:]
    with pytest.raises(NotOurs):
        codec_at(MIDNIGHT + 1).load(moved, KEY)


def test_a_day_that_is_256_days_old_does_not_pass_for_today() -> None:
    blob = codec_at(MIDNIGHT).dump(shortest_complaint(), KEY)
    with pytest.raises(NotOurs):
        codec_at(MIDNIGHT + 256 * DAY_S).load(blob, KEY)


def test_the_same_session_never_has_the_same_version_twice() -> None:
    session = shortest_complaint()
    assert len({version_of(NOON.dump(session, KEY)) for _ in range(100)}) == 100


def sealed_row(change: Callable[[list[object]], object]) -> bytes:
    """What a release that changed the array would have written."""
    seal = Seal({1: SECRET}, 1, clock=lambda: MIDNIGHT + DAY_S / 2)
    row = list(msgspec.structs.astuple(shortest_complaint()))
    return seal.seal(msgspec.msgpack.encode(change(row)), KEY)


def test_a_session_of_a_newer_release_opens_without_the_fields_not_known_here() -> None:
    blob = sealed_row(lambda row: [*row, "a field of tomorrow", {"and": "another"}])
    assert NOON.load(blob, KEY).session.screen == "review"


def test_a_session_of_an_older_release_opens_with_defaults() -> None:
    session = NOON.load(sealed_row(lambda row: row[:5]), KEY).session
    assert (session.screen, session.drafts, session.pending) == ("review", [], None)


@pytest.mark.parametrize("change", [lambda row: row[:4], lambda row: {"dialog": 1}, lambda row: [5, *row]])
def test_what_is_sealed_but_no_session_is_not_ours(change: Callable[[list[object]], object]) -> None:
    with pytest.raises(NotOurs):
        NOON.load(sealed_row(change), KEY)


@pytest.mark.parametrize(
    ("keys", "write"), [({}, 1), ({1: SECRET}, 2), ({1: b"short"}, 1), ({256: SECRET}, 256), ({-1: SECRET}, -1)]
)
def test_a_key_list_that_cannot_be_used_is_refused_without_showing_a_key(keys: dict[int, bytes], write: int) -> None:
    with pytest.raises(ValueError) as refused:
        Seal(keys, write)
    assert "short" not in str(refused.value)


def test_a_seal_a_session_and_its_parts_print_no_secret() -> None:
    session = shortest_complaint()
    session.pending = Pending("send", "submit", b"key", 1, 5, {"ref": "123456789"})
    session.outcome = Outcome(5, {"ref": "123456789"})
    session.drafts[0].edits = [Edit("message", "review", fresh={"message": "Mita haisomi"})]
    shown = f"{Seal({1: SECRET}, 1)!r} {session!r} {session.drafts!r} {session.outcome!r} {session.pending!r}"
    shown += f"{NOON.load(NOON.dump(session, KEY), KEY)!r} {session.drafts[0].edits!r}"
    for secret in ("255700000001", "tanesco", "123456789", "Mita", repr(SECRET)[2:-1]):
        assert secret not in shown
