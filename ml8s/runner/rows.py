"""Rows to predict, from JSON, JSON lines, CSV or Parquet."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ml8s.errors import InvalidRows, InvalidUsage, UnreadableTable

if TYPE_CHECKING:
    from ml8s.features.manifest import FeatureManifest

STDIN: Final = "-"
FORMATS: Final = (".json", ".jsonl", ".ndjson", ".csv", ".parquet")

# As Arrow reads the cells of a CSV.
_NULLS: Final = frozenset(
    (
        *("#N/A", "#N/A N/A", "#NA", "N/A", "NA", "n/a", "NULL", "null"),
        *("NaN", "nan", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
    )
)
_NUMBER: Final = re.compile(r"[-+]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?|inf|infinity|nan)", re.IGNORECASE)
_INTEGER: Final = re.compile(r"-?[0-9]{1,25}|0[xX][0-9a-fA-F]{1,15}")
_BOOLEANS: Final = {
    **dict.fromkeys(("true", "True", "TRUE", "1"), True),
    **dict.fromkeys(("false", "False", "FALSE", "0"), False),
}

Row = Mapping[str, object]


def read_rows(source: str, manifest: FeatureManifest) -> list[Row]:
    """The rows of a file, or of JSON or JSON lines on stdin (``-``).

    Cells of a CSV are read by the types that the manifest gives its columns; an empty one is null.

    Raises:
        InvalidUsage: there is no such file, or it is of no format known.
        InvalidRows: it does not hold rows.
        TooLarge: a Parquet file beyond the limits.
    """
    if source == STDIN:
        return _from_json(sys.stdin.buffer.read(), "stdin")
    path = Path(source)
    if path.suffix not in FORMATS:
        raise InvalidUsage(f"{source} is of no format that holds rows", where=source, cure=f"use {', '.join(FORMATS)}")
    try:
        content = b"" if path.suffix == ".parquet" and path.is_file() else path.read_bytes()
    except OSError as error:
        raise InvalidUsage(
            f"{source} cannot be read: {error.strerror}", where=source, cure="mend the path after -f"
        ) from error
    if path.suffix == ".csv":
        return _from_csv(content, manifest, source)
    return _from_parquet(path) if path.suffix == ".parquet" else _from_json(content, source)


def _from_json(content: bytes, where: str) -> list[Row]:
    if not content.strip():
        raise _no_rows(where, "it is empty")
    try:
        text = content.decode("utf-8-sig")
        read = partial(json.loads, object_pairs_hook=partial(_row, where))
        try:
            value = read(text)
        except ValueError as whole:
            value = _lines(text, read, where, whole)
    except (ValueError, RecursionError) as error:
        raise _no_rows(where, f"it is neither JSON nor JSON lines: {error}") from error
    rows = [value] if isinstance(value, dict) else value
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _no_rows(where, "rows are objects, `[{column: value, …}, …]`")
    return list(rows)


def _lines(text: str, read: Callable[[str], object], where: str, whole: ValueError) -> list[object]:
    """The values of JSON lines; a line ends at a line feed alone, for other separators may stand in a text of JSON."""
    values = []
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            values += [read(line)] if line.strip() else []
        except ValueError as error:
            why = f"it is neither JSON ({whole}) nor JSON lines (line {number}: {error})"
            raise _no_rows(where, why) from error
    return values


def _row(where: str, pairs: Sequence[tuple[str, object]]) -> Row:
    """An object of JSON as a row; JSON itself would take the last of two values of one name."""
    _refuse_repeated(where, "an object", [name for name, _ in pairs])
    return dict(pairs)


def _refuse_repeated(where: str, what: str, names: Sequence[str]) -> None:
    if len(set(names)) == len(names):
        return
    repeated = sorted({name for name in names if names.count(name) > 1})
    raise _no_rows(where, f"{what} names columns twice: {', '.join(map(repr, repeated))}")


def _from_csv(content: bytes, manifest: FeatureManifest, where: str) -> list[Row]:
    try:
        table = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (ValueError, csv.Error) as error:
        raise _no_rows(where, f"it is no CSV in UTF-8: {error}") from error
    if not table:
        raise _no_rows(where, "it is empty")
    names, lines = table[0], table[1:]
    _refuse_repeated(where, "its header", names)
    types = {**manifest.key_types, **{column.name: column.type for column in manifest.columns}}
    rows: list[Row] = []
    for number, line in enumerate(lines, start=2):
        if not line:
            continue
        if len(line) != len(names):
            raise _no_rows(where, f"line {number} has {len(line)} cells, and the header {len(names)}")
        rows.append({name: _cell(cell, types.get(name, "string")) for name, cell in zip(names, line, strict=True)})
    return rows


def _cell(cell: str, type_: str) -> object:
    """A cell by its column's type, read as ``data publish`` reads it.

    What is not of the type stays text, and is refused where all rows are checked.
    """
    if cell == "" or (type_ in ("number", "integer", "boolean") and cell in _NULLS):
        return None
    plain = cell.strip(" \t")
    if type_ == "number" and _NUMBER.fullmatch(plain):
        return float(plain)
    if type_ == "integer" and _INTEGER.fullmatch(plain):
        whole = int(plain, 16 if plain[:2] in ("0x", "0X") else 10)
        return whole if -(2**63) <= whole < 2**63 else cell
    return _BOOLEANS.get(cell, cell) if type_ == "boolean" else cell


def _from_parquet(path: Path) -> list[Row]:
    """The rows of a Parquet file, within the limits that a snapshot's tables have."""
    from ml8s.data.limits import check_pages
    from ml8s.data.tables import batches, open_table

    rows: list[Row] = []
    try:
        table = open_table(path, path.name)
        check_pages(path, path.name)
        for _, batch in batches(table):
            columns = {name: values.to_pylist() for name, values in batch.items()}
            rows += [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    except UnreadableTable as error:
        why = "; ".join([error.message, *(problem.message for problem in error.problems)])
        raise _no_rows(str(path), why) from error
    return rows


def _no_rows(where: str, why: str) -> InvalidRows:
    return InvalidRows(f"{where} holds no rows to predict: {why}", where=where, cure="send one object per row")
