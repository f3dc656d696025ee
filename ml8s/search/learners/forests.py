"""Random forests and extra trees, by scikit-learn, taken out as plain arrays.

One thread: scikit-learn adds the trees' predictions in the order in which threads finish.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor

from ml8s.config.metrics import BINARY, MULTICLASS
from ml8s.scoring.forest import ForestArrays, ForestMember
from ml8s.scoring.shape import Floats, within_float32
from ml8s.search.learners.filling import medians
from ml8s.search.learners.learner import Configuration, Task
from ml8s.search.rows import Rows
from ml8s.search.space import Choice, Point, Range, Space

Forest: TypeAlias = RandomForestClassifier | RandomForestRegressor | ExtraTreesClassifier | ExtraTreesRegressor

_ESTIMATORS = {
    ("rf", True): RandomForestClassifier,
    ("rf", False): RandomForestRegressor,
    ("extra_tree", True): ExtraTreesClassifier,
    ("extra_tree", False): ExtraTreesRegressor,
}


class ForestLearner:
    """Fits forests on some rows, of classes or values; no config asks them to rank."""

    def __init__(self, estimator: str, task: Task, rows: Rows) -> None:
        self._estimator = estimator
        self._task = task
        self._rows = rows
        self._median: Floats | None = None
        self._x: NDArray[np.float32] | None = None

    @property
    def _classifies(self) -> bool:
        return self._task.shape.kind in (BINARY, MULTICLASS)

    def space(self) -> Space:
        """See ``Learner.space``."""
        rows, columns = len(self._rows), self._task.shape.features
        share = 1 / math.sqrt(columns) if self._classifies else 1.0
        ranges: dict[str, Range | Choice] = {
            "n_estimators": Range(4, max(5, min(1024, rows)), log=True, whole=True),
            "max_features": Range(min(0.1, share), 1.0, log=True),
            "max_leaf_nodes": Range(4, max(5, min(16384, rows // 2)), log=True, whole=True),
        }
        start: dict[str, int | float | str] = {"max_features": share}
        if self._classifies:
            ranges["criterion"] = Choice(("gini", "entropy"))
            start["criterion"] = "gini"
        leaves = max(5, min(1024, rows // 2))
        return Space(
            ranges=ranges,
            starts=(
                {"n_estimators": min(50, max(5, rows)), "max_leaf_nodes": leaves, **start},
                {"n_estimators": 4, "max_leaf_nodes": 4, **start},
            ),
            cheap={"n_estimators": 4, "max_leaf_nodes": 4},
        )

    def work(self, point: Point) -> float:
        """See ``Learner.work``: trees x tried columns x rows x levels, times 12 for sorting in random forests."""
        columns = max(1.0, float(point["max_features"]) * self._task.shape.features)
        levels = math.log2(float(point["max_leaf_nodes"]))
        passes = 12 if self._estimator == "rf" else 2
        return passes * float(point["n_estimators"]) * columns * len(self._rows) * levels

    def configuration(self, point: Point) -> Configuration:
        """See ``Learner.configuration``."""
        return dict(point)

    def fit(self, configuration: Configuration) -> ForestMember:
        """See ``Learner.fit``."""
        if self._median is None:
            self._median = medians(self._rows.x)
            filled = np.where(np.isnan(self._rows.x), self._median, self._rows.x)
            self._x = within_float32(filled).astype(np.float32)
        forest = _ESTIMATORS[self._estimator, self._classifies](**configuration, n_jobs=1, random_state=self._task.seed)
        forest.fit(self._x, self._rows.y, sample_weight=self._rows.weight)
        return ForestMember(self._arrays(forest), self._task.shape)

    def _arrays(self, forest: Forest) -> ForestArrays:
        trees = [one.tree_ for one in forest.estimators_]
        counts = [tree.node_count for tree in trees]
        left = np.concatenate([tree.children_left for tree in trees]).astype(np.int32)
        inner = left >= 0
        value = np.concatenate([tree.value[:, 0, :] for tree in trees])
        assert self._median is not None
        return ForestArrays(
            offset=np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)]),
            left=left,
            right=np.concatenate([tree.children_right for tree in trees]).astype(np.int32),
            feature=np.where(inner, np.concatenate([tree.feature for tree in trees]), 0).astype(np.int32),
            threshold=np.where(inner, np.concatenate([tree.threshold for tree in trees]), 0.0),
            value=self._spread(value, forest),
            median=self._median,
        )

    def _spread(self, value: Floats, forest: Forest) -> Floats:
        """Shares of all classes: a class without a fit row has a share of zero everywhere."""
        if not self._classifies or value.shape[1] == self._task.shape.classes:
            return np.ascontiguousarray(value)
        spread = np.zeros((len(value), self._task.shape.classes))
        spread[:, forest.classes_.astype(np.int64)] = value
        return spread
