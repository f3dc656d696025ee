"""The matrix as a learner sees it: rows to fit on, and rows to judge by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml8s.artifacts import Json
from ml8s.data.folds import FIT, TUNE
from ml8s.scoring.shape import Floats, Shape

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows: x [n, features], y [n], weight [n] or None, group [n] (codes, contiguous) or None.

    Of forecasts also: series [n], codes; scale [n, 2], see ``ml8s.evaluation.metrics.Sample``; unit [n], the level
    that members learn in units of.
    """

    x: Floats
    y: Floats
    weight: Floats | None = None
    group: NDArray[np.int64] | None = None
    series: NDArray[np.int64] | None = None
    scale: Floats | None = None
    unit: Floats | None = None

    def __len__(self) -> int:
        return len(self.y)

    @property
    def group_sizes(self) -> NDArray[np.int64] | None:
        """How many rows each group has, in the order of rows; None without groups."""
        return None if self.group is None else np.diff(np.append(self.group_starts, len(self)))

    @property
    def group_starts(self) -> NDArray[np.int64]:
        """The first row of each group, in the order of rows."""
        if self.group is None or len(self) == 0:
            return np.zeros(0, dtype=np.int64)
        changed = np.flatnonzero(self.group[1:] != self.group[:-1]) + 1
        return np.concatenate([np.zeros(1, dtype=np.int64), changed])

    def take(self, part: slice | NDArray[np.bool_]) -> Rows:
        """Some of the rows; whole groups where there are groups."""
        return Rows(
            self.x[part],
            self.y[part],
            None if self.weight is None else self.weight[part],
            None if self.group is None else self.group[part],
            series=None if self.series is None else self.series[part],
            scale=None if self.scale is None else self.scale[part],
            unit=None if self.unit is None else self.unit[part],
        )

    def in_units(self, *, absolute: bool) -> Rows:
        """The rows as a learner sees them: the target in units, each row with the weight that its error has without.

        A loss of |y - f| equals unit * |y / unit - f / unit|, a squared one takes the unit's square.
        """
        if self.unit is None:
            return self
        mass = self.unit if absolute else self.unit * self.unit
        weight = mass if self.weight is None else mass * self.weight
        return replace(self, y=self.y / self.unit, weight=weight / weight.max(), unit=None)

    def from_units(self, scores: Floats) -> Floats:
        """A member's scores [n] of the rows in the unit of the target."""
        return scores if self.unit is None else scores * self.unit


@dataclass(frozen=True, slots=True)
class Matrix:
    """The matrix artifact.

    Attributes:
        shape: kind, number of classes and features.
        features: the names of the columns of x.
        categorical: column number -> number of codes, for columns whose codes have no order.
        target: the target as dataset.json describes it.
        inputs: digests of the artifacts that it was made from.
        all_rows: fit rows, then tune rows.
        fit_rows: how many of them are fit rows.
        folder: where its other arrays lie.
        unit: the feature that members learn in units of; None where they learn the target itself.
    """

    shape: Shape
    features: tuple[str, ...]
    categorical: Mapping[int, int]
    target: Mapping[str, Json]
    inputs: Mapping[str, Json]
    all_rows: Rows
    fit_rows: int
    folder: Path
    unit: str | None = None

    @property
    def fit(self) -> Rows:
        """The rows that trials are fitted on."""
        return self.all_rows.take(slice(0, self.fit_rows))

    @property
    def tune(self) -> Rows:
        """The rows that trials are judged by."""
        return self.all_rows.take(slice(self.fit_rows, None))

    def tune_column(self, name: str) -> NDArray[Any] | None:
        """One of the arrays file, row, weight, group and time for the tune rows; None where there is none."""
        values = _array(self.folder, name)
        return None if values is None else values[self.fit_rows :]


def read_matrix(folder: Path) -> Matrix:
    """Reads the matrix artifact; ValueError where it is of another schema or not sorted by fold."""
    head = json.loads((folder / "matrix.json").read_bytes())
    if head.get("schema") != SCHEMA:
        raise ValueError(f"not a matrix of schema {SCHEMA}")
    fold = np.load(folder / "fold.npy", allow_pickle=False)
    fit_rows = int(np.count_nonzero(fold == FIT))
    if (fold[:fit_rows] != FIT).any() or (fold[fit_rows:] != TUNE).any():
        raise ValueError("the rows of a matrix are fit rows, then tune rows")
    names = tuple(head["features"])
    categorical = {names.index(name): int(codes) for name, codes in head.get("categorical", {}).items()}
    x, y = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("x", "y"))
    unit = head.get("unit")
    levels = None if unit is None else np.ascontiguousarray(x[:, names.index(unit)])
    weight, group, series, scale = (_array(folder, name) for name in ("weight", "group", "series", "scale"))
    rows = Rows(x, y, weight, group, series=series, scale=scale, unit=levels)
    return Matrix(
        shape=Shape(head["kind"], int(head["classes"]), len(names)),
        features=names,
        categorical=categorical,
        target=head["target"],
        inputs=head["inputs"],
        all_rows=rows,
        fit_rows=fit_rows,
        folder=folder,
        unit=unit,
    )


def _array(folder: Path, name: str) -> NDArray[Any] | None:
    path = folder / f"{name}.npy"
    return np.load(path, allow_pickle=False) if path.exists() else None
