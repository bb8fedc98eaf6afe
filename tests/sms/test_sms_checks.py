"""Faults in a service's `sms` and `keywords` are told with file and line, and the way out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sms.sms_edition import LANGUAGES, ROOT, SERVICE, shipped
from ussd_engine.errors import Fault, MenuError
from ussd_engine.menu.answers import answers_of
from ussd_engine.menu.check import check
from ussd_engine.menu.edition import Edition, load_edition
from ussd_engine.menu.keywords import ACTIONS, check_keywords
from ussd_engine.menu.lint.said import said_in
from ussd_engine.menu.lint.sms import unfilled, unfitting, unsaid
from ussd_engine.menu.lint.values import Values
from ussd_engine.menu.lint.words import alphabet, placeholders
from ussd_engine.menu.load import load_text
from ussd_engine.menu.rules import RULES
from ussd_engine.menu.schema import read_service
from ussd_engine.menu.smsbook import check_book
from ussd_engine.model import Profile
from ussd_engine.sms.templates import SMS

FILE = "menus/emrejesho/sms.yaml"
PO = "locales/en/LC_MESSAGES/emrejesho.po"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is shipped, without its transcripts."""
    root = tmp_path_factory.mktemp("menus")
    for name in ("menus", "locales"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("transcripts"))
    return root


def faults(root: Path, old: str, new: str, file: str = FILE) -> list[str]:
    """What the proofs of SMS say of the shipped menus with one edit; a text that was edited lacks its translation."""
    path = root / file
    before = path.read_text()
    assert before.count(old) == 1, old
    path.write_text(before.replace(old, new))
    try:
        found = proven(load_edition(root / "menus", root / "locales", {"*152*00#": "gmp"}, shipped().country))
    except MenuError as error:
        found = error.faults
    finally:
        path.write_text(before)
    return [f"{Path(one.file).name}: {one.message} [{one.rule}]" for one in found]


def proven(edition: Edition) -> list[Fault]:
    """The proofs of the service that are about SMS."""
    menu = edition.services[SERVICE]
    said = [one for one in said_in(menu.service, edition.nodes[SERVICE]) if one.role == "sms"]
    values = Values(edition, menu)
    found = [*alphabet(said), *placeholders(menu, said, values), *unsaid(menu)]
    return [*found, *unfitting(edition, menu, values), *unfilled(edition, menu)]


CASES = [
    # what there is to say
    (
        "  added: ",
        "  aded: ",
        ['the engine sends no "aded" (did you mean "added"?) [sms]', 'sms: no words for "added"'],
    ),
    ("namba {ref}. Asante.", "namba {reff}. Asante.", ['sms: added: {reff} has no value here (did you mean "ref"?)']),
    ("namba {ref}. Asante.", "namba {institution}. Asante.", ["sms: added: {institution} has no value here"]),
    ("namba {ref}. Asante.", "namba {ref.name}. Asante.", ["sms: added: {ref.name} has no value here"]),
    ("maelezo kwenye namba {ref}.", "maelezo ŵ kwenye namba {ref}.", ["'ŵ' (U+0175) is outside the GSM alphabet"]),
    (
        "Tumeongeza maelezo kwenye namba {ref}. Asante.",
        f"Tumeongeza {'maelezo ' * 18}{{ref}}. Asante.",
        ['sms: "added" does not fit in sw: 205 of 160 septets with the longest values: shorten it by 45 [fits]'],
    ),
    (
        "Tumeongeza maelezo kwenye namba {ref}. Asante.",
        f"Tumeongeza {'maelezo ' * 16}{{code}} {{sc}} {{ref}}.",
        ['sms: "added" does not fit in sw: 201 of 160 septets'],
    ),
    (
        "Tumeongeza maelezo kwenye namba {ref}. Asante.",
        f"Tumeongeza {'maelezo ' * 14}{{ref}}.",  # it fits alone, and not below the warning
        ['sms: "added" does not fit in sw: 165 of 160 septets with the longest values: shorten it by 5 [fits]'],
    ),
    (
        "Ujumbe namba {ref} bado haujajibiwa.\n    Majibu ifikapo {due}.\n    Kufuatilia tuma HALI {ref} kwenda {sc}",
        "Majibu ifikapo {due}.",
        ['sms: of "no_answer" nothing is left where {due} is empty [sms]'],
    ),
    (
        "    never: ujumbe huu hauna rufaa\n",
        "",
        ['sms: "appeal_refused": words.refusal has no words for "never" [words]'],
    ),
    # keywords
    (
        "KERO]",
        "KERO, MAONI]",
        ['"MAONI" of "form opinion" stands for "form complaint" already (menus/emrejesho/sms.yaml:'],
    ),
    (
        "[LALAMIKO, MALALAMIKO, LALAMIKA, KERO]",
        "[K, KERO]",
        ['"K" is no keyword: 2 to 12 letters, without digits and blanks'],
    ),
    ("[LALAMIKO, MALALAMIKO, LALAMIKA, KERO]", '["15", KERO]', ['"15" is no keyword']),
    ("[LALAMIKO, MALALAMIKO, LALAMIKA, KERO]", "[TAARIFA YA HATARI, KERO]", ['"TAARIFA YA HATARI" is no keyword']),
    ("[LALAMIKO, MALALAMIKO, LALAMIKA, KERO]", "[LALAMIKOLALAMIKO, KERO]", ['"LALAMIKOLALAMIKO" is no keyword']),
    ("    en: [COMPLAINT, COMPLAIN]\n", "", ['"form complaint" has no words in "en": give them, or write en: []']),
    ("    en: [COMPLAINT, COMPLAIN]\n", "    en: []\n", []),
    ("    en: [COMPLAINT, COMPLAIN]\n", "    en: []\n    fr: [PLAINTE]\n", ['"fr" is no language of the service']),
    ("form complaint:", "form complain:", ['form "complain" does not exist (did you mean "complaint"?)']),
    ("language en:", "language fr:", ['language "fr" does not exist']),
    (
        "  leak: {sw",
        "  leek: {sw",
        ['"leek" is nothing that an SMS can ask for (did you mean "leak"?)'],
    ),
    (
        "{nature: other,",
        "{natures: other,",
        ['answer "natures" does not exist (did you mean "nature"?)'],
    ),
    ("{nature: other,", "{nature: others,", ['nature: value "others" does not exist (did you mean "other"?)']),
    ("{nature: other,", "{", ['"form complaint": the form asks "nature", which no SMS gives: answer it under set']),
    (
        "{nature: other, identity: confidential}",
        "{nature: other, identity: anonymous}",
        ['"form complaint": what comes by SMS is confidential: set identity to that'],
    ),
    (
        "{nature: other, identity: confidential}",
        "{nature: other, identity: named}",
        ['"form complaint": what comes by SMS is confidential: set identity to that'],
    ),
    ("everyday: [MUST,", "everyday: [MUSTA,", ['keywords: everyday: "MUSTA" names no institution: leave it out']),
    ('  short: ["NO"]', '  short: ["NO", HALI]', ['keywords: short: "HALI" is no rating']),
    ("beside: [KUTUMA,", "besides: [KUTUMA,", ['"besides" is no language']),
    ('identity: confidential, sure: "yes"', "identity: confidential", ['the form asks "leader_confirm"']),
    ("    save: {region: region}\n", "", ['"form leader": the form asks "region_office", which no SMS gives']),
    ("save: {region: region}", "save: {region: regions}", ['an institution has no "regions" (did you mean "region"?)']),
    (
        "{ministry: {level",
        "{ministery: {level",
        ['no institution is of the kind "ministery" (did you mean "ministry"?)'],
    ),
    ("  leak: {sw: [SIRI]", "  leak: {set: {type: complaint}, sw: [SIRI]", ['"leak": only a form has "set"']),
    ("  drop: [TUMA, SEND, SIRI]", "  drop: TUMA", ["a list is expected, here is a text [shape]"]),
    ('en: ["NO"]', "en: [NO]", ['NO: write it in quotes, as "NO" [quotes]']),
]


@pytest.mark.parametrize(
    ("old", "new", "wanted"), CASES, ids=[f"{number} {case[1][:30]!r}" for number, case in enumerate(CASES)]
)
def test_a_fault_is_told_with_its_place(whole: Path, old: str, new: str, wanted: list[str]) -> None:
    found = faults(whole, old, new)
    for words in wanted:
        assert any(words in one for one in found), found
    assert bool(found) is bool(wanted)
    assert all(one.startswith("sms.yaml: ") for one in found)


def test_a_translation_that_does_not_fit_is_told_in_its_language(whole: Path) -> None:
    words = 'msgid "Tumeongeza maelezo kwenye namba {ref}. Asante."\nmsgstr "Your details were added to {ref}.'
    entry = f'msgctxt "sms"\n{words}'
    found = faults(whole, entry, f"{entry}{' Thank you.' * 12}", PO)
    assert len(found) == 1
    assert 'sms: "added" does not fit in en: ' in found[0]


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_of_the_engine_must_be_there(action: str) -> None:
    keywords = shipped().services[SERVICE].service.keywords
    assert keywords is not None
    fewer = keywords._replace(entries=tuple(one for one in keywords.entries if one.name != action), short=frozenset())
    faults: list[Fault] = []
    menu = shipped().services[SERVICE]
    check_keywords(fewer, LANGUAGES, menu.plans, answers_of(menu.service), faults)
    assert [one.message for one in faults] == [
        f'keywords: nothing for "{action}": give their words, or none ({action}: {{sw: [], en: []}})'
    ]
    assert faults[0].line == keywords.place.line


@pytest.mark.parametrize("template", SMS)
def test_every_sms_of_the_engine_must_have_words(template: str) -> None:
    service = shipped().services[SERVICE].service
    faults: list[Fault] = []
    check_book({name: words for name, words in service.sms.items() if name != template}, service.places, faults)
    assert [one.message for one in faults] == [f'sms: no words for "{template}", which the engine may have to send']


@pytest.mark.parametrize("section", ["sms", "keywords"])
def test_a_service_without_a_section_is_whole(tmp_path: Path, whole: Path, section: str) -> None:
    """Without words none is sent, without keywords none is taken."""
    root = tmp_path / "root"
    shutil.copytree(whole, root)
    data = yaml.safe_load((root / FILE).read_text())
    del data[section]
    (root / FILE).write_text(yaml.safe_dump(data, allow_unicode=True))
    found = check(root / "menus", root / "locales", {"*152*00#": "gmp"}, shipped().country, {"ussd": Profile()})
    assert {one.rule for one in found} <= {"translation unused"}


SECTIONS = (ROOT / FILE).read_text()
CUTS = st.tuples(st.integers(0, len(SECTIONS) - 1), st.integers(0, 12), st.sampled_from([*":{[\t&0.", "", "- "]))


@settings(max_examples=150)
@given(CUTS)
def test_a_file_cut_anywhere_is_read_or_refused(cut: tuple[int, int, str]) -> None:
    at, length, put = cut
    faults: list[Fault] = []
    try:
        service = read_service([load_text(SECTIONS[:at] + put + SECTIONS[at + length :], "sms.yaml")], faults)
        check_book(service.sms, service.places, faults)
        if service.keywords:
            check_keywords(service.keywords, LANGUAGES, ("complaint",), {}, faults)
    except MenuError as error:
        faults = error.faults
    assert all(fault.file == "sms.yaml" and fault.rule in RULES and fault.line > 0 for fault in faults)
