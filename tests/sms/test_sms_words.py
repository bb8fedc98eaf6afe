"""A notice in words: values as they are stored become what a phone shows, in each language."""

from __future__ import annotations

import re
from itertools import product

import pytest

from tests.sms.sms_edition import EXTRA, LANGUAGES, OTHER, OURS, ROOT, SERVICE, THIRD, hear, said, shipped
from ussd_engine import gsm
from ussd_engine.menu.keywords import fold
from ussd_engine.registry import WORDS
from ussd_engine.sms.templates import DATES, PREFIXED, SMS, VALUES
from ussd_engine.sms.words import lacking, sends


def test_codes_and_days_become_what_she_reads() -> None:
    values = {"ref": OURS, "institution": "UTUMISHI", "due": "2026-12-17"}
    assert said("received", **values) == (
        "Tumepokea ujumbe wako kwa UTUMISHI. Namba: 482173657.\n"
        "Majibu ifikapo 17/12/2026.\n"
        "Kufuatilia tuma HALI 482173657 kwenda 15200 au piga *152*00*9*2#"
    )
    assert said("received", "en", **values) == (
        "We received your message to Public Service. Number: 482173657.\n"
        "Answer by 17/12/2026.\n"
        "To track send STATUS 482173657 to 15200 or dial *152*00*9*2#"
    )


def test_a_line_whose_value_is_empty_is_left_out() -> None:
    found = said("received", ref=OURS, institution="TANESCO", due="")
    assert "ifikapo" not in found
    assert found.count("\n") == 1
    assert "ifikapo" not in said("received", ref=OURS, institution="TANESCO")


def test_a_status_goes_with_the_number_before_it() -> None:
    values = {"ref": OURS, "institution": "TANESCO", "status": "in_progress", "date": "2026-11-30", "due": ""}
    assert said("status", **values) == "482173657 TANESCO: Inashughulikiwa, 30/11/2026."
    assert said("status", "en", **values) == "482173657 TANESCO: In progress, 30/11/2026."


@pytest.mark.parametrize(("locale", "state"), list(product(LANGUAGES, WORDS["status"].values)))
def test_every_state_has_words(locale: str, state: str) -> None:
    assert re.fullmatch(r"482173657: \S.*, 30/11/2026\. .+", said("status_quiet", locale, **_status(state)))


def _status(state: str) -> dict[str, str]:
    return {"ref": OURS, "status": state, "date": "2026-11-30"}


def test_rows_take_one_value_after_the_other_and_stop_with_them() -> None:
    three = said("status_list", ref=f"{OURS}\n{OTHER}\n{THIRD}", status="received\nanswered\nclosed")
    assert three.split("\n")[:3] == ["482173657 Imepokelewa", "634011274 Imejibiwa", "501234567 Imefungwa"]
    one = said("status_list", ref=OURS, status="received")
    assert one == "482173657 Imepokelewa\nZote: piga *152*00*9*2#, chagua 5"
    assert said("which_ref", ref=f"{OURS}\n{OTHER}", hours="24").split("\n")[1:] == [
        f"1 {OURS}",
        f"2 {OTHER}",
        "Ulichotuma kitatunzwa kwa saa 24.",
    ]
    found = said("sms_which", "en", institution="TANESCO\nUTUMISHI", hours="24").split("\n")
    assert found[1:3] == ["1 TANESCO", "2 Public Service"]


def test_counts_have_their_plurals() -> None:
    assert "1 character." in said("finish_more", "en", n="1")
    assert "2 characters." in said("finish_more", "en", n="2")


def test_a_leader_and_the_reason_of_a_refusal_have_words() -> None:
    assert said("leader_answered", ref=OURS, level="region").startswith("Namba 482173657: Mkuu wa Mkoa amejibu.")
    assert "the Regional Commissioner has answered" in said("leader_answered", "en", ref=OURS, level="region")
    for locale, reason in product(LANGUAGES, WORDS["refusal"].values):
        assert said("appeal_refused", locale, ref=OURS, ask=reason)


def test_what_an_office_asks_is_folded_and_cut() -> None:
    found = said("need_info", ref=OURS, institution="TANESCO", ask="Tuma namba ya \u201cmita\u201d.\n")
    assert 'inaomba maelezo: Tuma namba ya "mita". Kujibu' in found
    assert gsm.culprit(said("need_info", ref=OURS, institution="TANESCO", ask="жжж")) is None


@pytest.mark.parametrize(
    ("ask", "shown"),
    [
        ("Tuma namba ya mita na risiti yako ya mwisho", "Tuma namba ya mita na risiti yako ya"),
        ("Suala hili liko mahakamani. Kulishughulikia hatuwezi", "Suala hili liko mahakamani"),
        ("Suala hili liko mahakamani... Kulishughulikia hatuwezi", "Suala hili liko mahakamani"),
        ("Suala hili linashughulikiwa na ofisi nyingine", "Suala hili linashughulikiwa na ofisi"),
        ("m" * 50, "m" * 37),
    ],
)
@pytest.mark.parametrize("locale", LANGUAGES)
def test_an_office_s_words_are_cut_behind_a_word_with_three_dots(ask: str, shown: str, locale: str) -> None:
    for template in ("need_info", "not_accepted"):
        text = said(template, locale, ref=OURS, institution="TANESCO", ask=ask)
        assert f": {shown}... " in text
        assert "...." not in text
        assert len(text) <= 160


def test_an_office_s_words_that_fit_end_as_they_end() -> None:
    for ask, shown in (("Nguzo gani?", "Nguzo gani? K"), ("Sijui.", "Sijui. K"), ("Sijui...", "Sijui. K")):
        assert f": {shown}" in said("not_accepted", ref=OURS, institution="TANESCO", ask=ask)


def test_values_are_never_read_as_placeholders() -> None:
    assert "{ref}" in said("need_info", ref=OURS, institution="TANESCO", ask="{ref}")


def test_another_language_than_those_of_the_service_is_its_own() -> None:
    assert said("added", "xx", ref=OURS) == said("added", "sw", ref=OURS)


def test_what_has_no_words_is_empty() -> None:
    assert said("added", ref="") == ""
    assert sends(shipped(), SERVICE)
    assert not sends(shipped(), "gmp")
    assert not sends(shipped(), "nowhere")


def test_settings_without_a_value_are_told_beforehand() -> None:
    assert lacking(shipped(), SERVICE, EXTRA) == set()
    assert lacking(shipped(), SERVICE, {"code": "*152*00#"}) == {"sc", "days"}


def longest(name: str, template: str) -> str:
    value = VALUES[name]
    rows = 3 if name in SMS[template].rows else 1
    one = "2026-12-17" if name in DATES else "9" * (value.longest or 9)
    if value.kind:
        one = "UTUMISHI"
    if name == "ask" and SMS[template].words:
        one = "too_early"
    if value.words:
        one = {"status": "appeal_decided", "level": "district"}[value.words]
    return "\n".join([one] * rows)


@pytest.mark.parametrize(("template", "locale"), list(product(SMS, LANGUAGES)))
def test_every_sms_fits_and_is_whole_with_all_its_values(template: str, locale: str) -> None:
    asked = {shared: name for name, shared in PREFIXED.items()}.get(template, template)
    found = said(asked, locale, **{name: longest(name, template) for name in SMS[template].values})
    assert found
    assert "{" not in found
    assert gsm.measure(found).encoding == "GSM-7"
    assert len(gsm.segments(found)) == 1


NO_KEYWORDS = {"SMS", "PIN", "TANESCO", "NIDA", "USSD", "ONGEZA"}


@pytest.mark.parametrize("locale", LANGUAGES)
def test_what_she_is_told_to_send_is_a_keyword(locale: str) -> None:
    service = shipped().services[SERVICE].service
    assert service.keywords is not None
    known = {fold(word) for entry in service.keywords.entries for words in entry.words.values() for word in words}
    for name, msgid in service.sms.items():
        words = shipped().catalog.gettext(locale, SERVICE, "sms", msgid)
        for word in re.findall(r"\b[A-Z]{3,}\b", words):
            assert fold(word) in known or word in NO_KEYWORDS, f"{name}: {word}"


def test_the_examples_in_the_texts_are_understood() -> None:
    found = hear("LALAMIKO TANESCO umeme umekatika siku 3 Mtumba")
    assert (found.value, found.institutions, found.named) == ("complaint", ("TANESCO",), True)
    found = hear("QUESTION NIDA where is my card?", "en")
    assert (found.value, found.institutions, found.text) == ("question", ("NIDA",), "where is my card")


def test_no_text_speaks_of_money() -> None:
    texts = (ROOT / "menus/emrejesho/sms.yaml").read_text()
    assert not re.search(r"\b(bure|shilingi|free)\b", texts, re.IGNORECASE)
