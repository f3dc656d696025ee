"""Infers the contract of tables: types, what is never null, and which columns could be keys."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from ml8s.artifacts import Json
from ml8s.data.column_types import DATE, FRICTIONLESS_NAME, INTEGER, STRING, TIME, type_of
from ml8s.data.schema import VERSION
from ml8s.errors import InvalidUsage

SHOWN: Final = 10
NAME_OF_A_KEY: Final = re.compile(r"(^|_)(id|key|uuid|guid|no|nr)$|[a-z](Id|ID|Key)$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Hints:
    """What the publisher says of the tables; every name is a column of train.

    Attributes:
        key: the primary key.
        target: the column to predict: it must be there and is never proposed as a key.
        time: the column that says when a row happened.
        as_of: ISO 8601 time after which no row may lie.

    """

    key: tuple[str, ...] = ()
    target: str | None = None
    time: str | None = None
    as_of: str | None = None


@dataclass(slots=True)
class Inferred:
    """An inferred contract, and what a person should know of it."""

    schema: dict[str, Json]
    candidates: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def infer_schema(rows: Sequence[pa.Table], further: Mapping[str, pa.Table], hints: Hints) -> Inferred:
    """The contract of train and validation (``rows``, with equal columns) and of further tables.

    A column without nulls is required. A further table whose only unique column has its namesake in train, with
    every value of train found in it, gets that as its primary key and train a foreign key to it. A column of texts or
    whole numbers gets the role key where its name is that of an identifier and its values come back: it says whose a
    row is, and past rows can be gathered by it.

    Raises:
        InvalidUsage: a hint names no column of train, or a time column that holds no times.
    """
    together = pa.concat_tables(rows)
    _check_hints(together, hints)
    roles: dict[str, str] = {hints.time: "time"} if hints.time else {}
    proposed = _repeated_keys(together, {*hints.key, hints.target, hints.time})
    roles |= dict.fromkeys(proposed, "key")
    schema: dict[str, Json] = {"ml8s:version": VERSION, "fields": _fields(together, roles)}
    inferred = Inferred(schema)
    inferred.candidates = [name for name in _unique(together) if name != hints.target]
    if hints.key:
        schema["primaryKey"] = list(hints.key)
    elif inferred.candidates:
        listed = ", ".join(inferred.candidates[:SHOWN])
        inferred.notes.append(f"no primary key: name one with --key; unique and never null: {listed}")
    else:
        inferred.notes.append("no primary key, and no column is unique: folds will depend on all columns")
    for name, distinct in proposed.items():
        inferred.notes.append(
            f"{name} gets the role key: {distinct:,} values in {together.num_rows:,} rows; give a schema.json of your "
            "own where it is none"
        )
    if hints.as_of:
        schema["ml8s:as_of"] = hints.as_of
    tables: dict[str, Json] = {}
    keys: list[Json] = []
    for name, table in further.items():
        tables[name], key, note = _further(name, table, together)
        keys += [key] if key else []
        inferred.notes.append(note)
    if tables:
        schema["ml8s:tables"] = tables
    if keys:
        schema["foreignKeys"] = keys
    return inferred


def _check_hints(table: pa.Table, hints: Hints) -> None:
    named = [*hints.key, *(name for name in (hints.target, hints.time) if name)]
    for name in named:
        if name not in table.column_names:
            listed = ", ".join(table.column_names[:SHOWN])
            raise InvalidUsage(f"train has no column {name!r}", cure=f"its columns: {listed}")
    if hints.time and type_of(table.schema.field(hints.time).type) not in (TIME, DATE):
        stored = table.schema.field(hints.time).type
        raise InvalidUsage(
            f"--time names {hints.time!r}, which holds {stored}",
            cure="write its times as ISO 8601, for example 2026-02-11T08:30:00Z",
        )


def _fields(table: pa.Table, roles: Mapping[str, str]) -> list[Json]:
    fields: list[Json] = []
    for column in table.schema:
        one: dict[str, Json] = {"name": column.name, "type": FRICTIONLESS_NAME[type_of(column.type) or STRING]}
        if not table[column.name].null_count:
            one["constraints"] = {"required": True}
        if column.name in roles:
            one["ml8s:role"] = roles[column.name]
        fields.append(one)
    return fields


def _unique(table: pa.Table) -> list[str]:
    """The columns of integers or texts that are never null and never repeat."""
    could_be = [one.name for one in table.schema if type_of(one.type) in (INTEGER, STRING) and table.num_rows > 1]
    filled = [name for name in could_be if not table[name].null_count]
    return [name for name in filled if pc.count_distinct(table[name]).as_py() == table.num_rows]


def _repeated_keys(table: pa.Table, taken: Collection[str | None]) -> dict[str, int]:
    """Columns that are named as an identifier and whose values come back, with the number of distinct values."""
    named = [one for one in table.schema if NAME_OF_A_KEY.search(one.name) and one.name not in taken]
    keys = [one.name for one in named if type_of(one.type) in (INTEGER, STRING)]
    counts = {name: pc.count_distinct(table[name]).as_py() for name in keys}
    return {name: count for name, count in counts.items() if 1 < count < table.num_rows - table[name].null_count}


def _further(name: str, table: pa.Table, train: pa.Table) -> tuple[Json, Json, str]:
    """A further table's declaration, the foreign key of train that leads to it, and what was found."""
    contract: dict[str, Json] = {"fields": _fields(table, {})}
    declared: dict[str, Json] = {"path": f"{name}.parquet", "schema": contract, "time": None}
    shared = [
        column
        for column in _unique(table)
        if column in train.column_names and train.schema.field(column).type == table.schema.field(column).type
    ]
    found = [column for column in shared if _contained(train[column], table[column])]
    if len(found) != 1:
        return declared, None, f"table {name}: no foreign key found; declare one in schema.json to use the table"
    contract["primaryKey"] = found
    key: Json = {"fields": found, "reference": {"resource": name, "fields": found}}
    return declared, key, f"table {name}: every {found[0]} of train is found in it, declared as a foreign key"


def _contained(values: pa.ChunkedArray, known: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.is_in(values.drop_null(), value_set=known.combine_chunks())).as_py())
