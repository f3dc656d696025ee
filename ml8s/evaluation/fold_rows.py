"""Rows of one fold: raw columns, target, weight and group, read from the snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml8s.config.metrics import BINARY, FORECASTING, MULTICLASS
from ml8s.data.dataset import Dataset, label_text
from ml8s.data.folds import NAMES, TEST, Folds
from ml8s.data.hashing import hash_rows, words_of
from ml8s.features.forecast.section import NAIVE, SCALE, SERIES, SQUARED_SCALE, STEPS
from ml8s.features.matrix import Rows, Source, group_codes
from ml8s.features.target import encode_target

Floats = NDArray[np.float64]

HASH_KEY: Final = "ml8s evaluation rows 1"


@dataclass(frozen=True, slots=True)
class FoldTargets:
    """Target and weight of every row of one fold, [rows of the fold]; weight None where there is no such column."""

    y: Floats
    weight: Floats | None


@dataclass(frozen=True, slots=True)
class ForecastPoints:
    """Rows as points of series.

    Attributes:
        series: codes [n].
        steps: periods from the origin of the forecast to the row [n].
        naive: the seasonal naive forecast [n].
        scale: [n, 2], see ``ml8s.evaluation.metrics.Sample``.
    """

    series: NDArray[np.int64]
    steps: NDArray[np.int64]
    naive: Floats
    scale: Floats


@dataclass(frozen=True, slots=True)
class FoldRows:
    """The rows of one fold, sorted by file and row.

    Attributes:
        rows: file and row number of each.
        columns: raw columns by name: those that features are made from, and those that slices ask for.
        y: the encoded target [n].
        weight: [n] or None.
        group: query codes [n] or None.
        time: microseconds since 1970 UTC [n] or None.
        points: what forecasts of the rows are judged with; None for other tasks.
    """

    rows: Rows
    columns: Mapping[str, NDArray[Any]]
    y: Floats
    weight: Floats | None
    group: NDArray[np.int64] | None
    time: NDArray[np.int64] | None
    points: ForecastPoints | None = None


def rows_of_fold(folds: Folds, fold: int) -> Rows:
    """The rows of one fold, sorted by file and row."""
    chosen = np.flatnonzero(folds.fold == fold)
    return Rows(folds.file[chosen], folds.row[chosen], folds.fold[chosen])


def read_fold_targets(source: Source, folds: Folds) -> dict[str, FoldTargets]:
    """Target and weight of each fold that takes part, by its name: fit, tune, test."""
    dataset = source.dataset
    chosen = np.flatnonzero(folds.fold <= TEST)
    rows = Rows(folds.file[chosen], folds.row[chosen], folds.fold[chosen])
    y = encode_target(source.column(dataset.target.column, rows), dataset.target)
    weight = None if dataset.weight_column is None else source.column(dataset.weight_column, rows)
    targets = {}
    for fold in range(TEST + 1):
        of_fold = rows.fold == fold
        targets[NAMES[fold]] = FoldTargets(y[of_fold], None if weight is None else weight[of_fold])
    return targets


def read_fold_rows(source: Source, rows: Rows, names: Sequence[str], targets: FoldTargets) -> FoldRows:
    """Reads some columns of a fold's rows; ``targets`` is what was read of the same rows before."""
    group, time = source.dataset.group_column, source.dataset.time_column
    return FoldRows(
        rows=rows,
        columns={name: source.column(name, rows) for name in names},
        y=targets.y,
        weight=targets.weight,
        group=None if group is None else group_codes(source.column(group, rows)),
        time=None if time is None else source.column(time, rows),
        points=read_points(source, rows) if source.dataset.kind == FORECASTING else None,
    )


def read_points(source: Source, rows: Rows) -> ForecastPoints:
    """What forecasts of some rows are judged with, from the attached aggregates artifact."""
    return ForecastPoints(
        series=source.column(SERIES, rows).astype(np.int64),
        steps=source.column(STEPS, rows).astype(np.int64),
        naive=source.column(NAIVE, rows),
        scale=np.stack([source.column(name, rows) for name in (SCALE, SQUARED_SCALE)], axis=1),
    )


def identity_hashes(snapshot: Path, dataset: Dataset, rows: Rows) -> NDArray[np.uint64]:
    """A hash of each row's identity (primary key, ``split.identity`` or all columns), in the order of the rows.

    It depends on the row alone: other rows, their order and the file's layout do not change it.
    """
    from pyarrow import parquet

    hashes = np.empty(len(rows), dtype=np.uint64)
    types = {column.name: column.type for column in dataset.columns}
    for file, (path, _) in enumerate(dataset.places(snapshot)):
        chosen = rows.file == file
        if not chosen.any():
            continue
        words = []
        with parquet.ParquetFile(path) as table:
            for name in dataset.identity:
                values = table.read(columns=[name], use_threads=False).column(0)
                whole = np.concatenate([words_of(chunk, types[name]) for chunk in values.chunks])
                words.append(whole[rows.row[chosen]])
        hashes[chosen] = hash_rows(words, HASH_KEY)
    return hashes


def class_rows(dataset: Dataset, y: Floats) -> list[int] | None:
    """Rows per class in the order of ``class_labels``; None for a target that has no classes."""
    if dataset.kind not in (BINARY, MULTICLASS) or dataset.target.classes is None:
        return None
    counts = np.bincount(y.astype(np.int64), minlength=len(dataset.target.classes))
    return [int(count) for count in counts]


def class_labels(dataset: Dataset) -> tuple[str, ...]:
    """The classes as text, by the index that the encoded target has: of a binary one the positive class is last."""
    classes = dataset.target.classes or ()
    shown = [label_text(label) for label in classes]
    if dataset.kind == BINARY and dataset.target.positive == 0:
        shown.reverse()
    return tuple(shown)
