"""A folder that dials, for a service that begins: the files of `sample/` under another name and code."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from ussd_engine.errors import EngineError
from ussd_engine.menu.publish import schema

FILES = Path(__file__).parent / "sample"
NAME = "sampuli"
CODE = "*150*01#"
SCHEMA = "menu.schema.json"
_SERVICE = re.compile(r"[a-z][a-z0-9_]{1,30}")
_WORD = re.compile(rf"\b{NAME}\b")


class CannotMake(EngineError):
    """The folder of a new service cannot be made."""


def make(service: str, folder: Path, code: str, country: Path) -> list[Path]:
    """Write a folder for a service behind a code, in the country of a file; the files. Raises `CannotMake`.

    With them goes the schema of the menu language, for editors.
    """
    if not _SERVICE.fullmatch(service):
        raise CannotMake(f'"{service}" cannot name a service: small letters, digits and _, a letter first')
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotMake(f"{folder} is there already and is not empty: name another folder")
    made = []
    for file in sorted(path for path in FILES.rglob("*") if path.is_file()):
        target = folder / str(file.relative_to(FILES)).replace(NAME, service)
        target.parent.mkdir(parents=True, exist_ok=True)
        words = _WORD.sub(service, file.read_text(encoding="utf-8")).replace(CODE, code)
        target.write_text(words, encoding="utf-8")
        made.append(target)
    (folder / "locales" / "sw" / "LC_MESSAGES").mkdir(parents=True, exist_ok=True)
    countries = folder / "menus" / "countries"
    countries.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(country, countries / country.name)
    words = json.dumps(schema(), indent=2, ensure_ascii=False)
    (folder / "menus" / SCHEMA).write_text(words + "\n", encoding="utf-8")
    return [*made, countries / country.name, folder / "menus" / SCHEMA]
