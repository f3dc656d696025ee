"""Curves, calibration, confusion, residuals and queries."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from ml8s.evaluation.confusion import confusion
from ml8s.evaluation.curves import (
    MOST_POINTS,
    calibration_bins,
    calibration_error,
    gain_points,
    precision_recall_curve,
    roc_curve,
    threshold_curves,
)
from ml8s.evaluation.metrics import Sample
from ml8s.evaluation.queries import summarize_queries
from ml8s.evaluation.residuals import residuals
from ml8s.evaluation.thresholds import score_steps


@pytest.fixture
def binary() -> Sample:
    rng = np.random.default_rng(0)
    y = (rng.random(5000) < 0.2).astype(float)
    return Sample(y, np.clip(0.2 * y + rng.random(5000) * 0.8, 0, 1))


def area(x: tuple[float, ...], y: tuple[float, ...]) -> float:
    return float(np.trapezoid(y, x))


def test_the_roc_curve_runs_from_corner_to_corner_and_keeps_its_area(binary: Sample) -> None:
    curve = roc_curve(score_steps(binary.y, binary.scores))
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert len(curve.x) <= MOST_POINTS
    assert area(curve.x, curve.y) == pytest.approx(reference.roc_auc_score(binary.y, binary.scores), abs=2e-3)


def test_the_points_of_a_short_roc_curve_are_those_of_sklearn() -> None:
    y, scores = np.array([0.0, 1, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.5, 0.9])
    curve = roc_curve(score_steps(y, scores))
    fpr, tpr, _ = reference.roc_curve(y, scores, drop_intermediate=False)
    assert (list(curve.x), list(curve.y)) == (fpr.tolist(), tpr.tolist())


def test_precision_by_recall_ends_at_the_share_of_positives(binary: Sample) -> None:
    curve = precision_recall_curve(score_steps(binary.y, binary.scores))
    assert curve.x[-1] == 1.0
    assert curve.y[-1] == pytest.approx(binary.y.mean())


def test_recall_by_threshold_falls_from_one(binary: Sample) -> None:
    _, recall = threshold_curves(score_steps(binary.y, binary.scores))
    assert recall.y[0] == 1.0
    assert all(np.diff(recall.y) <= 0)
    assert all(np.diff(recall.x) > 0)


def test_gain_of_all_rows_is_everything_and_lift_one(binary: Sample) -> None:
    points = gain_points(binary)
    assert (points[-1].gain, points[-1].lift) == (1.0, 1.0)
    assert points[0].lift > 1.5


def test_rows_of_one_score_hold_their_positives_evenly() -> None:
    points = gain_points(Sample(np.array([1.0, 0, 1, 0]), np.full(4, 0.3)))
    assert all(point.gain == pytest.approx(point.share) for point in points)


def test_calibration_bins_hold_every_row_once_and_part_no_equal_scores() -> None:
    scores = np.repeat([0.1, 0.1, 0.2, 0.9], 25)
    bins = calibration_bins(Sample((np.arange(100) % 2).astype(float), scores))
    assert sum(one.rows for one in bins) == 100
    assert [one.lowest for one in bins] == [0.1, 0.2, 0.9]
    assert all(one.lowest == one.highest for one in bins)


def test_scores_that_are_true_probabilities_have_nearly_no_calibration_error() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random(50_000)
    y = (rng.random(50_000) < scores).astype(float)
    assert calibration_error(calibration_bins(Sample(y, scores))) < 0.01
    assert calibration_error(calibration_bins(Sample(y, scores**3))) > 0.1


def test_confusion_counts_rows_by_true_and_decided_class() -> None:
    found = confusion(Sample(np.array([0.0, 0, 1, 1, 1]), np.array([0.1, 0.6, 0.5, 0.4, 0.9])), ("no", "yes"))
    assert found.counts == ((1.0, 1.0), (1.0, 2.0))
    assert (found.classes[1].precision, found.classes[1].recall) == (2 / 3, 2 / 3)


def test_a_class_that_is_never_decided_has_a_precision_of_zero() -> None:
    scores = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    found = confusion(Sample(np.array([0.0, 2.0]), scores), ("a", "b", "c"))
    assert (found.classes[2].precision, found.classes[2].recall, found.classes[2].f1) == (0.0, 0.0, 0.0)


def test_residuals_count_every_row_and_show_the_bias() -> None:
    rng = np.random.default_rng(2)
    y = rng.normal(0, 1, 1000)
    found = residuals(Sample(y, y + 2 + rng.normal(0, 0.1, 1000)))
    assert sum(found.counts) == sum(found.rows) == 1000
    assert found.mean == pytest.approx(2, abs=0.02)


def test_residuals_of_a_perfect_model_are_drawn_too() -> None:
    found = residuals(Sample(np.array([1.0, 2.0]), np.array([1.0, 2.0])))
    assert sum(found.counts) == 2
    assert found.edges[0] < 0 < found.edges[-1]


def test_queries_without_a_relevant_row_are_counted_apart() -> None:
    rows = Sample(np.array([0.0, 0, 1, 0]), np.array([1.0, 2, 2, 1]), group=np.array([3, 3, 9, 9]))
    found = summarize_queries(rows, 10)
    assert (found.queries, found.without_relevant, found.mean_of_relevant, sum(found.counts)) == (2, 1, 1.0, 1)
