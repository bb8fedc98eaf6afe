"""What an SMS says: keywords of both languages, references as they are typed, institutions, slips, sentences."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sms.sms_edition import LANGUAGES, OTHER, OURS, SERVICE, THIRD, UNLIKE_OURS, ear, hear, lines, shipped
from ussd_engine.sms.keywords import CHOICE, PLAIN, Heard, answers
from ussd_engine.sms.talk import Act, AskBack, Kind, Open, State, decide

KEYWORDS = shipped().services[SERVICE].service.keywords
assert KEYWORDS is not None
WORDS = [(entry, locale, word) for entry in KEYWORDS.entries for locale, words in entry.words.items() for word in words]


def named(heard: Heard) -> str:
    return f"{heard.action} {heard.value}".strip()


# the keywords


@pytest.mark.parametrize(("entry", "locale", "word"), WORDS, ids=[word for _, _, word in WORDS])
def test_every_keyword_is_heard_in_any_case_and_among_signs(entry: object, locale: str, word: str) -> None:
    for spelt in (word, word.lower(), word.capitalize(), f"  {word}. ", f'"{word}"', f"*{word}*", f"{word}!!"):
        found = hear(spelt)
        assert (named(found), found.locale, found.sure) == (entry.name, locale, True)  # type: ignore[attr-defined]


def test_words_before_a_keyword_are_dropped_and_double_blanks_mean_nothing() -> None:
    for text in ("TUMA HALI 482173657", "send  hali   482173657", "Siri HALI 482173657", "tuma SIRI hali 482173657"):
        assert (named(hear(text)), hear(text).reference) == ("status", OURS)
    assert named(hear("SIRI LALAMIKO TANESCO hakuna umeme siku tatu")) == "form complaint"
    assert named(hear(f"SIRI {OURS} afisa amenitaja")) == "leak"
    assert named(hear("TUMA")) == "send"


def test_a_prefix_for_a_shared_number_is_dropped_and_may_be_missing() -> None:
    for text in ("EM HALI 482173657", "em hali 482173657", "HALI 482173657"):
        assert (named(hear(text, prefix="EM")), hear(text, prefix="EM").reference) == ("status", OURS)
    assert named(hear("EM LALAMIKO TRA wanadai kodi mara mbili", prefix="EM")) == "form complaint"
    assert hear("EM 2", prefix="EM").value == "2"
    assert named(hear("EM HALI")) == PLAIN


def test_a_small_number_is_a_choice() -> None:
    for text in ("1", " 2. ", "3!", "namba 2", "(1)"):
        assert hear(text).action == CHOICE
    for text in ("4", "12", "0", "1 na 2", "nyumba 2"):
        assert hear(text).action == PLAIN


# references


@pytest.mark.parametrize(
    "typed",
    ["482173657", "482 173 657", "482-173-657", "4 8 2 1 7 3 6 5 7", "482  173  657", "namba 482173657", "482173657."],
)
@pytest.mark.parametrize("keyword", ["HALI ", "JIBU ", "NDIYO ", "ONDOA ", "STATUS ", "RUFAA: ", "no ", ""])
def test_a_reference_is_read_as_people_type_it(keyword: str, typed: str) -> None:
    found = hear(keyword + typed)
    assert (found.reference, found.wrong, found.sure) == (OURS, False, True)


def test_the_letter_o_is_a_nought_and_a_keyword_may_stick_to_its_number() -> None:
    assert hear("HALI 5O1234567").reference == "501234567"
    assert hear("HALI482173657").reference == OURS


@pytest.mark.parametrize("typed", [UNLIKE_OURS, "48217365", "4821736577", "0712345678", "255700000001"])
def test_what_should_be_a_reference_and_is_none_is_told(typed: str) -> None:
    for keyword in ("HALI ", "NDIYO ", "ONDOA ", "JIBU ", ""):
        found = hear(keyword + typed)
        assert found.wrong
        assert isinstance(decide(found, State()), AskBack)
        assert decide(found, State()).template == "unknown_ref"  # type: ignore[union-attr]


@pytest.mark.parametrize("typed", ["EMR-2026-48213", "emr 2026 48213", "EMR/2026/48213", "emr2026-48213"])
def test_the_reference_of_the_core_is_kept(typed: str) -> None:
    found = hear(f"HALI {typed}")
    assert (found.core_reference, found.reference, found.wrong) == ("EMR-2026-48213", "", False)
    assert hear(typed).core_reference == "EMR-2026-48213"


def test_the_words_around_a_reference_are_kept() -> None:
    assert hear(f"ONGEZA {OURS} mita yangu ni 24411").text == "mita yangu ni 24411"
    assert hear(f"ONGEZA kwenye {OURS}: mita yangu ni 24411").text == "kwenye mita yangu ni 24411"
    assert hear("ONGEZA mita 0712345678 ni yangu").text == "mita 0712345678 ni yangu"


def test_an_unknown_first_word_with_a_reference_asks_for_its_status() -> None:
    found = hear(f"Naomba kujua {OURS} imefikia wapi")
    assert (named(found), found.reference, found.guessed) == ("status", OURS, True)
    assert hear(f"Naomba kujua {UNLIKE_OURS} imefikia wapi").action == PLAIN


def test_an_answer_with_words_behind_it_adds_them() -> None:
    assert named(hear(f"JIBU {OURS}")) == "read"
    assert named(hear(f"JIBU {OURS} asante")) == "read"
    assert (named(hear(f"JIBU {OURS} nimetuma risiti")), hear(f"JIBU {OURS} nimetuma risiti").text) == (
        "add",
        "nimetuma risiti",
    )
    assert named(hear("JIBU nimetuma risiti")) == "add"


@pytest.mark.parametrize("word", ["ACHA", "STOP", "CANCEL", "SITISHA"])
def test_a_stop_word_with_a_reference_may_mean_either(word: str) -> None:
    decided = decide(hear(f"{word} {OURS}"), State(cases=(OURS,)))
    assert isinstance(decided, AskBack)
    assert decided.template == "withdraw_which"


@pytest.mark.parametrize(
    ("typed", "core"),
    [
        ("638344", "638344"),
        ("CMP-12345", "CMP-12345"),
        ("cmp 12345", "CMP-12345"),
        ("EMR202648213", "EMR-2026-48213"),
        ("EMR-2O26-48213", "EMR-2026-48213"),
        ("emr 2026 48213", "EMR-2026-48213"),
    ],
)
def test_a_reference_of_the_core_is_known_by_her_cases_whatever_its_shape(typed: str, core: str) -> None:
    cores = ["638344", "CMP-12345", "emr-2026-48213"]
    for keyword, action in (("HALI ", "status"), ("JIBU ", "read"), ("ONDOA namba ", "withdraw"), ("", "status")):
        found = ear().hear(keyword + typed, "sw", cores)
        assert (named(found), found.core_reference, found.sure) == (action, core, True)
    added = ear().hear(f"ONGEZA {typed} mita ni 24411", "sw", cores)
    assert (added.core_reference, added.text) == (core, "mita ni 24411")
    assert ear().hear("ONGEZA nyumba namba 12 mtaa wa pili", "sw", ["12"]).core_reference == ""
    assert ear().hear(f"HALI {typed}9", "sw", cores).core_reference not in map(str.upper, cores)


@pytest.mark.parametrize("text", ["ACHA SMS", "acha kunitumia ujumbe", "Stop sending me messages", "ACHA asante"])
def test_stopping_is_understood_in_a_short_sentence(text: str) -> None:
    assert named(hear(text)) == "stop"


@pytest.mark.parametrize("text", ["Hali ya lalamiko langu", "status of my complaint", "HALI tafadhali"])
def test_asking_for_a_status_is_understood_in_a_short_sentence(text: str) -> None:
    assert named(hear(text)) == "status"


# a new message

SPLIT = """
LALAMIKO TANESCO umeme umekatika siku 3 Mtumba     | TANESCO      | umeme umekatika siku 3 Mtumba
lalamiko kwa tanesco: umeme umekatika siku tatu    | TANESCO      | umeme umekatika siku tatu
KERO Bahi DC barabara ya kijiji haipitiki          | LGA-BAHI-DC  | barabara ya kijiji haipitiki
KERO halmashauri ya wilaya ya Bahi barabara mbovu  | LGA-BAHI-DC  | barabara mbovu
KERO halmashauri ya bahi barabara mbovu            | LGA-BAHI-DC  | barabara mbovu
KERO kwa wilaya ya bahi: barabara mbovu            | LGA-BAHI-DC  | barabara mbovu
KERO jiji la Dodoma taka hazizolewi                | LGA-DODOMA-CC | taka hazizolewi
KERO mkoa wa Dodoma umesahau barabara yetu         | RS-DODOMA    | umesahau barabara yetu
COMPLAINT Bahi district has not paid us            | LGA-BAHI-DC  | has not paid us
KERO hospitali ya Mirembe hakuna dawa              | MIREMBE      | hakuna dawa
KERO hospitali ya bahi hakuna dawa                 | ?LGA-BAHI-DC | hospitali ya bahi hakuna dawa
KERO hospitali ya wilaya ya bahi hakuna dawa       | ?LGA-BAHI-DC | hospitali ya wilaya ya bahi hakuna dawa
KERO hospitali ya mkoa wa Dodoma hakuna dawa       | ?RS-DODOMA   | hospitali ya mkoa wa Dodoma hakuna dawa
KERO Habari, naitwa Juma. TANESCO hawaji kwetu     | ?HABARI TANESCO | Habari, naitwa Juma. TANESCO hawaji kwetu
KERO hospitali ya mkapa hakuna dawa                | ?BMH         | hospitali ya mkapa hakuna dawa
KERO shule za bahi hazina walimu                   | ?LGA-BAHI-DC | shule za bahi hazina walimu
KERO halmashauri ya geita barabara mbovu           | ?LGA-GEITA-MC LGA-GEITA-DC | halmashauri ya geita barabara mbovu
lalamiko wizara ya elimu walimu hawatoshi shuleni  | ELIMU        | walimu hawatoshi shuleni
COMPLAINT Ministry of Health no doctors here       | AFYA         | no doctors here
COMPLAINT to the Public Service nobody answers us  | UTUMISHI     | nobody answers us
lalamiko maji Dodoma bomba limepasuka wiki nzima   | DUWASA       | maji Dodoma bomba limepasuka wiki nzima
SWALI bima ya afya kadi yangu haifanyi kazi        | NHIF         | bima ya afya kadi yangu haifanyi kazi
MAONI cheti cha kuzaliwa kitolewe shuleni          | RITA         | cheti cha kuzaliwa kitolewe shuleni
kero umeme umekatika siku tatu                     | ?TANESCO REA | umeme umekatika siku tatu
KERO ya maji mtaani kwetu ni kubwa                 | ?RUWASA MAJI | ya maji mtaani kwetu ni kubwa
KERO TANESKO hakuna umeme siku tatu                | ?TANESCO     | TANESKO hakuna umeme siku tatu
LALAMIKO Kondoa barabara mbovu sana                | ?LGA-KONDOA-TC LGA-KONDOA-DC | Kondoa barabara mbovu sana
Nauliza kadi yangu ya NIDA iko wapi                | ?NIDA        | kadi yangu ya NIDA iko wapi
KERO basi tu nimechoka nayo                        | ?LATRA       | basi tu nimechoka nayo
KIONGOZI Dodoma barabara ya mtaani haipitiki       | RS-DODOMA    | Dodoma barabara ya mtaani haipitiki
KIONGOZI mkuu wa mkoa Dodoma barabara haipitiki    | RS-DODOMA    | barabara haipitiki
KIONGOZI waziri wa afya dawa hakuna hospitalini    | AFYA         | afya dawa hakuna hospitalini
LEADER Minister of Health no medicine in hospital  | AFYA         | Health no medicine in hospital
KIONGOZI TANESCO umeme umekatika siku tatu         | ?            | TANESCO umeme umekatika siku tatu
MAONI yangu ni kwamba barabara ijengwe             | ?            | yangu ni kwamba barabara ijengwe
COMPLAINT must we bribe to get water               | ?MUST        | must we bribe to get water
COMPLAINT MUST WE BRIBE TO GET WATER               | ?MUST        | MUST WE BRIBE TO GET WATER
COMPLAINT MUST charges us twice                    | MUST         | charges us twice
KERO taa za barabarani haziwaki                    | ?TAA         | taa za barabarani haziwaki
Kero Taa za barabarani haziwaki                    | ?TAA         | Taa za barabarani haziwaki
KERO TAA uwanja wa ndege ni mchafu                 | TAA          | uwanja wa ndege ni mchafu
COMPLAINT out of stock medicines                   | ?OUT         | out of stock medicines
OPINION tea farmers should be paid in time         | ?TEA         | tea farmers should be paid in time
LALAMIKO tia maji kwenye mabomba yetu              | ?TIA         | tia maji kwenye mabomba yetu
KERO pura ya kijiji imefungwa na afisa             | ?PURA        | pura ya kijiji imefungwa na afisa
PONGEZI NIDA kwa huduma nzuri sana                 | NIDA         | kwa huduma nzuri sana
LALAMIKO NIDA na TRA wananizungusha                | NIDA         | na TRA wananizungusha
KERO umeme wa mtaani haupo                         | ?TANESCO REA | umeme wa mtaani haupo
SWALI RITA cheti changu kiko wapi                  | RITA         | cheti changu kiko wapi
lalamiko tanesco umeme umekatika siku tatu         | TANESCO      | umeme umekatika siku tatu
COMPLAINT nobody must pay to get out of here       | ?            | nobody must pay to get out of here
LALAMIKO TANESCO                                   | TANESCO      |
"""


@pytest.mark.parametrize("row", SPLIT.strip().splitlines())
def test_the_institution_is_read_from_the_front_and_nothing_of_the_message_is_lost(row: str) -> None:
    text, codes, message = (cell.strip() for cell in row.split("|"))
    found = hear(text)
    assert found.named is not codes.startswith("?")
    wanted = codes.lstrip("?").split()
    assert list(found.institutions[: len(wanted)]) == wanted or set(wanted) <= set(found.institutions)
    assert len(found.institutions) <= 3
    assert bool(found.institutions) is bool(wanted)
    assert found.text == message
    decided = decide(found, State())
    assert isinstance(decided, Act) is (found.named and bool(message))
    assert isinstance(decided, Act) or decided.holds  # type: ignore[union-attr]


def test_a_name_in_the_other_language_is_understood() -> None:
    for locale in LANGUAGES:
        assert hear("QUESTION Public Service when is the exam", locale).institutions[0] == "UTUMISHI"


def test_what_a_form_takes_for_granted_comes_with_it() -> None:
    entry = hear("LALAMIKO TANESCO umeme umekatika siku tatu").entry
    assert entry is not None
    assert entry.set == {"nature": "other", "identity": "confidential"}


FORMS = [
    ("LALAMIKO TANESCO umeme umekatika siku tatu", "TANESCO"),
    ("MAONI NIDA waongeze vituo vijijini", "NIDA"),
    ("SWALI NIDA kadi yangu iko wapi", "NIDA"),
    ("PONGEZI DART mabasi yanafika kwa wakati", "DART"),
    ("KIONGOZI Dodoma barabara ya mtaani haipitiki", "RS-DODOMA"),
    ("KIONGOZI waziri wa afya dawa hakuna hospitalini", "AFYA"),
]


@pytest.mark.parametrize(("text", "code"), FORMS)
def test_what_came_leads_the_form_to_its_last_look(text: str, code: str) -> None:
    found, row = hear(text), shipped().data[SERVICE].get(code)
    assert row is not None
    plan = shipped().services[SERVICE].plans[found.value]
    given = {**plan.sets, **answers(found, row)}
    assert given["institution"] == code
    assert given["identity"] == "confidential"
    first = plan.first_unanswered(given.get, given)
    assert first is not None
    assert plan.items[first].name == "review"


def test_a_form_keyword_with_nothing_but_a_reference_asks_for_its_status() -> None:
    assert (named(hear(f"LALAMIKO {OURS}")), hear(f"LALAMIKO {OURS}").reference) == ("status", OURS)
    assert hear(f"LALAMIKO {OURS} bado halijajibiwa").text == f"{OURS} bado halijajibiwa"


# slips

MISSPELT = [tuple(line.split(": ", 1)) for line in lines("misspelt.txt")]
SENTENCES = lines("sentences.txt")
MOST_QUESTIONS = 20
NOTHING = State(cases=(OURS, OTHER), answered=(OURS,))
OPEN = {
    "an answer to rate": State(open=(Open(id=b"r", kind=Kind.RATE, reference=OURS),), cases=(OURS,)),
    "which case": State(open=(Open(id=b"w", kind=Kind.WHICH, offered=(OURS, OTHER)),), cases=(OURS, OTHER)),
    "several": State(
        open=(
            Open(id=b"r", kind=Kind.RATE, reference=OURS),
            Open(id=b"s", kind=Kind.RATE, reference=OTHER),
            Open(id=b"a", kind=Kind.ASKED, reference=THIRD),
        ),
        cases=(OURS, OTHER, THIRD),
    ),
}


def test_there_are_enough_of_both() -> None:
    assert len({text for _, text in MISSPELT}) >= 100
    assert len(set(SENTENCES)) >= 100
    known = {word.casefold() for _, _, word in WORDS}
    assert not [text for _, text in MISSPELT if text.split()[0].casefold() in known]


def test_misspelt_keywords_are_understood_and_none_does_anything_else() -> None:
    asked, wrong = [], []
    for wanted, text in MISSPELT:
        decided = decide(hear(text), NOTHING)
        if isinstance(decided, Act):
            heard = decided.heard
            if named(heard) != wanted or (OURS in text and decided.reference != OURS):
                wrong.append(text)
        else:
            asked.append(text)
    assert wrong == []
    assert len(asked) <= 2


def test_ordinary_sentences_do_nothing_and_few_bring_a_question_back() -> None:
    decided = {text: decide(hear(text), NOTHING) for text in SENTENCES}
    assert [text for text, one in decided.items() if isinstance(one, Act)] == []
    asked = [text for text, one in decided.items() if isinstance(one, AskBack)]
    misspelt = [text for _, text in MISSPELT if isinstance(decide(hear(text), NOTHING), AskBack)]
    assert len(asked) + len(misspelt) <= MOST_QUESTIONS


@pytest.mark.parametrize("state", OPEN)
def test_an_ordinary_sentence_is_never_a_choice_or_a_rating(state: str) -> None:
    assert [text for text in SENTENCES if isinstance(decide(hear(text), OPEN[state]), Act)] == []


@pytest.mark.parametrize("kind", [Kind.ASKED, Kind.TEXT])
def test_an_ordinary_sentence_answers_what_wants_words(kind: Kind) -> None:
    """A sentence that begins with another keyword may be asked about; nothing else is done with any."""
    state = State(open=(Open(id=b"a", kind=kind, reference=OURS if kind is Kind.ASKED else ""),), cases=(OURS,))
    decided = [decide(hear(text), state) for text in SENTENCES]
    acts = [one for one in decided if isinstance(one, Act)]
    assert {one.name for one in acts} == {"add" if kind is Kind.ASKED else "continue"}
    assert all(one.open == state.open[0] for one in acts)
    assert len(acts) > 100


ANYTHING = st.text(st.sampled_from([*"abo hHALIJBU0123456789 -/.'\n", "é", "ж", "\x00", "\U0001f600"]), max_size=60)


@settings(max_examples=300)
@given(st.one_of(ANYTHING, st.text(max_size=40)), st.sampled_from(["", "HALI ", "LALAMIKO ", "JIBU ", "ACHA "]))
def test_whatever_comes_is_heard(text: str, keyword: str) -> None:
    found = hear(keyword + text)
    for state in (State(), NOTHING, *OPEN.values()):
        decide(found, state)
