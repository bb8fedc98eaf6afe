import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine.institutions import Institution, Institutions
from ussd_engine.roster import Roster
from ussd_engine.search import CANDIDATES, Index

PIECES = ("maji", "dodoma", "dc", "ya", "tume", "hospitali", "bahi", "umeme", "x", "1", "taifa", "dar", "es", "salaam")


def codes(institutions: Institutions, typed: str, locale: str = "sw") -> list[str]:
    return [row.code for row in institutions.search(typed, locale)]


def hundred_names(institutions: Institutions) -> list[tuple[str, str]]:
    """Short names and names of councils of five letters or more, each with its row; some of every kind."""
    rows = [row for kind in sorted(institutions.addressees) for row in institutions.of_kind(kind)]
    councils = [(row.short("sw").rsplit(" ", 1)[0], row.code) for row in rows if row.code.startswith("LGA-")]
    councils = [(name, code) for name, code in councils if " " not in name]
    others = [(row.short("sw"), row.code) for row in rows if not row.code.startswith(("LGA-", "RS-"))]
    long = [[each for each in names if len(each[0]) >= 5] for names in (others, councils)]
    return [each for names in long for each in names[:: len(names) // 50][:50]]


def slips(word: str, at: int) -> list[str]:
    letter = "x" if word[at] != "x" else "q"
    return [
        word[:at] + letter + word[at:],
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
    ]


def test_one_slip_anywhere_in_a_hundred_names_still_finds_the_row(institutions: Institutions) -> None:
    names = hundred_names(institutions)
    others = {"uwasa"}  # RUWASA without its first letter is what four other bodies are called
    assert len(names) == 100
    missed = [
        (slip, name)
        for name, code in names
        for at in range(len(name))
        for slip in slips(name, at)
        if slip.lower() not in others and code not in codes(institutions, slip)
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("TANESCO", "TANESCO"),
        ("tanesco", "TANESCO"),
        ("tan esco", "TANESCO"),
        ("ega", "EGA"),
        ("e-GA", "EGA"),
        ("Bahi", "LGA-BAHI-DC"),
        ("kinondoni", "LGA-KINONDONI-MC"),
        ("geita mc", "LGA-GEITA-MC"),
        ("Geita DC", "LGA-GEITA-DC"),
        ("halmashauri ya wilaya ya geita", "LGA-GEITA-DC"),
        ("Nyang\u2019hwale", "LGA-NYANGHWALE-DC"),
        ("wangingombe", "LGA-WANGINGOMBE-DC"),
        ("halmashauri ya bahi", "LGA-BAHI-DC"),
        ("halmashauri za bahi", "LGA-BAHI-DC"),
        ("wilaya ya bahi", "LGA-BAHI-DC"),
        ("kwa halmashauri ya bahi", "LGA-BAHI-DC"),
        ("hospitali ya bahi", "LGA-BAHI-DC"),
        ("hospitali ya mirembe", "MIREMBE"),
        ("ofisi za NIDA", "NIDA"),
        ("mkoa wa Dodoma", "RS-DODOMA"),
        ("Wizara ya Maji", "MAJI"),
        ("Ministry of Water", "MAJI"),
        ("mamlaka ya serikali mtandao", "EGA"),
        ("Muhimbili", "MNH"),
        ("tanr", "TANROADS"),
        ("tra", "TRA"),
    ],
)
def test_the_row_that_is_named_comes_first(institutions: Institutions, typed: str, code: str) -> None:
    assert codes(institutions, typed)[0] == code


def test_both_councils_of_a_name_are_found(institutions: Institutions) -> None:
    assert {"LGA-GEITA-MC", "LGA-GEITA-DC"} <= set(codes(institutions, "geita"))


def test_a_region_that_is_named_leaves_other_regions_out(institutions: Institutions) -> None:
    rows = institutions.search("chuo arusha", "sw")
    assert rows
    assert {row.region for row in rows} <= {"Arusha", ""}


def test_a_region_alone_finds_what_is_named_after_it(institutions: Institutions) -> None:
    assert {"RS-DODOMA", "LGA-DODOMA-CC", "DUWASA"} <= set(codes(institutions, "dodoma"))


def test_accents_count_for_nothing(institutions: Institutions) -> None:
    assert codes(institutions, "Tanésçò") == codes(institutions, "tanesco")


@pytest.mark.parametrize("typed", ["", "   ", "12345", "!!!", "wizara", "ya wa la", "😀", "\ud800", "qqqqqq", "'", "0"])
def test_what_is_no_name_finds_nothing(institutions: Institutions, typed: str) -> None:
    assert codes(institutions, typed) == []


def test_as_many_rows_as_asked_for_at_most(institutions: Institutions) -> None:
    assert len(institutions.search("chuo", "sw", 2)) == 2
    assert len(institutions.search("chuo", "sw")) == 5


@given(st.text(max_size=200))
def test_noise_never_raises(institutions: Institutions, typed: str) -> None:
    assert len(institutions.search(typed, "en")) <= 5


@given(st.lists(st.sampled_from(PIECES)))
def test_a_search_gives_the_same_rows_each_time_and_no_row_twice(institutions: Institutions, words: list[str]) -> None:
    found = codes(institutions, " ".join(words))
    assert found == codes(institutions, " ".join(words))
    assert len(set(found)) == len(found)


def generated(size: int) -> Index:
    regions = [f"Region{chr(65 + n)}" for n in range(20)]
    rows = tuple(
        Institution(
            code=f"B{n}",
            kind="borough",
            names={"": f"Borough Council of {place(n)} in {regions[n % 20]}"},
            shorts={"": f"{place(n)} BC"},
            region=regions[n % 20],
            parent="",
        )
        for n in range(size)
    )
    return Index(
        Roster(
            rows=rows,
            regions=tuple(regions),
            kinds={"council": frozenset({"borough"})},
            desk="B0",
            topics={},
            aliases={},
            stopwords=frozenset({"of", "in"}),
            version="",
        )
    )


def place(n: int) -> str:
    """A name of its own for each number, at least two letters from every other."""
    letters = "".join("abcdefghijklmnop"[(n >> shift) & 15] for shift in (12, 8, 4, 0))
    return f"{letters}{letters[::-1]}".capitalize()


QUERIES = ["Borough Council", "bc", "b", "Borough of {}", "{} bc", "{} RegionC", "council RegionD", "RegionE", "{}x"]


@pytest.fixture(scope="module")
def sizes() -> dict[int, Index]:
    return {size: generated(size) for size in (500, 50_000)}


@pytest.mark.parametrize("query", QUERIES)
def test_a_hundred_times_the_rows_are_no_more_work(sizes: dict[int, Index], query: str) -> None:
    few, many = (len(sizes[size].candidates(query.format(place(420)))) for size in (500, 50_000))
    assert 0 < many <= CANDIDATES
    assert many <= 4 * few


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("halmashauri ya bahi", "LGA-BAHI-DC"),
        ("Mji wa Kondoa", "LGA-KONDOA-TC"),
        ("wilaya ya Kondoa", "LGA-KONDOA-DC"),
        ("Bahi district", "LGA-BAHI-DC"),
        ("hospitali ya muhimbili", "MNH"),
    ],
)
def test_a_part_of_a_full_name_that_no_other_has_names_its_row(
    institutions: Institutions, typed: str, code: str
) -> None:
    assert [row.code for row in institutions.titled(typed)] == [code]


@pytest.mark.parametrize(
    "typed",
    ["bahi", "ya bahi", "halmashauri ya", "", "hospitali ya bahi", "hospitali ya rufaa", "tume ya taifa", "x y"],
)
def test_what_may_be_another_names_no_row(institutions: Institutions, typed: str) -> None:
    assert institutions.titled(typed) == ()


def test_a_part_of_a_name_that_several_have_names_all_of_them(institutions: Institutions) -> None:
    assert {row.code for row in institutions.titled("halmashauri ya geita")} == {"LGA-GEITA-MC", "LGA-GEITA-DC"}


def test_a_part_of_a_name_is_found_among_fifty_thousand_rows_by_its_rarest_word(sizes: dict[int, Index]) -> None:
    assert [row.code for row in sizes[50_000].titled(f"borough of {place(420)}")] == ["B420"]
    assert sizes[50_000].titled("borough council") == [], "as many as have these words are not looked at"


@pytest.mark.parametrize("at", [0, 420, 31_337, 49_999])
def test_a_row_among_fifty_thousand_is_found_by_name_and_over_a_slip(sizes: dict[int, Index], at: int) -> None:
    name = place(at)
    for typed in (name, f"borough council of {name}", f"{name} Region{chr(65 + at % 20)}", name[:3] + name[4:]):
        assert f"B{at}" in [row.code for row in sizes[50_000].search(typed, "en", 5)]
