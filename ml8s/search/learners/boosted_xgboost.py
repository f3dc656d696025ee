"""XGBoost: gradient boosting on histograms, and LambdaMART for rankings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xgboost

from ml8s.config.metrics import MULTICLASS
from ml8s.scoring.shape import Floats, within_float32
from ml8s.scoring.xgboost_trees import OBJECTIVES
from ml8s.scoring.xgboost_ubj import XGBoostMember
from ml8s.search.learners.learner import Configuration, Task
from ml8s.search.objectives import Objective, row_weights
from ml8s.search.rows import Rows
from ml8s.search.space import Point, Range, Space


class XGBoostLearner:
    """Fits XGBoost boosters on some rows; rows are binned once."""

    def __init__(self, task: Task, rows: Rows) -> None:
        self._task = task
        self._rows = rows
        self._binned: xgboost.QuantileDMatrix | None = None

    def space(self) -> Space:
        """See ``Learner.space``."""
        rows = len(self._rows)
        most_trees, most_leaves = max(5, min(8192, rows)), max(5, min(2048, rows))
        return Space(
            ranges={
                "num_boost_round": Range(4, most_trees, log=True, whole=True),
                "max_leaves": Range(4, most_leaves, log=True, whole=True),
                "min_child_weight": Range(0.001, 128, log=True),
                "learning_rate": Range(1 / 1024, 1.0, log=True),
                "subsample": Range(0.1, 1.0),
                "colsample_bylevel": Range(0.01, 1.0),
                "colsample_bytree": Range(0.01, 1.0),
                "alpha": Range(1 / 1024, 1024, log=True),
                "lambda": Range(1 / 1024, 1024, log=True),
            },
            starts=(_start(min(100, most_trees), min(31, most_leaves)), _start(4, 4)),
            cheap={"num_boost_round": 4, "max_leaves": 4},
        )

    def work(self, point: Point) -> float:
        """See ``Learner.work``: trees x (rows x columns x levels / 2 + leaves x bins x columns)."""
        trees = float(point["num_boost_round"]) * max(1, self._task.shape.classes - 1)
        leaves = float(point["max_leaves"])
        columns = self._task.shape.features * max(float(point["colsample_bytree"]), 0.1)
        return 1.6 * trees * columns * (len(self._rows) * math.log2(leaves) / 2 + leaves * 256)

    def configuration(self, point: Point) -> Configuration:
        """See ``Learner.configuration``."""
        return dict(point)

    def fit(self, configuration: Configuration) -> XGBoostMember:
        """See ``Learner.fit``."""
        own = {name: value for name, value in configuration.items() if name != "num_boost_round"}
        rounds = int(configuration["num_boost_round"])  # type: ignore[arg-type]
        booster = xgboost.train({**self._fixed(), **own}, self._data(), num_boost_round=rounds)
        return XGBoostMember(booster, self._task.shape)

    def _fixed(self) -> dict[str, Any]:
        shape = self._task.shape
        fixed: dict[str, Any] = {
            "objective": OBJECTIVES.get(shape.kind, self._task.objective.xgboost),
            "tree_method": "hist",
            "grow_policy": "lossguide",
            "max_depth": 0,
            "nthread": self._task.threads,
            "seed": self._task.seed,
            "verbosity": 0,
        }
        if shape.kind == MULTICLASS:
            fixed["num_class"] = shape.classes
        return fixed

    def _data(self) -> xgboost.QuantileDMatrix:
        """The rows in bins; made once, they are the same for every configuration."""
        if self._binned is None:
            rows = self._rows
            self._binned = xgboost.QuantileDMatrix(
                np.ascontiguousarray(within_float32(rows.x)),
                rows.y,
                weight=_weights(rows, self._task.objective),
                group=rows.group_sizes,
                nthread=self._task.threads,
            )
        return self._binned


def _weights(rows: Rows, objective: Objective) -> Floats | None:
    """Row weights; in a ranking XGBoost takes one weight per query: the mean of its rows."""
    if rows.weight is None or rows.group is None:
        return row_weights(rows, objective)
    means: Floats = np.add.reduceat(rows.weight, rows.group_starts) / rows.group_sizes
    return means


def _start(rounds: int, leaves: int) -> Point:
    return {
        "num_boost_round": rounds,
        "max_leaves": leaves,
        "min_child_weight": 1.0,
        "learning_rate": 0.1,
        "subsample": 1.0,
        "colsample_bylevel": 1.0,
        "colsample_bytree": 1.0,
        "alpha": 1 / 1024,
        "lambda": 1.0,
    }
