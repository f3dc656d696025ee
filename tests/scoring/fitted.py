"""Small fitted members of every family and kind of task."""

from __future__ import annotations

from functools import cache

import numpy as np

from ml8s.scoring.member import FAMILIES, Member
from ml8s.scoring.shape import Shape
from ml8s.search.learners import Learner, Task, learner_of
from ml8s.search.rows import Rows

KINDS = {"binary": 2, "multiclass": 3, "regression": 0, "ranking": 0}
CASES = [(estimator, kind) for estimator in FAMILIES for kind in KINDS]
FEATURES = 5
CATEGORY = 3


def shape_of(kind: str) -> Shape:
    return Shape(kind, KINDS[kind], FEATURES)


def rows_of(kind: str, count: int = 400, seed: int = 0) -> Rows:
    """Rows with NaN, an infinity, values beyond float32 and a column of category codes."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, FEATURES))
    x[:, CATEGORY] = random.integers(0, 6, size=count)
    noisy = x[:, 0] - x[:, 1] ** 2 + (x[:, CATEGORY] == 2) + random.normal(scale=0.5, size=count)
    x[random.random(x.shape) < 0.05] = np.nan
    x[5, 2], x[6, 2], x[7, 2] = 1e300, -np.inf, 1e-300
    edges = {"binary": [0.0], "multiclass": [-1.0, 0.5], "ranking": [-1.0, 0.0, 1.0]}
    y = noisy if kind == "regression" else np.digitize(noisy, edges[kind]).astype(np.float64)
    group = np.arange(count, dtype=np.int64) // 10 if kind == "ranking" else None
    return Rows(x, y, None, group)


def learner_for(estimator: str, kind: str, rows: Rows, *, seed: int = 0, threads: int = 1) -> Learner:
    return learner_of(estimator, Task(shape_of(kind), {CATEGORY: 6}, seed, threads), rows)


@cache
def fitted(estimator: str, kind: str) -> Member:
    """A member fitted at the first point that its search would try."""
    learner = learner_for(estimator, kind, rows_of(kind))
    return learner.fit(learner.configuration(learner.space().starts[0]))
