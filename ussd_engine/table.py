"""A CSV file that operators write: its rows with their lines, and the faults found on the way."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ussd_engine.errors import Fault, did_you_mean


class Line(NamedTuple):
    """One row: its line in the file, and its cells by column, without blanks around them."""

    number: int
    cells: dict[str, str]


class Table:
    """One file in UTF-8 with a header line. Whatever is wrong with it stands in `faults`, and only there."""

    def __init__(self, path: Path, columns: Sequence[str], also: str = "") -> None:
        """`columns` must be there, those whose whole name matches `also` may."""
        self.file = str(path)
        self.faults: list[Fault] = []
        self.raw = self._read(path)
        self.columns: list[str] = []
        self.lines = list(self._lines(columns, also))

    def fault(self, line: int, message: str, rule: str = "tables") -> None:
        """Note a fault at a line of this file."""
        self.faults.append(Fault(self.file, line, message, rule))

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            self.fault(1, f"cannot be read: {error.strerror}")
            return b""

    def _lines(self, columns: Sequence[str], also: str) -> Iterator[Line]:
        rows = self._rows()
        _, header = next(rows, (1, []))
        if not self._header(header, columns, also):
            return
        self.columns = header
        for number, cells in rows:
            if len(cells) == len(header):
                yield Line(number, dict(zip(header, cells, strict=True)))
            else:
                self.fault(number, f"{len(cells)} values stand under {len(header)} columns; quote a value with a comma")

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows that are not empty, with the line on which each ends."""
        reader = csv.reader(self._text().splitlines(keepends=True), strict=True)
        try:
            for cells in reader:
                if any(cells):
                    yield reader.line_num, [cell.strip() for cell in cells]
        except csv.Error:
            self.fault(reader.line_num, "is not CSV: a quotation mark is open or stands in the wrong place")

    def _text(self) -> str:
        try:
            return self.raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.fault(self.raw.count(b"\n", 0, error.start) + 1, "is not UTF-8")
            return ""

    def _header(self, header: Sequence[str], columns: Sequence[str], also: str) -> bool:
        before = len(self.faults)
        for name in header:
            if name not in columns and not re.fullmatch(also, name):
                self.fault(1, f'column "{name}" is not known{did_you_mean(name, columns)}')
            elif header.count(name) > 1:
                self.fault(1, f'column "{name}" stands twice')
        for name in columns:
            if name not in header and not self.faults:
                self.fault(1, f'column "{name}" is missing')
        return len(self.faults) == before and bool(header)
