"""The end of every series, which the next forecasts are made from, and the forecasts' rows made of it.

``state.json`` says as of when; ``history.npy`` is float64 [series, periods], the last target values up to the last
period, NaN before a series begins; ``series.parquet`` names the series and holds the columns read at the origin.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from ml8s.artifacts import Json, write_json
from ml8s.data.instants import instant_of, iso_instant
from ml8s.data.parquet import write_table
from ml8s.data.periods import Calendar
from ml8s.data.series import Series
from ml8s.features.columns import column_values
from ml8s.features.forecast.history import Asked, Floats, History, Ints, compute_all
from ml8s.features.forecast.section import ForecastSection, at_origin
from ml8s.features.matrix import Source

FILE_NAME: Final = "state.json"
HISTORY: Final = "history.npy"
SERIES: Final = "series.parquet"
SCHEMA: Final = 2


def write_series_state(
    folder: Path,
    source: Source,
    section: ForecastSection,
    series: Series,
    history: History,
    *,
    inputs: Mapping[str, str],
) -> None:
    """Writes the end of every series; equal series give equal bytes."""
    count, last = len(history.start), series.last
    codes = np.repeat(np.arange(count), section.lookback)
    periods = np.tile(np.arange(last + 1 - section.lookback, last + 1), count)
    values = history.at(codes, periods).reshape(count, section.lookback)
    np.save(folder / HISTORY, np.ascontiguousarray(values), allow_pickle=False)
    ends = series.order[history.start + history.size - 1]
    rows = source.all_rows().take(ends)
    columns = {name: source.column(name, rows) for name, _ in section.past}
    table: dict[str, pa.Array] = {}
    for index, (name, type_) in enumerate(section.series):
        values_of = [label[index] for label in series.names]
        table[name] = pa.array(values_of, {"string": pa.string(), "integer": pa.int64(), "boolean": pa.bool_()}[type_])
    for name, type_ in section.past:
        table[at_origin(name)] = pa.array(columns[name].tolist(), pa.string() if type_ == "string" else pa.float64())
    if not table:  # one series without a name still is a row
        table["series"] = pa.array([""] * count, pa.string())
    write_table(pa.table(table), folder / SERIES)
    described: dict[str, Json] = {
        "schema": SCHEMA,
        "inputs": dict(inputs),
        "features": [],
        "as_of": series.time(last),
        "anchor": iso_instant(series.calendar.anchor),
        "last_period": last,
        "series": count,
    }
    write_json(folder / FILE_NAME, described)


@dataclass(frozen=True)
class SeriesState:
    """An opened state.

    Attributes:
        section: how forecasts are made.
        calendar: the grid of periods.
        last: the last period, the origin of the next forecasts.
        names: the columns that name each series, [series] each.
        origins: the columns at the origin, as ``apply`` takes them, [series] each.
        history: the end of every series.
    """

    section: ForecastSection
    calendar: Calendar
    last: int
    names: Mapping[str, Sequence[Json]]
    origins: Mapping[str, NDArray[Any]]
    history: History

    @classmethod
    def open(cls, folder: Path, section: ForecastSection) -> SeriesState:
        """Reads the files of a state; ValueError where they are of another schema."""
        described = json.loads((folder / FILE_NAME).read_bytes())
        if described["schema"] != SCHEMA:
            raise ValueError(f"not a state of schema {SCHEMA}")
        values = np.load(folder / HISTORY, allow_pickle=False)
        table = parquet.read_table(folder / SERIES, use_threads=False)
        last = int(described["last_period"])
        return cls(
            section=section,
            calendar=Calendar(section.frequency, instant_of(described["anchor"])),
            last=last,
            names={name: table[name].to_pylist() for name, _ in section.series},
            origins={
                at_origin(name): column_values(table[at_origin(name)], "string" if type_ == "string" else "number")
                for name, type_ in section.past
            },
            history=_history(values, last),
        )

    @property
    def as_of(self) -> str:
        """The time of the origin, ISO 8601."""
        return iso_instant(int(self.calendar.times(np.array([self.last]))[0]))

    def next_points(self) -> Asked:
        """The next horizon of every series, by series and period."""
        count, horizon = len(self.history.start), self.section.horizon
        steps = np.tile(np.arange(1, horizon + 1), count)
        return Asked(np.repeat(np.arange(count), horizon), self.last + steps, steps)

    def columns(self, asked: Asked) -> dict[str, NDArray[Any]]:
        """The source columns of points that the state knows: series, time, features of the past."""
        section = self.section
        found: dict[str, NDArray[Any]] = {
            name: _as_column(self.names[name], type_)[asked.code] for name, type_ in section.series
        }
        found[section.time[0]] = self.calendar.times(asked.period)
        found |= {name: values[asked.code] for name, values in self.origins.items()}
        for feature, values in compute_all(section.features, self.history, asked, section.floor):
            found[feature.name] = values
        return found

    def name(self, code: int) -> dict[str, Json]:
        """What names a series, by column."""
        return {name: values[code] for name, values in self.names.items()}


def _history(values: Floats, last: int) -> History:
    """Padded rows [series, periods] as complete series: NaN stands before a beginning, and nowhere else."""
    known = ~np.isnan(values)
    size = known.sum(axis=1).astype(np.int64)
    start: Ints = np.cumsum(size) - size
    return History(values[known], start, last + 1 - size, size)


def _as_column(values: Sequence[Json], type_: str) -> NDArray[Any]:
    return np.array(values, dtype=object if type_ == "string" else np.float64)
