"""Rows as CSV that a spreadsheet shows and does not run."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TextIO

_STARTS_A_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


class CsvFile:
    """Writes the head at once, then row by row."""

    def __init__(self, stream: TextIO, columns: Sequence[str]) -> None:
        self._writer = csv.writer(stream, lineterminator="\r\n")
        self._columns = columns
        self._writer.writerow(columns)

    def write(self, row: Mapping[str, Any]) -> None:
        """The row's columns; what it has beside them is left out."""
        self._writer.writerow(cells(row.get(column) for column in self._columns))


def cells(values: Iterable[Any]) -> list[str]:
    """Each as one harmless cell: nothing for None, JSON for structures, exact figures for money."""
    return [_cell(value) for value in values]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value[:1] in _STARTS_A_FORMULA else value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bool | int | float):
        return str(value)
    return json.dumps(value, separators=(",", ":"), default=str)
