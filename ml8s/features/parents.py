"""Parent tables joined to rows by foreign key: always known, or known from their own time on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from ml8s.data.distinct import distinct
from ml8s.data.tables import open_table
from ml8s.errors import AggregatesRefused
from ml8s.features.apply import NULL_TIME
from ml8s.features.asof.boundary import cutoffs
from ml8s.features.asof.rows import Ints
from ml8s.features.columns import column_values
from ml8s.features.entities import SECTION, EntitySet, Parent
from ml8s.features.matrix import Source
from ml8s.features.past import key_codes, key_column, nulled, read_times

NOT_FOUND: Final = -1


def table_types(snapshot: Path, tables: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """For each further table of a snapshot the type of each of its columns."""
    return {
        name: {column.name: column.type for column in open_table(snapshot / table["path"], table["path"]).columns}
        for name, table in tables.items()
    }


def attach_parents(source: Source, entities: EntitySet, wanted: Sequence[str] | None = None) -> None:
    """Adds the columns of parents to the rows of a source.

    A row gets the columns of the parent row with its key; of several rows of a dated table the latest that was known
    at the row's cutoff, and null before the first.

    Args:
        source: the rows.
        entities: the parents, the time column and the refresh.
        wanted: names such as ``customers.region``; None adds all.

    Raises:
        AggregatesRefused: a table without a time holds a key twice.
    """
    for parent in entities.parents:
        names = [(name, type_) for name, type_ in parent.attributes if _is_wanted(parent.attribute(name), wanted)]
        if not names:
            continue
        at = None
        if parent.time is not None:
            at = cutoffs(read_times(source, entities.time_column), entities.refresh)
        place = find_rows(source, parent, at)
        table = read_parent(source.snapshot, parent)
        for name, type_ in names:
            values = parent_column(table, name, type_, source.dataset.missing_values)
            source.attach(parent.attribute(name), values[place])


def _is_wanted(name: str, wanted: Sequence[str] | None) -> bool:
    return wanted is None or name in wanted


def read_parent(snapshot: Path, parent: Parent) -> pa.Table:
    """A whole parent table."""
    return parquet.read_table(snapshot / parent.path, use_threads=False)


def parent_column(table: pa.Table, name: str, type_: str, missing: Sequence[str]) -> NDArray[Any]:
    """A column of a parent as ``apply`` reads it, and a null after the last row: what a row without a parent gets."""
    values = table[name]
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    read = column_values(nulled(values, missing), type_)
    null = {"string": None, "time": NULL_TIME, "date": NULL_TIME}.get(type_, np.nan)
    return np.concatenate([read, np.array([null], dtype=read.dtype)])


def find_rows(source: Source, parent: Parent, at: Ints | None) -> Ints:
    """For each row the position of its parent's row [n], -1 where there is none that was known at ``at``."""
    rows = [key_column(source, name) for name in parent.columns]
    table = read_parent(source.snapshot, parent)
    codes = _common_codes(rows, table, parent, source.dataset.missing_values)
    count = source.dataset.rows
    child, owner = codes[:count], codes[count:]
    if parent.time is None or at is None:
        return _static(parent, child, owner)
    time = column_values(table[parent.time], _time_type(table, parent.time))
    if (time == NULL_TIME).any():
        raise AggregatesRefused(
            f"{int((time == NULL_TIME).sum()):,} rows of {parent.path} have no {parent.time}",
            where=f"{parent.path}:{parent.time}",
            cure="publish each row of a dated table with its time",
        )
    return _dated(child, at, owner, time)


def _time_type(table: pa.Table, name: str) -> str:
    return "date" if pa.types.is_date(table[name].type) else "time"


def _common_codes(rows: Sequence[pa.ChunkedArray], table: pa.Table, parent: Parent, missing: Sequence[str]) -> Ints:
    """Codes of the keys of rows and, after them, of the parent table: equal codes are equal keys."""
    columns = []
    for mine, name in zip(rows, parent.reference, strict=True):
        theirs = table[name]
        if pa.types.is_dictionary(theirs.type):
            theirs = theirs.cast(theirs.type.value_type)
        theirs = nulled(theirs.cast(mine.type), missing)
        columns.append(pa.chunked_array([*mine.chunks, *theirs.chunks], mine.type))
    return key_codes(columns)[0]


def _static(parent: Parent, child: Ints, owner: Ints) -> Ints:
    known = owner[owner >= 0]
    place = np.full(max(int(max(child.max(initial=0), owner.max(initial=0))) + 1, 1), NOT_FOUND, dtype=np.int64)
    if len(distinct(known)) < len(known):
        raise AggregatesRefused(
            f"{parent.path} holds a key twice ({', '.join(parent.reference)}), and no time says which row counts when",
            where=f"{SECTION}.entities",
            cure=f"give ml8s:tables.{parent.name} its `time`, or publish one row per key",
        )
    place[known] = np.flatnonzero(owner >= 0)
    found: Ints = np.where(child >= 0, place[child], NOT_FOUND)
    return found


def _dated(child: Ints, at: Ints, owner: Ints, time: Ints) -> Ints:
    """The latest row of each key with a time at or before ``at``; of rows of one time the last in the file."""
    order = np.lexsort((np.arange(len(owner)), time, owner))
    instants = distinct(time)
    room = len(instants) + 1
    sorted_places = owner[order] * room + np.searchsorted(instants, time[order]) + 1
    asked = child * room + np.searchsorted(instants, at, side="right")
    last = np.searchsorted(sorted_places, asked, side="right") - 1
    found = np.where(last >= 0, order[np.maximum(last, 0)], NOT_FOUND)
    mine = (found >= 0) & (child >= 0)
    mine &= owner[np.maximum(found, 0)] == child
    return np.where(mine, found, NOT_FOUND)
