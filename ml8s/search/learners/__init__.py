"""Learners: one file per family fits members and says what a search may try."""

from __future__ import annotations

from ml8s.search.learners.learner import Learner, Task
from ml8s.search.rows import Rows


def learner_of(estimator: str, task: Task, rows: Rows) -> Learner:
    """The learner of an estimator of the config; KeyError where there is none."""
    if estimator == "lgbm":
        from ml8s.search.learners.boosted_lightgbm import LightGBMLearner

        return LightGBMLearner(task, rows)
    if estimator == "xgboost":
        from ml8s.search.learners.boosted_xgboost import XGBoostLearner

        return XGBoostLearner(task, rows)
    if estimator in ("rf", "extra_tree"):
        from ml8s.search.learners.forests import ForestLearner

        return ForestLearner(estimator, task, rows)
    if estimator == "linear":
        from ml8s.search.learners.lines import LinearLearner

        return LinearLearner(task, rows)
    raise KeyError(estimator)


__all__ = ["Learner", "Task", "learner_of"]
