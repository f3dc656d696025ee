"""The rows of a snapshot as series on one regular grid, and what is wrong with it: doubles, gaps, odd times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ml8s.config.frequencies import parse_frequency
from ml8s.config.model import Config, Forecasting
from ml8s.data.arrays import as_numpy
from ml8s.data.column_types import DATE, STRING
from ml8s.data.dataset import TRAIN, Column, Label
from ml8s.data.hashing import integers_of
from ml8s.data.instants import MICROSECONDS_PER, iso_instant
from ml8s.data.periods import OFF_GRID, Calendar
from ml8s.data.tables import Table, batches, open_table, read_columns
from ml8s.data.violations import Violation

Integers: TypeAlias = npt.NDArray[np.int64]
Name: TypeAlias = tuple[Label, ...]

RULE: Final = "series"
SHOWN: Final = 3
MOST_ADDED: Final = 50_000_000
MOST_ADDED_PER_ROW: Final = 100


@dataclass(frozen=True, slots=True)
class Gaps:
    """Missing periods between neighbouring rows of a series, or between its last row and the last period.

    All arrays are [gaps]: the series, the first missing period, how many are missing, and the row before them.
    """

    series: Integers
    first: Integers
    length: Integers
    before: Integers

    @property
    def periods(self) -> int:
        """How many periods are missing in all."""
        return int(self.length.sum())


@dataclass(frozen=True, slots=True)
class Series:
    """The rows of all files, by file and row, as points of series.

    Attributes:
        columns: the columns that name a series, none for a single one.
        names: by code, the values of those columns; sorted, so that codes do not depend on the order of rows.
        code: int64 [rows], which series.
        period: int64 [rows], the number of the row's period; the smallest int64 for a time beside the grid.
        calendar: the grid.
        order: int64 [rows], the rows by series, period, file and row.
        hidden: whether the snapshot does not want the names shown.
    """

    columns: tuple[str, ...]
    names: tuple[Name, ...]
    code: Integers
    period: Integers
    calendar: Calendar
    order: Integers
    hidden: bool = False

    @property
    def last(self) -> int:
        """The last period of the snapshot."""
        return int(self.period.max())

    @property
    def first(self) -> Integers:
        """The first period of each series, [series]."""
        return self.period[self.order[self._starts()]]

    def _starts(self) -> Integers:
        code = self.code[self.order]
        return np.flatnonzero(np.r_[True, code[1:] != code[:-1]])

    def doubles(self) -> Integers:
        """The rows whose series and period an earlier row has."""
        code, period = self.code[self.order], self.period[self.order]
        same = (code[1:] == code[:-1]) & (period[1:] == period[:-1])
        return np.sort(self.order[1:][same])

    def gaps(self) -> Gaps:
        """The missing periods, by series and time; every series reaches to the last period."""
        code, period = self.code[self.order], self.period[self.order]
        ends = np.r_[code[1:] != code[:-1], True]
        following = np.where(ends, self.last + 1, np.r_[period[1:], 0])
        length = following - period - 1
        at = np.flatnonzero(length > 0)
        return Gaps(code[at], period[at] + 1, length[at], self.order[at])

    def shown(self, code: int) -> str:
        """A series as a reader knows it: ``store_id=3, product=ab``."""
        if not self.columns:
            return "the series"
        if self.hidden:
            return f"series {code + 1} of {len(self.names)}"
        return ", ".join(f"{column}={value}" for column, value in zip(self.columns, self.names[code], strict=True))

    def time(self, period: int) -> str:
        """The time of a period, ISO 8601."""
        return iso_instant(int(self.calendar.times(np.array([period], dtype=np.int64))[0]))


def read_series(
    paths: Sequence[tuple[Path, str]],
    columns: Sequence[Column],
    time: Column,
    section: Forecasting,
    missing: Sequence[str],
) -> Series:
    """Reads the series and time columns of some files; the grid is anchored at the earliest time.

    Args:
        paths: where each file is, and its name.
        columns: the series columns, in the order of the config.
        time: the time column.
        section: the config's ``forecasting``, whose frequency is known.
        missing: texts that count as null; no series column holds one.
    """
    tables = [open_table(path, name) for path, name in paths]
    parts = [_coded(tables, column.name, missing) for column in columns]
    times = np.concatenate([_times(table, time) for table in tables])
    code, names = _joined(parts, len(times))
    frequency = parse_frequency(section.frequency)
    assert frequency is not None, "a rule of the config has judged it"
    calendar = Calendar(frequency, int(times.min()) if len(times) else 0)
    period = calendar.periods(times)
    order = np.lexsort((np.arange(len(code)), period, code)).astype(np.int64)
    hidden = any(column.log != "keep" for column in columns)
    return Series(tuple(column.name for column in columns), names, code, period, calendar, order, hidden)


def _times(table: Table, time: Column) -> Integers:
    unit = MICROSECONDS_PER["d"] if time.type == DATE else 1
    parts = [integers_of(batch[time.name], time.type) * unit for _, batch in batches(table, [time.name])]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def _coded(tables: Sequence[Table], name: str, missing: Sequence[str]) -> tuple[Integers, list[Label]]:
    """The rank of each row's value among the sorted distinct ones, over all files, and those values."""
    distinct: dict[Label, int] = {}
    codes: list[Integers] = []
    text = tables[0].column(name).type == STRING
    for table in tables:
        for chunk in read_columns(table, [name], missing)[name].chunks:
            encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
            values = encoded.dictionary.to_pylist()
            place = np.array([distinct.setdefault(value, len(distinct)) for value in values], dtype=np.int64)
            codes.append(place[as_numpy(encoded.indices, np.int64)])
    values = sorted(distinct, key=str) if text else sorted(distinct)
    rank = np.empty(len(values), dtype=np.int64)
    rank[[distinct[value] for value in values]] = np.arange(len(values))
    found = np.concatenate(codes) if codes else np.empty(0, dtype=np.int64)
    return rank[found], values


def _joined(parts: Sequence[tuple[Integers, list[Label]]], rows: int) -> tuple[Integers, tuple[Name, ...]]:
    """The code of each row's combination of values, and the combinations that occur, sorted."""
    code = np.zeros(rows, dtype=np.int64)
    for codes, values in parts:
        # Made dense after each column: the product of all columns' distinct values may pass 2^63.
        _, code = np.unique(code * len(values) + codes, return_inverse=True)
    _, first = np.unique(code, return_index=True)
    names = tuple(tuple(values[codes[row]] for codes, values in parts) for row in first.tolist())
    return code.astype(np.int64), names


def judge_series(series: Series, config: Config, time: str) -> Iterator[Violation]:
    """What makes the rows no series on a regular grid under the config's policy for gaps."""
    section = config.forecasting
    assert section is not None, "the task forecasting has the section"
    beside = np.flatnonzero(series.period == OFF_GRID)
    if len(beside):
        yield Violation(
            RULE,
            TRAIN,
            time,
            f"{len(beside):,} {'row lies' if len(beside) == 1 else 'rows lie'} beside the grid of one row every "
            f"{section.frequency} from {iso_instant(series.calendar.anchor)} on",
            "bring the times to the grid, or mend `forecasting.frequency`",
            len(beside),
            tuple(beside[:SHOWN].tolist()),
        )
        return
    doubles = series.doubles()
    if len(doubles):
        yield Violation(
            RULE,
            TRAIN,
            ", ".join((*series.columns, time)),
            f"{len(doubles):,} {'row repeats' if len(doubles) == 1 else 'rows repeat'} the series and time of another: "
            f"{_points(series, doubles)}",
            "keep one row of each series and time: sum or choose, then publish anew; "
            "or name all columns of a series in `forecasting.series_columns`",
            len(doubles),
            tuple(doubles[:SHOWN].tolist()),
        )
        return
    yield from _judge_gaps(series, section, time)


def _judge_gaps(series: Series, section: Forecasting, time: str) -> Iterator[Violation]:
    gaps = series.gaps()
    if gaps.periods and section.gaps == "error":
        yield Violation(
            RULE,
            TRAIN,
            time,
            f"{gaps_in_words(series, gaps)}; every series needs a row each {section.frequency}, from its first to "
            f"{series.time(series.last)}",
            "publish the missing rows; or say what they mean: `forecasting.gaps: zero` (a target of 0) or `previous` "
            "(the row before again); or mend `forecasting.frequency`",
        )
    elif gaps.periods > min(MOST_ADDED, MOST_ADDED_PER_ROW * len(series.code)):
        yield Violation(
            RULE,
            TRAIN,
            time,
            f"`gaps: {section.gaps}` would add {gaps.periods:,} rows to the {len(series.code):,} that there are, with "
            f"one every {section.frequency}",
            "write a longer `forecasting.frequency`, or sum the rows to fewer periods before publishing",
        )


def gaps_in_words(series: Series, gaps: Gaps) -> str:
    """How many series lack how many periods, and where the first of them begin."""
    affected = np.unique(gaps.series)
    first = ", ".join(
        f"{series.shown(int(gaps.series[at]))} from {series.time(int(gaps.first[at]))} "
        f"({int(gaps.length[gaps.series == gaps.series[at]].sum()):,} in all)"
        for at in np.searchsorted(gaps.series, affected[:SHOWN])
    )
    more = ", …" if len(affected) > SHOWN else ""
    noun = "period is" if gaps.periods == 1 else "periods are"
    return f"{gaps.periods:,} {noun} missing in {len(affected):,} of {len(series.names):,} series: {first}{more}"


def _points(series: Series, rows: Integers) -> str:
    first = ", ".join(
        f"{series.shown(int(series.code[row]))} at {series.time(int(series.period[row]))}" for row in rows[:SHOWN]
    )
    return first + (", …" if len(rows) > SHOWN else "")
