"""The constant baseline."""

from __future__ import annotations

import numpy as np
import pytest

from ml8s.config.metrics import BINARY, MULTICLASS, RANKING, REGRESSION
from ml8s.evaluation.baseline import learn_baseline
from ml8s.evaluation.metrics import Sample, compute


def sample(y: list[float], **more: object) -> Sample:
    return Sample(np.array(y, dtype=float), np.zeros(len(y)), **more)  # type: ignore[arg-type]


def test_two_classes_get_the_weighted_share_of_the_positive_one() -> None:
    baseline = learn_baseline(BINARY, np.array([1.0, 0.0, 0.0]), np.array([3.0, 1.0, 1.0]))
    assert baseline.shares == (0.4, 0.6)
    measured = baseline.measure(["roc_auc", "brier_score"], sample([1, 0]))
    assert measured.values == {"roc_auc": 0.5, "brier_score": pytest.approx((0.16 + 0.36) / 2)}


def test_its_decision_is_the_most_frequent_class_whatever_the_models_threshold() -> None:
    baseline = learn_baseline(BINARY, np.array([1.0, 0.0, 0.0, 0.0]), None)
    measured = baseline.measure(["accuracy", "recall"], sample([1, 0, 0], threshold=0.01))
    assert measured.values == {"accuracy": 2 / 3, "recall": 0.0}


def test_several_classes_get_their_shares() -> None:
    baseline = learn_baseline(MULTICLASS, np.array([0.0, 1.0, 1.0, 2.0]), None, 4)
    assert baseline.shares == (0.25, 0.5, 0.25, 0.0)
    test_rows = Sample(np.array([1.0]), np.zeros((1, 4)))
    assert baseline.measure(["log_loss"], test_rows).values == {"log_loss": pytest.approx(np.log(2))}


def test_squared_errors_meet_the_mean_and_absolute_errors_the_median() -> None:
    y = np.array([1.0, 2.0, 12.0])
    baseline = learn_baseline(REGRESSION, y, None)
    measured = baseline.measure(["rmse", "mae", "r2"], sample([1, 2, 12]))
    assert measured.value("mae") == compute("mae", y, [2, 2, 2])
    assert measured.value("rmse") == compute("rmse", y, [5, 5, 5])
    assert measured.value("r2") == 0.0


def test_the_median_is_weighted() -> None:
    assert learn_baseline(REGRESSION, np.array([5.0, 1.0]), np.array([1.0, 3.0])).median == 1.0
    assert learn_baseline(REGRESSION, np.array([5.0, 1.0]), np.array([0.0, 0.0])).median == 1.0


def test_a_ranking_is_compared_with_random_order() -> None:
    baseline = learn_baseline(RANKING, np.array([1.0]), None)
    rows = sample([1, 0], group=np.array([7, 7]))
    assert baseline.measure(["ndcg@1"], rows).values == {"ndcg@1": 0.5}


def test_a_metric_that_the_baseline_has_not_keeps_the_reason() -> None:
    measured = learn_baseline(BINARY, np.array([1.0, 0.0]), None).measure(["roc_auc"], sample([1, 1]))
    assert not measured.values
    assert "both classes" in measured.undefined["roc_auc"]
