"""What a channel's settings may say, and how it answers to what they may not."""

from __future__ import annotations

from typing import Any

import pytest

from ussd_engine.channels import create
from ussd_engine.channels.base import Kind, path
from ussd_engine.errors import ConfigError
from ussd_engine.testing.channel_contract import settings

REFUSED = [
    ({"hold": 1}, 'setting "hold" does not exist (did you mean "hold_s"?)'),
    ({"hold_s": "soon"}, "Expected `float`"),
    ({"code": "Karibu"}, "not a code that can be dialled"),
    ({"con": "CON"}, "con: write {text} where the screen goes"),
    ({"fields": {"new": ""}}, 'fields: "new" needs a name'),
    ({"fields": {"dialogue": "", "new": "n"}}, 'fields: "dialogue" needs a name'),
    ({"fields": {"sesion": "x"}}, "sesion"),
    ({"input": "both"}, "input"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_a_setting_that_cannot_be_used_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        create(settings("generic", **options))
    assert str(refusal.value).startswith('channel "generic": ')
    assert message in str(refusal.value)


def test_a_channel_that_does_not_exist_has_a_likely_name() -> None:
    with pytest.raises(ConfigError, match=r'did you mean "africastalking"'):
        create(settings("africatalking"))


def test_the_profile_is_made_of_settings() -> None:
    profile = create(settings("generic", septets=182, repeat_window_s="2.5", code="152*00")).profile
    assert (profile.septets, profile.repeat_window_s, profile.code) == (182, 2.5, "*152*00#")


def test_a_cumulative_text_needs_no_hold_unless_it_is_set() -> None:
    assert create(settings("generic")).profile.hold_s == 6
    assert create(settings("generic", input="cumulative")).profile.hold_s == 0
    assert create(settings("generic", input="cumulative", hold_s=3)).profile.hold_s == 3


def test_addresses_are_as_documented() -> None:
    assert path("beem") == "/ussd/beem"
    assert path("beem", token="t") == "/ussd/beem/t"
    assert path("beem", Kind.EVENTS, "t") == "/ussd/beem/events/t"
