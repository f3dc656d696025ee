"""Points: bounded work, within their ranges, and FLAML's own sequence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flaml import AutoML
from flaml.automl.model import BaseEstimator
from hypothesis import given, settings
from hypothesis import strategies as st

from ml8s.scoring.member import FAMILIES
from ml8s.scoring.shape import Shape
from ml8s.search.flaml_search import PointSearch, domain
from ml8s.search.learners import Learner, Task, learner_of
from ml8s.search.rows import Rows
from ml8s.search.space import Choice, Range, work_limit


def learner_for(estimator: str, rows: int, columns: int, kind: str = "binary") -> Learner:
    task = Task(Shape(kind, {"binary": 2, "multiclass": 26}.get(kind, 0), columns), {}, 0)
    return learner_of(estimator, task, Rows(np.broadcast_to(0.0, (rows, columns)), np.zeros(rows)))


@pytest.mark.parametrize("estimator", FAMILIES)
@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize(("rows", "columns"), [(60, 3), (5_000, 400), (200_000, 20), (3_000_000, 50)])
def test_no_point_is_beyond_its_range_or_the_bound_on_work(estimator: str, kind: str, rows: int, columns: int) -> None:
    learner = learner_for(estimator, rows, columns, kind)
    space, limit = learner.space(), work_limit(600)
    points = PointSearch(space, learner.work, limit, seed=3)
    random = np.random.default_rng(0)
    asked = 0
    while asked < 40 and (answer := points.ask()) is not None:
        name, point = answer
        assert set(point) == set(space.ranges)
        for key, one in space.ranges.items():
            if isinstance(one, Choice):
                assert point[key] in one.values
            else:
                assert one.lower <= float(point[key]) <= one.upper * (1 + 1e-12)
                assert isinstance(point[key], int) == one.whole
        assert learner.work(point) <= max(limit, min(map(learner.work, space.starts)))
        # Larger is better here, so that the search runs into its bound.
        points.tell(name, point, -learner.work(point) * random.uniform(0.9, 1.0))
        asked += 1
    assert asked >= 1


@given(st.floats(1, 604800))
def test_the_bound_on_work_is_two_to_sixty_seconds(budget: float) -> None:
    assert 4e8 <= work_limit(budget) <= 1.2e10


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31 - 1), st.integers(1, 25))
def test_points_depend_on_the_losses_told_and_the_seed(seed: int, count: int) -> None:
    learner = learner_for("xgboost", 1000, 8)
    sequences = []
    for _ in range(2):
        points = PointSearch(learner.space(), learner.work, work_limit(600), seed)
        random = np.random.default_rng(seed)
        sequence = []
        for _ in range(count):
            answer = points.ask()
            assert answer is not None
            sequence.append(answer[1])
            points.tell(*answer, float(random.normal()))
        sequences.append(sequence)
    assert sequences[0] == sequences[1]


def test_a_failed_point_does_not_end_the_search() -> None:
    learner = learner_for("lgbm", 1000, 8)
    points = PointSearch(learner.space(), learner.work, work_limit(600), 0)
    for index in range(12):
        answer = points.ask()
        assert answer is not None
        points.tell(*answer, float("inf") if index % 2 else float(index))


def test_ranges_say_what_they_are() -> None:
    assert Range(1, 2) == Range(1, 2, log=False, whole=False)


def loss_of(point: dict[str, float]) -> float:
    """A smooth made-up loss of a point, that no learner is needed for."""
    return float(sum((math.log(float(value)) - 0.3 * rank) ** 2 for rank, value in enumerate(point.values())))


def test_the_points_are_those_that_flamls_automl_tries() -> None:
    """AutoML by its deterministic settings and our loop ask the same searcher: the sequences are equal to the bit."""
    space = learner_for("lgbm", 1000, 8).space()
    tried: list[dict[str, float]] = []

    class Recorder(BaseEstimator):
        @classmethod
        def search_space(cls, data_size: object, task: object, **_: object) -> dict[str, object]:
            cheap = space.cheap
            return {
                name: {"domain": domain(one)} | ({"low_cost_init_value": cheap[name]} if name in cheap else {})
                for name, one in space.ranges.items()
            }

        def fit(self, *_: object, **__: object) -> float:
            return 0.0

    def metric(*arguments: object) -> tuple[float, dict[str, float]]:
        config = dict(arguments[8])  # type: ignore[call-overload]
        tried.append(config)
        return loss_of(config), {"pred_time": 0.0}

    automl = AutoML()
    automl.add_learner("recorder", Recorder)
    random = np.random.default_rng(0)
    x, y = random.normal(size=(1000, 8)), random.integers(0, 2, size=1000)
    automl.fit(
        x, y, X_val=x[:50], y_val=y[:50], task="binary", metric=metric, estimator_list=["recorder"],
        time_budget=-1, max_iter=40, hpo_method="cfo", learner_selector="roundrobin", eval_method="holdout",
        seed=5, early_stop=False, model_history=False, skip_transform=True, auto_augment=False, sample=False,
        retrain_full=False, starting_points={"recorder": [dict(point) for point in space.starts]}, verbose=0,
    )  # fmt: skip
    points = PointSearch(space, lambda point: 1.0, 2.0, seed=5)
    ours = []
    for _ in range(40):
        answer = points.ask()
        assert answer is not None
        ours.append(dict(answer[1]))
        points.tell(*answer, loss_of(ours[-1]))
    assert tried == ours
