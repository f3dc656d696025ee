"""Reads the files that a snapshot is published from: CSV and Parquet, as Arrow tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from ml8s.data.column_types import BOOLEAN, DATE, INTEGER, NUMBER, STRING, TIME, type_of
from ml8s.data.limits import check_pages
from ml8s.data.tables import open_table
from ml8s.errors import InvalidUsage, Problem, SnapshotIncomplete, UnreadableTable

CSV: Final = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
PARQUET: Final = (".parquet", ".pq")
LARGEST_INTEGER: Final = 2**63 - 1
PANDAS_INDEX: Final = "__index_level_"

_STORED: Final[Mapping[str, pa.DataType]] = {
    NUMBER: pa.float64(),
    INTEGER: pa.int64(),
    BOOLEAN: pa.bool_(),
    STRING: pa.string(),
    TIME: pa.timestamp("us", tz="UTC"),
    DATE: pa.date32(),
}


def is_source(path: Path) -> bool:
    """Whether the name of a file says that it is CSV or Parquet."""
    return path.name.lower().endswith((*CSV, *PARQUET))


def stem(path: Path) -> str:
    """The name of a file without the ending of its format."""
    name = path.name
    for ending in sorted((*CSV, *PARQUET), key=len, reverse=True):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return path.stem


@dataclass(frozen=True, slots=True)
class Read:
    """A file as a table (rows x columns) whose columns have one of the six types of ML8s, and what to know of it."""

    table: pa.Table
    notes: tuple[str, ...] = ()


def read_source(path: Path) -> Read:
    """Reads one file.

    Types of a CSV are inferred from all its rows: integers, numbers, true and false, ISO 8601 dates and times; what
    fits none is text, as are numbers of which one begins with a zero, such as 01000: they are codes. An empty cell is
    null. Times become microseconds in UTC.

    Raises:
        SnapshotIncomplete: there is no such file.
        InvalidUsage: its name ends in none of .csv, .tsv, .csv.gz, .tsv.gz, .parquet.
        UnreadableTable, TooLarge: it cannot be read, or holds types or integers that ML8s does not
            read.
    """
    if not path.is_file():
        raise SnapshotIncomplete(f"there is no file {path}", where=str(path), cure="name a CSV or Parquet file")
    name = path.name.lower()
    codes: list[str] = []
    if name.endswith(PARQUET):
        open_table(path, path.name)
        check_pages(path, path.name)
        table = pq.read_table(path, use_threads=False)
        table = table.drop_columns([one for one in table.column_names if one.startswith(PANDAS_INDEX)])
    elif name.endswith(CSV):
        table, codes = _read_csv(path, delimiter="\t" if ".tsv" in name else ",")
    else:
        raise InvalidUsage(
            f"{path} is neither CSV nor Parquet by its name", cure=f"use one of {', '.join((*CSV, *PARQUET))}"
        )
    for one in table.schema:
        if pa.types.is_uint64(one.type):
            _refuse_beyond(path, one.name, table[one.name])
    notes = tuple(f"{path.name}: {one} is kept as text, since some of its values begin with 0" for one in codes)
    return Read(pa.table({one: _stored(table[one]) for one in table.column_names}), notes)


def _read_csv(path: Path, delimiter: str) -> tuple[pa.Table, list[str]]:
    """The table, and its columns of codes: numbers of which one begins with a zero, which are left as text."""
    try:
        table = _parse(path, delimiter)
        names = table.column_names
        codes = _codes(path, delimiter, table) if len(set(names)) == len(names) else []
        for name in codes:
            place = names.index(name)
            table = table.set_column(place, name, _parse(path, delimiter, [name])[name])
    except UnicodeDecodeError as error:
        raise UnreadableTable(
            f"{path.name} is not UTF-8 in its head line", where=str(path), cure="save it as CSV in UTF-8"
        ) from error
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or [""])[0][:300]
        raise UnreadableTable(
            f"{path.name} cannot be read as CSV: {reason}",
            where=str(path),
            cure="UTF-8, one head line, a comma between cells, quotes around cells with commas",
        ) from error
    binary = [one.name for one in table.schema if pa.types.is_binary(one.type)]
    if binary:
        raise UnreadableTable(
            f"{path.name} is not UTF-8 in the column {binary[0]!r}", where=str(path), cure="save it as CSV in UTF-8"
        )
    _check_names(path, names)
    return table, codes


def _parse(path: Path, delimiter: str, as_text: Sequence[str] = ()) -> pa.Table:
    """All columns of a CSV by inferred types, or some of them as text."""
    return pyarrow.csv.read_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            strings_can_be_null=False, include_columns=list(as_text), column_types=dict.fromkeys(as_text, pa.string())
        ),
    )


def _codes(path: Path, delimiter: str, table: pa.Table) -> list[str]:
    """The columns read as numbers in which a value is written with a zero before its first digit."""
    numbers = [one.name for one in table.schema if pa.types.is_integer(one.type) or pa.types.is_floating(one.type)]
    # One column at a time: the text of all would take more memory than their numbers.
    return [
        name
        for name in numbers
        if pc.any(pc.match_substring_regex(_parse(path, delimiter, [name])[name], r"^\s*[+-]?0[0-9]")).as_py()
    ]


def _check_names(path: Path, names: Sequence[str]) -> None:
    folded = [name.casefold() for name in names]
    repeated = sorted({name for name in names if folded.count(name.casefold()) > 1})
    if not repeated and "" not in names:
        return
    what = "has a column without a name"
    if repeated:
        how = "twice" if len({name.casefold() for name in repeated}) == len(repeated) else "that differ in case only"
        what = f"names columns {how}: {', '.join(map(repr, repeated))}"
    raise UnreadableTable(f"{path.name} {what}", where=str(path), cure="give each column its own name")


def _refuse_beyond(path: Path, column: str, values: pa.ChunkedArray) -> None:
    """A snapshot's integers have 64 bits with a sign; a larger one would come out negative."""
    largest = pc.max(values).as_py()
    if largest is not None and largest > LARGEST_INTEGER:
        raise UnreadableTable(
            f"{path.name} holds {largest} in the column {column!r}, beyond the largest integer {LARGEST_INTEGER}",
            where=f"{path.name}:{column}",
            cure="store it as text, or as a float where its last digits do not count",
        )


def _stored(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column in the one Arrow type that a snapshot stores for it."""
    if pa.types.is_null(values.type) or pa.types.is_time(values.type):
        return values.cast(pa.string())
    ours = type_of(values.type)
    if ours is None:
        return values
    if ours == STRING:
        texts = values.cast(pa.string())
        return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    if ours == TIME and values.type.tz is None:
        values = values.cast(pa.timestamp("us"), safe=False)
    return values.cast(_STORED[ours], safe=ours not in (TIME, INTEGER))


def unify(tables: Sequence[tuple[str, pa.Table]]) -> list[pa.Table]:
    """Train and validation with equal types: integers become numbers, dates times, and anything else text.

    Raises:
        UnreadableTable: one file has columns that the other lacks.
    """
    first_name, first = tables[0]
    problems = []
    for name, table in tables[1:]:
        for column in sorted(set(first.column_names) ^ set(table.column_names)):
            has, lacks = (first_name, name) if column in first.column_names else (name, first_name)
            problems.append(Problem(f"{has} has the column {column!r} and {lacks} lacks it", where=f"{lacks}:{column}"))
    if problems:
        raise UnreadableTable(
            "train and validation have different columns",
            where=first_name,
            cure="give both the same columns",
            problems=problems,
        )
    types = {column: _common([table.schema.field(column).type for _, table in tables]) for column in first.column_names}
    return [pa.table({column: table[column].cast(stored) for column, stored in types.items()}) for _, table in tables]


def _common(types: Sequence[pa.DataType]) -> pa.DataType:
    distinct = set(types)
    if len(distinct) == 1:
        return types[0]
    if distinct <= {pa.int64(), pa.float64()}:
        return pa.float64()
    if distinct <= {_STORED[DATE], _STORED[TIME]}:
        return _STORED[TIME]
    return pa.string()
