"""Linear members: logistic regression (classification) or ridge regression, as plain arrays.

z = intercept + sum over features of coefficient * ((x - mean) / scale), summed in the order of features, because a
matrix product gives a row alone other bits than the row in a batch. NaN is replaced by the median of the fitting rows;
values are brought within ``low`` and ``high`` of the fitting rows, beyond which a line says nothing. A feature of
``width`` w > 1 is a category: its code 0 … w-1 adds a coefficient of its own, NaN or another code adds nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml8s.artifacts import write_json
from ml8s.config.metrics import BINARY, MULTICLASS
from ml8s.plain_arrays import write_array
from ml8s.scoring.arrays import read_array
from ml8s.scoring.refusal import refused
from ml8s.scoring.shape import Floats, Shape

SCHEMA: Final = 1
# The most codes that a category may have for coefficients of its own.
WIDEST: Final = 64
_DTYPE: Final = np.dtype("<f8")
_COLUMNS: Final = ("high", "low", "mean", "median", "scale")
_WIDTH: Final = np.dtype("<i4")
FILES: Final = ("coefficient.npy", *(f"{name}.npy" for name in _COLUMNS), "intercept.npy", "linear.json", "width.npy")


@dataclass(frozen=True, slots=True)
class Standardization:
    """How columns are filled, bounded and scaled; each attribute has the shape [features].

    ``width`` is how many coefficients a feature has: 1 for a number, its number of codes for a category.
    """

    width: NDArray[np.int32]
    median: Floats
    low: Floats
    high: Floats
    mean: Floats
    scale: Floats

    def column(self, x: Floats, feature: int) -> Floats:
        """One standardized column [n]."""
        values = x[:, feature]
        filled = np.where(np.isnan(values), self.median[feature], values)
        bounded = np.clip(filled, self.low[feature], self.high[feature])
        return np.asarray((bounded - self.mean[feature]) / self.scale[feature])


class LinearMember:
    """A fitted linear model: coefficient [outputs, sum of widths], intercept [outputs]."""

    family = "linear"

    def __init__(self, standardization: Standardization, coefficient: Floats, intercept: Floats, shape: Shape) -> None:
        self._standardization = standardization
        self._coefficient = coefficient
        self._intercept = intercept
        self._shape = shape

    def score(self, x: Floats, threads: int = 1) -> Floats:
        """See ``Member.score``; the work is numpy's and takes one thread."""
        if len(x) == 0:
            return self._shape.empty()
        z = np.tile(self._intercept[:, None], (1, len(x)))
        start = 0
        for feature, width in enumerate(self._standardization.width.tolist()):
            own = self._coefficient[:, start : start + width]
            if width == 1:
                z += own * self._standardization.column(x, feature)
            else:
                code, known = category_codes(x[:, feature], width)
                z += np.where(known, own[:, code], 0.0)
            start += width
        if self._shape.kind == MULTICLASS:
            return softmax(z)
        return logistic(z[0]) if self._shape.kind == BINARY else z[0].copy()

    def write(self, folder: Path) -> None:
        """See ``Member.write``."""
        write_json(folder / "linear.json", {"schema": SCHEMA, "kind": self._shape.kind})
        write_array(folder / "coefficient.npy", self._coefficient.astype(_DTYPE))
        write_array(folder / "intercept.npy", self._intercept.astype(_DTYPE))
        for name in _COLUMNS:
            write_array(folder / f"{name}.npy", getattr(self._standardization, name).astype(_DTYPE))
        write_array(folder / "width.npy", self._standardization.width.astype(_WIDTH))


def category_codes(values: Floats, width: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The codes of a category's values [n], 0 where it is none of 0 … width-1, and which of them are codes."""
    known = (values >= 0) & (values < width) & (values == np.floor(values))
    return np.where(known, values, 0.0).astype(np.int64), known


def logistic(z: Floats) -> Floats:
    """1 / (1 + exp(-z)), without overflow."""
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1.0, small) / (1.0 + small))


def softmax(z: Floats) -> Floats:
    """The softmax of scores [classes, n] as [n, classes]; classes are summed in their order."""
    exponentials = np.exp(z - z.max(axis=0))
    total = exponentials[0].copy()
    for row in exponentials[1:]:
        total += row
    return np.ascontiguousarray((exponentials / total).T)


def read(folder: Path, shape: Shape) -> LinearMember:
    """Opens a linear model; raises ModelFileRefused where its arrays do not fit the shape."""
    path = folder / "linear.json"
    try:
        known = json.loads(path.read_bytes()) == {"schema": SCHEMA, "kind": shape.kind}
    except (ValueError, RecursionError):
        known = False
    if not known:
        raise refused(path, f"it is no linear model of schema {SCHEMA} for a {shape.kind} target")
    outputs = shape.classes if shape.kind == MULTICLASS else 1
    columns = {name: _finite(folder, name, (shape.features,)) for name in _COLUMNS}
    if not (columns["scale"] > 0).all():
        raise refused(path, "a scale is not positive")
    width = read_array(folder, "width", _WIDTH, (shape.features,))
    if ((width < 1) | (width > WIDEST)).any():
        raise refused(path, "a width is none of a feature")
    coefficient = _finite(folder, "coefficient", (outputs, int(width.sum())))
    intercept = _finite(folder, "intercept", (outputs,))
    return LinearMember(Standardization(width=width, **columns), coefficient, intercept, shape)


def _finite(folder: Path, name: str, shape: tuple[int, ...]) -> Floats:
    values = read_array(folder, name, _DTYPE, shape).astype(np.float64)
    if not np.isfinite(values).all():
        raise refused(folder / f"{name}.npy", "a value is not finite")
    return values
