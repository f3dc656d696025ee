"""Metrics per value of a column: where a model is weak although the whole looks well."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml8s.artifacts import Json
from ml8s.config.metrics import BINARY, MULTICLASS
from ml8s.evaluation.frequency import by_frequency
from ml8s.evaluation.measured import measure
from ml8s.evaluation.metrics import Sample, weighted_mean
from ml8s.evaluation.wording import number
from ml8s.features.apply import nulls

MOST_VALUES: Final = 20
SMALLEST_ROWS: Final = 30
SMALLEST_CLASS: Final = 5
RANGES: Final = 4
MISSING: Final = "(missing)"
OTHERS: Final = "(all other values)"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SliceRow:
    """The test rows of one value: their number, mean target and score, and metrics.

    Means are None for multiclass and for fewer than 30 rows.

    ``metrics`` are None where a metric is undefined there; ``note`` says when there are too few rows to judge.
    """

    value: str
    rows: int
    target: float | None
    score: float | None
    metrics: dict[str, float | None]
    note: str = ""

    def to_json(self) -> dict[str, Json]:
        """The slice as the report holds it."""
        return {
            "value": self.value,
            "rows": self.rows,
            "target": self.target,
            "score": self.score,
            "metrics": dict(self.metrics),
            "note": self.note,
        }


def slice_rows(
    values: NDArray[Any], type_: str, kind: str, sample: Sample, names: Sequence[str]
) -> tuple[SliceRow, ...]:
    """One line per value of a column, by falling number of rows; numbers and times of many values by ranges.

    Args:
        values: [n], as ``ml8s.features.columns.read_columns`` gives the column.
        type_: the column's type.
        kind: binary, multiclass, regression or ranking.
        sample: the n rows.
        names: the metrics.
    """
    labels, codes = slice_codes(values, type_)
    lines = [_slice_row(labels[code], np.flatnonzero(codes == code), kind, sample, names) for code in np.unique(codes)]
    in_order = type_ not in ("string", "boolean") and len(set(values.tolist())) > MOST_VALUES
    return tuple(lines if in_order else sorted(lines, key=lambda line: (-line.rows, line.value)))


def slice_codes(values: NDArray[Any], type_: str) -> tuple[list[str], NDArray[np.int64]]:
    """The names of the slices, and for each row the position of its own: [n].

    A column of more than 20 values is cut: text into its 19 most frequent values (of at least 30 rows) and all
    others, numbers and times at their quartiles.
    """
    missing = nulls(values)
    present = values[~missing]
    distinct = sorted(set(present.tolist()))
    codes = np.zeros(values.size, dtype=np.int64)
    if len(distinct) <= MOST_VALUES:
        labels = [shown_value(value, type_) for value in distinct]
        position = {value: code for code, value in enumerate(distinct)}
        codes[~missing] = [position[value] for value in present.tolist()]
    elif type_ == "string":
        counted = by_frequency(present.tolist())[: MOST_VALUES - 1]
        frequent = [value for value, rows in counted if rows >= SMALLEST_ROWS]
        position = {value: code for code, value in enumerate(frequent)}
        labels = [*frequent, OTHERS]
        codes[~missing] = [position.get(value, len(frequent)) for value in present.tolist()]
    else:
        ranked = np.sort(present)
        cuts = np.unique([ranked[ranked.size * part // RANGES] for part in range(1, RANGES)])
        codes[~missing] = np.searchsorted(cuts, present, side="right")
        labels = _range_labels([shown_value(cut, type_) for cut in cuts.tolist()])
    codes[missing] = len(labels)
    return [*labels, MISSING], codes


def _range_labels(cuts: list[str]) -> list[str]:
    if not cuts:
        return ["all"]
    between = [f"{low} up to {high}" for low, high in pairwise(cuts)]
    return [f"below {cuts[0]}", *between, f"{cuts[-1]} and above"]


def shown_value(value: str | float, type_: str) -> str:
    """A value of a column of this type that is not null, as a reader knows it."""
    if isinstance(value, str):
        return value
    if type_ == "boolean":
        return "true" if value else "false"
    if type_ not in ("time", "date"):
        return number(value) if not math.isclose(value, round(value)) else f"{round(value)}"
    try:
        moment = EPOCH + timedelta(microseconds=int(value))
    except OverflowError:
        return str(value)
    return moment.date().isoformat() if type_ == "date" else moment.isoformat(sep=" ", timespec="seconds")[:-6]


def _slice_row(label: str, rows: NDArray[np.int64], kind: str, sample: Sample, names: Sequence[str]) -> SliceRow:
    part = sample.take(rows)
    weight = part.weight if part.weight is not None and part.weight.any() else None
    note = _too_small(kind, part)
    # The mean of very few rows would tell the target of each.
    hidden = kind == MULTICLASS or rows.size < SMALLEST_ROWS
    target = None if hidden else weighted_mean(part.y, weight)
    score = None if hidden else weighted_mean(part.scores, weight)
    measured = measure([] if note else names, kind, part)
    return SliceRow(label, rows.size, target, score, {name: measured.value(name) for name in names}, note)


def _too_small(kind: str, sample: Sample) -> str:
    if sample.y.size < SMALLEST_ROWS:
        return f"too few rows to judge (fewer than {SMALLEST_ROWS})"
    if kind == BINARY and min(np.count_nonzero(sample.y), np.count_nonzero(sample.y == 0)) < SMALLEST_CLASS:
        return f"too few rows of one class (fewer than {SMALLEST_CLASS})"
    return ""
