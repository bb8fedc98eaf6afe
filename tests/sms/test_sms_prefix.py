"""The prefix of a number that several services share stands in the texts, and says for which service an SMS is."""

from __future__ import annotations

import pytest
from sms_edition import LANGUAGES, OURS, SERVICE, said, shipped

from ussd_engine import gsm
from ussd_engine.menu.lint.sms import _longest
from ussd_engine.menu.lint.values import Values
from ussd_engine.menu.template import template
from ussd_engine.sms.prefix import prefixed
from ussd_engine.sms.services import Services
from ussd_engine.sms.templates import SEPTETS

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


def test_with_a_short_prefix_every_shipped_text_has_room_for_one() -> None:
    """But the help in English: with its longest values it is one septet short of an SMS."""
    edition = shipped()
    menu, values, without = edition.services[SERVICE], Values(edition, edition.services[SERVICE]), []
    for name, msgid in menu.service.sms.items():
        for locale in LANGUAGES:
            for form in edition.catalog.forms(locale, SERVICE, "sms", msgid):
                *with_it, _ = prefixed(form, KEYWORDS, "EM")
                filled = [
                    template(one).fill(lambda slot, n=name, at=locale: _longest(values, n, slot, at, 0))
                    for one in with_it
                ]  # type: ignore[misc]
                if filled and all(gsm.measure(one).units > SEPTETS for one in filled):
                    without.append((name, locale))
    assert without == [("help", "en")]


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
