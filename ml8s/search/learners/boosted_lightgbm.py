"""LightGBM: gradient boosting, and LambdaRank for rankings.

``deterministic`` with ``force_col_wise`` gives one model for every number of threads; row-wise histograms do not.
"""

from __future__ import annotations

import math
from typing import Any, Final

import lightgbm
import numpy as np

from ml8s.config.metrics import BINARY, MULTICLASS, RANKING
from ml8s.scoring.lightgbm_text import LightGBMMember
from ml8s.search.learners.learner import Configuration, Task
from ml8s.search.objectives import row_weights
from ml8s.search.rows import Rows
from ml8s.search.space import Point, Range, Space

_OBJECTIVES: Final = {BINARY: "binary", MULTICLASS: "multiclass", RANKING: "lambdarank"}


class LightGBMLearner:
    """Fits LightGBM boosters on some rows; rows are binned once per ``max_bin``."""

    def __init__(self, task: Task, rows: Rows) -> None:
        self._task = task
        self._rows = rows
        self._binned: tuple[int, lightgbm.Dataset] | None = None

    def space(self) -> Space:
        """See ``Learner.space``."""
        rows = len(self._rows)
        most_trees, most_leaves = max(5, min(8192, rows)), max(5, min(2048, rows))
        return Space(
            ranges={
                "num_iterations": Range(4, most_trees, log=True, whole=True),
                "num_leaves": Range(4, most_leaves, log=True, whole=True),
                "min_data_in_leaf": Range(2, 128, log=True, whole=True),
                "learning_rate": Range(1 / 1024, 1.0, log=True),
                "log_max_bin": Range(3, 10, log=True, whole=True),
                "feature_fraction": Range(0.01, 1.0),
                "lambda_l1": Range(1 / 1024, 1024, log=True),
                "lambda_l2": Range(1 / 1024, 1024, log=True),
            },
            starts=(
                _start(min(100, most_trees), min(31, most_leaves), lambda_l2=1 / 1024),
                _start(4, 4, lambda_l2=1.0),
            ),
            cheap={"num_iterations": 4, "num_leaves": 4},
        )

    def work(self, point: Point) -> float:
        """See ``Learner.work``: trees x (rows x columns x levels / 2 + leaves x bins x columns)."""
        trees = float(point["num_iterations"]) * max(1, self._task.shape.classes - 1)
        leaves = float(point["num_leaves"])
        columns = self._task.shape.features * max(float(point["feature_fraction"]), 0.1)
        bins: float = 2.0 ** float(point["log_max_bin"])
        return trees * columns * (len(self._rows) * math.log2(leaves) / 2 + leaves * bins)

    def configuration(self, point: Point) -> Configuration:
        """See ``Learner.configuration``."""
        own = {name: value for name, value in point.items() if name != "log_max_bin"}
        return {**own, "max_bin": (1 << int(point["log_max_bin"])) - 1}

    def fit(self, configuration: Configuration) -> LightGBMMember:
        """See ``Learner.fit``."""
        own = {name: value for name, value in configuration.items() if name != "num_iterations"}
        parameters = {**self._fixed(), **own}
        data = self._dataset(int(parameters["max_bin"]))
        rounds = int(configuration["num_iterations"])  # type: ignore[arg-type]
        booster = lightgbm.train(parameters, data, num_boost_round=rounds)
        return LightGBMMember(booster, self._task.shape)

    def _fixed(self) -> dict[str, Any]:
        shape = self._task.shape
        fixed: dict[str, Any] = {
            "objective": _OBJECTIVES.get(shape.kind, self._task.objective.lightgbm),
            "metric": "none",
            "deterministic": True,
            "force_col_wise": True,
            "feature_pre_filter": False,
            "num_threads": self._task.threads,
            "seed": self._task.seed,
            "verbose": -1,
        }
        if shape.kind == MULTICLASS:
            fixed["num_class"] = shape.classes
        return fixed

    def _dataset(self, max_bin: int) -> lightgbm.Dataset:
        """The rows in bins; kept for the next fit with as many bins."""
        if self._binned is None or self._binned[0] != max_bin:
            self._binned = None
            rows = self._rows
            parameters = {**self._fixed(), "max_bin": max_bin}
            data = lightgbm.Dataset(
                np.ascontiguousarray(rows.x),
                rows.y,
                weight=row_weights(rows, self._task.objective),
                group=rows.group_sizes,
                categorical_feature=sorted(self._task.categorical),
                params=parameters,
                free_raw_data=True,
            )
            self._binned = (max_bin, data.construct())
        return self._binned[1]


def _start(iterations: int, leaves: int, *, lambda_l2: float) -> Point:
    """A point to try first: LightGBM's own defaults, but for the size."""
    return {
        "num_iterations": iterations,
        "num_leaves": leaves,
        "min_data_in_leaf": 20,
        "learning_rate": 0.1,
        "log_max_bin": 8,
        "feature_fraction": 1.0,
        "lambda_l1": 1 / 1024,
        "lambda_l2": lambda_l2,
    }
