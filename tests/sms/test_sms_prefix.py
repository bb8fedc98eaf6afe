"""The prefix of a number that several services share stands in the texts, and says for which service an SMS is."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.sms.sms_edition import LANGUAGES, OURS, SERVICE, said, shipped
from ussd_engine import gsm
from ussd_engine.carrier import open_carriers
from ussd_engine.cli import cli
from ussd_engine.config import load
from ussd_engine.menu.keywords import fold
from ussd_engine.menu.lint import roomless
from ussd_engine.menu.lint.sms import _longest
from ussd_engine.menu.lint.values import Values
from ussd_engine.menu.template import template
from ussd_engine.sms.prefix import prefixed
from ussd_engine.sms.services import Services
from ussd_engine.sms.templates import PREFIXED, SEPTETS

KEYWORDS = shipped().services[SERVICE].service.keywords


@pytest.mark.parametrize(
    ("template", "locale", "text"),
    [
        ("quiet_change", "sw", "Namba 1: kuna taarifa mpya. Piga *152*00*9*2# au tuma EM HALI 1 kwenda 15200"),
        ("rate_ask", "en", "Send EM YES 1, EM PARTLY 1 or EM NO 1 to 15200"),
        (
            "withdraw_which",
            "sw",
            "tuma EM ONDOA na namba yake, mfano EM ONDOA 482173659, kwenda 15200. Kuacha SMS tuma EM",
        ),
        ("which_ref", "sw", "Kwa namba ipi? Tuma EM 1, 2 au 3 kwenda 15200:\n1 1\nUlichotuma"),
        ("finish_more", "sw", "Kuutuma, tuma neno EM TUMA kwenda 15200."),
        ("opened", "en", "Number 1: TANESCO opened your message on 15/01/2026."),
    ],
)
def test_it_stands_before_every_keyword_and_choice(template: str, locale: str, text: str) -> None:
    values = {"ref": "1", "hours": "24", "n": "12", "institution": "TANESCO", "date": "2026-01-15"}
    assert text in said(template, locale, prefix="EM", **values)
    assert said(template, locale, **values) == said(template, locale, prefix="EM", **values).replace("EM ", "")


def test_what_she_or_an_office_wrote_has_none() -> None:
    text = said("need_info", "sw", prefix="EM", ref=OURS, institution="TANESCO", ask="HALI au RUFAA?")
    assert "inaomba maelezo: HALI au RUFAA? Kujibu tuma EM ONGEZA" in text


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("prefix", ["EM", "MREJESHO"])
def test_no_text_grows_beyond_one_sms_and_those_behind_go_without(locale: str, prefix: str) -> None:
    longest = "HALI " * 8
    for ask in ("Je?", longest):
        text = said("need_info", locale, prefix=prefix, ref=OURS, institution="TANESCO", ask=ask)
        assert len(gsm.segments(text)) == 1
        assert prefix in text
    assert len(gsm.segments(said("help", locale, prefix=prefix))) == 1


@pytest.mark.parametrize(
    ("prefix", "roomless_texts"),
    [
        ("", []),
        ("EM", []),
        (
            "MREJESHO",
            [
                ("received", "sw", 3),
                ("answered", "sw", 4),
                ("answered", "en", 2),
                ("not_accepted", "sw", 5),
            ],
        ),
    ],
)
def test_check_and_the_start_name_each_text_without_room_for_it_and_by_how_much(
    prefix: str, roomless_texts: list[tuple[str, str, int]]
) -> None:
    found = roomless(shipped(), {SERVICE: prefix} if prefix else {})
    told = [
        re.search(r'sms: "(\w+)" has no room in (\w+) .*: shorten it by (\d+), or take a', one.message) for one in found
    ]
    assert [(one[1], one[2], int(one[3])) for one in told if one] == roomless_texts
    assert len(told) == len(roomless_texts)
    assert all(Path(one.file).name == "sms.yaml" and one.line for one in found)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_help_of_a_shared_number_says_the_prefix_once_and_the_other_help_never(locale: str) -> None:
    shared = said("help", locale, prefix="EM")
    assert re.findall(r"\bEM\b", shared) == ["EM"]
    assert "EM" not in re.findall(r"\w+", said("help", locale))
    assert KEYWORDS is not None
    known = {word for entry in KEYWORDS.entries for word in entry.spelt}
    told = {fold(word) for word in re.findall(r"[A-Z]{3,}", shared)} - {"sms"}
    assert told <= known
    assert len(told) == 6


def test_a_help_that_does_not_say_the_prefix_is_a_fault_where_there_is_one() -> None:
    edition = shipped()
    menu = edition.services[SERVICE]
    wrong = dataclasses.replace(menu.service, sms={**menu.service.sms, "help_shared": "Tuma LALAMIKO"})
    broken = dataclasses.replace(edition, services={SERVICE: dataclasses.replace(menu, service=wrong)})
    assert roomless(broken, {}) == []
    (fault,) = roomless(broken, {SERVICE: "EM"})
    assert (
        fault.message == 'sms: "help_shared" does not say {prefix}: what she sends without it goes to another service'
    )
    assert fault.rule == "sms"


def test_check_fails_where_a_prefix_has_no_room_and_the_start_says_so(tmp_path: Path) -> None:
    given = {"USSD_ENGINE_VAR": str(tmp_path), "USSD_ENGINE_SMS_PREFIXES": f"{SERVICE}=MREJESHO"}
    ran = CliRunner().invoke(cli, ["check"], env=given, standalone_mode=False)
    assert ran.return_value == 1
    assert 'sms: "answered" has no room in en for the prefix "MREJESHO"' in ran.output
    config = load(given)

    async def warned() -> list[str]:
        warnings: list[str] = []
        async with open_carriers(config, shipped(), warnings):
            return warnings

    assert [" has no room in " in one for one in asyncio.run(warned())] == [True] * 4


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("prefix", ["EM", "MREJESHO"])
def test_a_text_without_a_fault_holds_the_prefix_before_every_keyword_with_its_longest_values(
    prefix: str, locale: str
) -> None:
    edition = shipped()
    menu, values = edition.services[SERVICE], Values(edition, edition.services[SERVICE])
    faulty = {
        one.message.split('"')[1] for one in roomless(edition, {SERVICE: prefix}) if f" in {locale} " in one.message
    }
    for name, msgid in menu.service.sms.items():
        if name in PREFIXED or name in PREFIXED.values():
            continue
        for plural, form in enumerate(edition.catalog.forms(locale, SERVICE, "sms", msgid)):
            whole = next(prefixed(form, KEYWORDS, prefix))
            filled = template(whole).fill(lambda slot, n=name, p=plural: _longest(values, n, slot, locale, p))  # type: ignore[misc]
            assert (gsm.measure(filled).units <= SEPTETS) or name in faulty


def test_an_sms_is_for_the_service_whose_prefix_it_has() -> None:
    edition = shipped()
    assert [Services({SERVICE: "EM"}).named(edition, text) for text in ("em hali", "EM: 1", "HALI", "")] == [
        SERVICE,
        SERVICE,
        "",
        "",
    ]
    assert Services({}).named(edition, "EM HALI") == ""
    assert Services({SERVICE: "EM"}).first(edition) == SERVICE, "where no other takes SMS, none need name it"
