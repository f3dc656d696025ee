"""The rows that a policy for gaps adds: one table, beside train.parquet and validation.parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from ml8s.config.model import Forecasting
from ml8s.data.arrays import as_arrow
from ml8s.data.dataset import Column
from ml8s.data.instants import MICROSECONDS_PER
from ml8s.data.series import Gaps, Integers, Series
from ml8s.data.tables import open_table, read_columns


def filled_rows(
    paths: Sequence[tuple[Path, str]],
    columns: Sequence[Column],
    series: Series,
    gaps: Gaps,
    section: Forecasting,
    *,
    time: str,
    target: str,
) -> pa.Table:
    """One row for each missing period, by series and time, with all columns of the snapshot.

    ``gaps: zero`` gives a target of 0 and null in every column but series and time; ``previous`` repeats the last row
    before the gap. Memory: one column of the snapshot, beside the added rows.
    """
    before = np.repeat(gaps.before, gaps.length)
    start = np.repeat(np.cumsum(gaps.length) - gaps.length, gaps.length)
    period = np.repeat(gaps.first, gaps.length) + np.arange(len(before)) - start
    tables = [open_table(path, name) for path, name in paths]
    made: dict[str, pa.Array] = {}
    for column in columns:
        chunks = [chunk for table in tables for chunk in read_columns(table, [column.name])[column.name].chunks]
        stored = chunks[0].type.value_type if pa.types.is_dictionary(chunks[0].type) else chunks[0].type
        plain = [chunk.cast(stored) for chunk in chunks]
        if column.name == time:
            made[column.name] = _stored_times(series.calendar.times(period), stored)
        elif column.name == target and section.gaps == "zero":
            made[column.name] = as_arrow(np.zeros(len(before))).cast(stored)
        elif column.name in series.columns or section.gaps == "previous":
            made[column.name] = pa.chunked_array(plain).take(as_arrow(before)).combine_chunks()
        else:
            made[column.name] = pa.nulls(len(before), stored)
    return pa.table(made)


def _stored_times(times: Integers, stored: pa.DataType) -> pa.Array:
    """µs since 1970 UTC in the type of a time or date column."""
    if pa.types.is_date(stored):
        days = np.floor_divide(times, MICROSECONDS_PER["d"]).astype(np.int32)
        return as_arrow(days).cast(pa.date32()).cast(stored)
    return as_arrow(times).cast(pa.timestamp("us", tz=stored.tz)).cast(stored, safe=False)
