"""The words that people use for institutions: what each must find among the first five."""

import pytest

from ussd_engine.institutions import Institutions

MEANT = {
    "umeme": ["TANESCO", "REA"],
    "luku": ["TANESCO"],
    "maji": ["RUWASA"],
    "bili ya maji": ["RUWASA"],
    "kitambulisho": ["NIDA"],
    "nida": ["NIDA"],
    "nin": ["NIDA"],
    "cheti cha kuzaliwa": ["RITA"],
    "cheti cha kifo": ["RITA"],
    "kifo": ["RITA"],
    "ndoa": ["RITA"],
    "pasi": ["UHAMIAJI"],
    "passport": ["UHAMIAJI"],
    "viza": ["UHAMIAJI"],
    "kodi": ["TRA"],
    "tin": ["TRA"],
    "mashine ya efd": ["TRA"],
    "leseni ya udereva": ["TRA"],
    "mkopo wa chuo": ["HESLB"],
    "bodi ya mikopo": ["HESLB"],
    "matokeo": ["NECTA"],
    "mtihani": ["NECTA"],
    "bima ya afya": ["NHIF"],
    "pensheni": ["NSSF", "PSSSF"],
    "mafao": ["NSSF", "PSSSF"],
    "fidia kazini": ["WCF"],
    "barabara kuu": ["TANROADS"],
    "barabara ya mtaa": ["TARURA"],
    "nauli": ["LATRA"],
    "daladala": ["LATRA"],
    "basi": ["LATRA"],
    "bodaboda": ["LATRA"],
    "mwendokasi": ["DART"],
    "treni": ["TRC"],
    "sgr": ["TRC"],
    "reli": ["TRC"],
    "kivuko": ["TEMESA"],
    "ndege": ["ATCL"],
    "uwanja wa ndege": ["TAA"],
    "bandari": ["TPA"],
    "mzigo": ["TPA"],
    "kiwanja": ["ARDHI"],
    "hati": ["ARDHI"],
    "mgogoro wa ardhi": ["ARDHI"],
    "kesi": ["MAHAKAMA"],
    "hakimu": ["MAHAKAMA"],
    "rushwa": ["TAKUKURU"],
    "pccb": ["TAKUKURU"],
    "polisi": ["POLISI"],
    "trafiki": ["POLISI"],
    "dawa": ["AFYA"],
    "hospitali": ["AFYA", "MNH"],
    "zahanati": ["AFYA"],
    "shule": ["TSC", "ELIMU"],
    "mwalimu": ["TSC", "ELIMU"],
    "ajira serikalini": ["PSRS"],
    "ajira portal": ["PSRS"],
    "mbolea": ["TFRA"],
    "pembejeo": ["TFRA"],
    "bei ya mafuta": ["EWURA"],
    "vifurushi": ["TCRA"],
    "laini ya simu": ["TCRA"],
    "jina la kampuni": ["BRELA"],
    "bidhaa bandia": ["FCC"],
    "ubora": ["TBS"],
    "ubora wa bidhaa": ["TBS"],
    "haki za binadamu": ["THBUB"],
    "chragg": ["THBUB"],
    "ilala": ["LGA-DAR-ES-SALAAM-CC"],
    "jiji la dar": ["LGA-DAR-ES-SALAAM-CC"],
    "nyamagana": ["LGA-MWANZA-CC"],
    "arumeru": ["LGA-ARUSHA-DC", "LGA-MERU-DC"],
    "kilombero": ["LGA-MLIMBA-DC", "LGA-IFAKARA-TC"],
    "sumatra": ["LATRA"],
    "tfda": ["TMDA"],
    "mscl": ["TASHICO"],
    "nec": ["INEC"],
    "tic": ["TISEZA"],
    "epza": ["TISEZA"],
}

IN_A_REGION = {
    "maji Dodoma": ["DUWASA", "RUWASA"],
    "Maji Dar es Salaam": ["DAWASA", "RUWASA"],
    "maji dar": ["DAWASA"],
    "bili ya maji Kilimanjaro": ["MUWSA", "RUWASA"],
    "maji Simiyu": ["RUWASA"],
    "maji Shinyanga": ["SHUWASA", "KAHUWASA", "RUWASA"],
    "maji Kahama": ["KAHUWASA"],
    "maji Kinondoni": ["DAWASA"],
    "umeme Mwanza": ["TANESCO", "REA"],
    "kiwanja Geita": ["LGA-GEITA-MC", "LGA-GEITA-DC", "ARDHI"],
    "hati Dodoma": ["LGA-DODOMA-CC", "ARDHI"],
    "mgogoro wa ardhi Tabora": ["LGA-TABORA-MC", "ARDHI"],
    "dawa Mbeya": ["LGA-MBEYA-CC", "LGA-MBEYA-DC", "AFYA"],
    "hospitali Dodoma": ["LGA-DODOMA-CC", "AFYA"],
    "zahanati Bahi": ["LGA-BAHI-DC", "AFYA"],
    "shule Kilwa": ["LGA-KILWA-DC", "TSC", "ELIMU"],
    "mwalimu Singida": ["LGA-SINGIDA-MC", "LGA-SINGIDA-DC", "TSC", "ELIMU"],
    "polisi Dodoma": ["POLISI"],
    "TANESCO Arusha": ["TANESCO"],
}

FIRST = {
    "maji dodoma": "DUWASA",
    "maji dar es salaam": "DAWASA",
    "maji kahama": "KAHUWASA",
    "maji kilimanjaro": "MUWSA",
    "maji simiyu": "RUWASA",
    "wizara ya maji": "MAJI",
    "umeme vijijini": "REA",
    "zahanati bahi": "LGA-BAHI-DC",
    "polisi tanga": "POLISI",
}


def found(institutions: Institutions, typed: str) -> list[str]:
    return [row.code for row in institutions.search(typed, "sw")]


@pytest.mark.parametrize("typed", [*MEANT, *IN_A_REGION])
def test_what_people_say_finds_what_they_mean(institutions: Institutions, typed: str) -> None:
    codes = {**MEANT, **IN_A_REGION}[typed]
    assert set(codes) <= set(found(institutions, typed))


@pytest.mark.parametrize("typed", MEANT)
def test_case_and_blanks_do_not_matter(institutions: Institutions, typed: str) -> None:
    assert found(institutions, f"  {typed.upper().replace(' ', '   ')}. ") == found(institutions, typed)


@pytest.mark.parametrize(("typed", "code"), FIRST.items())
def test_a_region_or_a_place_decides_what_comes_first(institutions: Institutions, typed: str, code: str) -> None:
    assert found(institutions, typed)[0] == code


@pytest.mark.parametrize("typed", [typed for typed in MEANT if typed.isalpha() and len(typed) > 5])
def test_a_long_everyday_word_may_hold_a_slip(institutions: Institutions, typed: str) -> None:
    assert set(MEANT[typed]) <= set(found(institutions, typed[:3] + typed[4:]))
