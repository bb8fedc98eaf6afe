from pathlib import Path

import pytest

from ussd_engine.country import Country
from ussd_engine.institutions import Institutions

MENUS = Path(__file__).parents[2] / "menus"


@pytest.fixture(scope="session")
def shipped() -> Path:
    return MENUS / "emrejesho"


@pytest.fixture(scope="session")
def institutions(shipped: Path) -> Institutions:
    return Institutions.load(shipped)


@pytest.fixture(scope="session")
def tanzania() -> Country:
    return Country.load(MENUS / "countries" / "tanzania.yaml")


SMALL = {
    "institutions.csv": """code,kind,name_en,short,region,parent
CROWN,office,Office of the Crown,Crown,,
WATER,ministry,Ministry of Water,Water,,CROWN
NORTH,province,Northern Province,North,North,CROWN
SOUTH,province,Southern Province,South,South,CROWN
NORTHTOWN,borough,Borough of Strelsau,Strelsau,North,NORTH
NORTHMERE,borough,Borough of Zenda,Zenda,North,NORTH
SOUTHPIPES,waterworks,Southern Waterworks,S Waterworks,South,WATER
""",
    "roles.csv": """role,kind,code
secretariat,province,
council,borough,
pipes,waterworks,
desk,,CROWN
""",
    "topics.csv": "topic,role,code\nwater,pipes,\nwater,,WATER\nother,,\n",
    "aliases.csv": "typed,code,role,region\ntap,,pipes,\ntap,WATER,,\nqueen,CROWN,,\nup,,,North\n",
    "stopwords.csv": "word\nof\nthe\n",
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A service folder of another country, small enough to be damaged line by line."""
    for name, text in SMALL.items():
        (tmp_path / name).write_text(text)
    return tmp_path
