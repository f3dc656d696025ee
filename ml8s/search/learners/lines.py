"""Linear models: logistic regression for classes, ridge regression for values."""

from __future__ import annotations

from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

from ml8s.config.metrics import BINARY, MULTICLASS
from ml8s.scoring.linear import WIDEST, LinearMember, Standardization, category_codes
from ml8s.scoring.shape import Floats
from ml8s.search.learners.filling import medians
from ml8s.search.learners.learner import Configuration, Task
from ml8s.search.rows import Rows
from ml8s.search.space import Point, Range, Space

_LARGEST: Final = 1e30
_ITERATIONS: Final = 300


class LinearLearner:
    """Fits linear models on some rows, standardized once."""

    def __init__(self, task: Task, rows: Rows) -> None:
        self._task = task
        self._rows = rows
        self._ready: tuple[Standardization, Floats] | None = None

    @property
    def _classifies(self) -> bool:
        return self._task.shape.kind in (BINARY, MULTICLASS)

    def space(self) -> Space:
        """See ``Learner.space``: the strength of the L2 penalty, for each row of weight 1."""
        return Space(ranges={"penalty": Range(1e-6, 10.0, log=True)}, starts=({"penalty": 1e-3},), cheap={})

    def work(self, point: Point) -> float:
        """See ``Learner.work``: every fit passes over all cells a bounded number of times."""
        columns = len(self._rows) * sum(min(codes, WIDEST) for codes in self._task.categorical.values())
        return float(self._rows.x.size + columns) * (_ITERATIONS * max(1, self._task.shape.classes - 1) * 0.05)

    def configuration(self, point: Point) -> Configuration:
        """See ``Learner.configuration``."""
        return dict(point)

    def fit(self, configuration: Configuration) -> LinearMember:
        """See ``Learner.fit``."""
        standardization, z = self._standardized()
        rows = self._rows
        weight = np.ones(len(rows)) if rows.weight is None else rows.weight
        strength = float(configuration["penalty"]) * float(weight.sum())  # type: ignore[arg-type]
        shape = self._task.shape
        if not self._classifies:
            ridge = Ridge(alpha=strength, solver="cholesky").fit(z, rows.y, sample_weight=weight)
            return LinearMember(
                standardization, np.atleast_2d(ridge.coef_), np.atleast_1d(np.float64(ridge.intercept_)), shape
            )
        fitted = LogisticRegression(C=1.0 / strength, max_iter=_ITERATIONS).fit(z, rows.y, sample_weight=weight)
        return LinearMember(standardization, *self._outputs(fitted), shape)

    def _outputs(self, fitted: LogisticRegression) -> tuple[Floats, Floats]:
        """Coefficients and intercepts of all outputs; a class without a fit row gets probability 0."""
        classes = fitted.classes_.astype(np.int64)
        if self._task.shape.kind == BINARY or len(classes) == self._task.shape.classes:
            return fitted.coef_, fitted.intercept_
        coefficient = np.zeros((self._task.shape.classes, fitted.coef_.shape[1]))
        intercept = np.full(self._task.shape.classes, -1e4)
        if len(classes) == 2:
            coefficient[classes[1]], intercept[classes] = fitted.coef_[0], (0.0, fitted.intercept_[0])
        else:
            coefficient[classes], intercept[classes] = fitted.coef_, fitted.intercept_
        return coefficient, intercept

    def _standardized(self) -> tuple[Standardization, Floats]:
        if self._ready is None:
            x = self._rows.x
            median = medians(x)
            filled = np.clip(np.where(np.isnan(x), median, x), -_LARGEST, _LARGEST)
            mean, spread = filled.mean(axis=0), filled.std(axis=0)
            width = np.ones(x.shape[1], dtype=np.int32)
            for feature, codes in sorted(self._task.categorical.items()):
                width[feature] = codes if codes <= WIDEST else 1
            standardization = Standardization(
                width=width,
                median=median,
                low=filled.min(axis=0),
                high=filled.max(axis=0),
                mean=mean,
                scale=np.where(spread > 0, spread, 1.0),
            )
            self._ready = (standardization, _design(x, standardization))
        return self._ready


def _design(x: Floats, standardization: Standardization) -> Floats:
    """The columns that have coefficients [n, sum of widths]: standardized numbers, and 0 or 1 for each code."""
    columns = []
    for feature, width in enumerate(standardization.width.tolist()):
        if width == 1:
            columns.append(standardization.column(x, feature))
            continue
        code, known = category_codes(x[:, feature], width)
        columns += [(known & (code == one)).astype(np.float64) for one in range(width)]
    return np.stack(columns, axis=1)
