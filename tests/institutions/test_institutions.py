from pathlib import Path

import pytest

from ussd_engine.institutions import Institutions

TOPICS = {
    "water": ("DUWASA", "RUWASA", "MTUWASA"),
    "power": ("TANESCO", "TANESCO", "TANESCO"),
    "police": ("POLISI", "POLISI", "POLISI"),
    "tax": ("TRA", "TRA", "TRA"),
    "jobs": ("UTUMISHI", "UTUMISHI", "UTUMISHI"),
    "transport": ("LATRA", "LATRA", "LATRA"),
    "telecom": ("TCRA", "TCRA", "TCRA"),
    "health": None,
    "education": None,
    "land": None,
    "roads": None,
    "documents": None,
    "pension": None,
    "farming": None,
    "other": None,
}


def test_the_shipped_files_hold_all_public_institutions(institutions: Institutions) -> None:
    assert len(institutions) == 467
    assert len(institutions.of_kind("ministry")) == 27
    assert len(institutions.regions()) == 26
    assert sum(len(institutions.councils(region)) for region in institutions.regions()) == 184
    assert all(institutions.councils(region) for region in institutions.regions())


def test_a_row_shows_its_names_by_language(institutions: Institutions) -> None:
    row = institutions.get("MAJI")
    assert row is not None
    assert (row.name("sw"), row.name("en")) == ("Wizara ya Maji", "Ministry of Water")
    assert (row.short("sw"), row.short("en")) == ("Maji", "Water")
    assert (row.name("fr"), row.short("fr")) == ("Wizara ya Maji", "Maji")


def test_a_row_without_a_short_name_in_a_language_shows_the_common_one(institutions: Institutions) -> None:
    row = institutions.get("TANESCO")
    assert row is not None
    assert row.short("en") == row.short("sw") == "TANESCO"


def test_unknown_codes_kinds_and_places_give_nothing(institutions: Institutions) -> None:
    assert institutions.get("NOBODY") is None
    assert institutions.of_kind("nothing") == institutions.children("NOBODY") == institutions.councils("Atlantis") == ()
    assert institutions.secretariat("Atlantis") is None


def test_the_bodies_of_a_ministry_are_no_regions_and_no_councils(institutions: Institutions) -> None:
    bodies = institutions.children("TAMISEMI")
    assert {"TARURA", "DART", "TSC"} <= {row.code for row in bodies}
    assert all(row.parent == "TAMISEMI" for row in bodies)
    assert not any(row.code.startswith(("RS-", "LGA-")) for row in bodies)
    assert institutions.children("RS-DODOMA") == ()


def test_regions_and_councils_come_in_the_order_of_the_file(institutions: Institutions) -> None:
    assert institutions.regions()[:3] == ("Arusha", "Dar es Salaam", "Dodoma")
    assert [row.short("sw") for row in institutions.councils("Dodoma")][:3] == ["Dodoma CC", "Kondoa TC", "Bahi DC"]


def test_lists_are_the_same_objects_at_every_request(institutions: Institutions) -> None:
    assert institutions.of_kind("ministry") is institutions.of_kind("ministry")
    assert institutions.children("MAJI") is institutions.children("MAJI")
    assert institutions.councils("Dodoma") is institutions.councils("Dodoma")
    assert institutions.regions() is institutions.regions()


def test_every_topic_is_known(institutions: Institutions) -> None:
    assert institutions.topics == set(TOPICS)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_proposes_an_institution_only_where_it_is_sure(institutions: Institutions, topic: str) -> None:
    proposed = [institutions.propose(topic, region) for region in ("Dodoma", "Simiyu", "Mtwara")]
    assert [row and row.code for row in proposed] == list(TOPICS[topic] or (None, None, None))


def test_an_unknown_topic_or_region_proposes_what_needs_no_region(institutions: Institutions) -> None:
    power, water = institutions.propose("power", ""), institutions.propose("water", "Atlantis")
    assert power is institutions.get("TANESCO")
    assert water is institutions.get("RUWASA")
    assert institutions.propose("nothing", "Dodoma") is None


def test_the_desk_is_the_regions_secretariat_or_the_last_desk(institutions: Institutions) -> None:
    assert institutions.desk("Dodoma").code == "RS-DODOMA"
    assert institutions.secretariat("Dodoma") is institutions.desk("Dodoma")
    assert institutions.desk("Atlantis").code == institutions.desk("").code == "UTUMISHI"


def test_every_ladder_of_parents_ends_within_three_steps(institutions: Institutions) -> None:
    for code in institutions.addressees:
        row, steps = institutions.get(code), 0
        while row and row.parent:
            row, steps = institutions.get(row.parent), steps + 1
        assert steps <= 3


def test_another_country_needs_no_code(small: Path) -> None:
    other = Institutions.load(small)
    assert other.regions() == ("North", "South")
    assert [row.code for row in other.councils("North")] == ["NORTHTOWN", "NORTHMERE"]
    assert next(row.code for row in other.search("tap south", "en")) == "SOUTHPIPES"
    assert [row.code for row in other.search("queen", "en")] == ["CROWN"]
    assert [row.code for row in other.search("borough up", "en")] == ["NORTHTOWN", "NORTHMERE"]
    pipes, ministry = other.propose("water", "South"), other.propose("water", "North")
    assert pipes is other.get("SOUTHPIPES")
    assert ministry is other.get("WATER")
    assert other.desk("North").code == "NORTH"
    assert other.desk("West").code == "CROWN"


def test_a_country_without_regions_has_one_desk(small: Path) -> None:
    (small / "institutions.csv").write_text("code,kind,name_en,short,region,parent\nCROWN,office,The Crown,Crown,,\n")
    (small / "roles.csv").write_text("role,kind,code\ndesk,,CROWN\n")
    for name in ("topics.csv", "aliases.csv", "stopwords.csv"):
        header = (small / name).read_text().splitlines()[0]
        (small / name).write_text(header + "\n")
    other = Institutions.load(small)
    assert other.regions() == ()
    assert other.desk("").code == "CROWN"


def test_the_version_changes_with_any_of_the_files(small: Path) -> None:
    versions = {Institutions.load(small).version}
    for path in sorted(small.iterdir()):
        path.write_text(path.read_text() + "\n")
        versions.add(Institutions.load(small).version)
    assert len(versions) == 6
    assert Institutions.load(small).version in versions
