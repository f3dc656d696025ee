"""Calibration maps and thresholds learned on tune, against scikit-learn's and by their own laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from ml8s.scoring.calibration import Calibration, IsotonicMap, SigmoidMap, log_odds, read_calibration
from ml8s.scoring.linear import logistic
from ml8s.search.decision import fit_isotonic, fit_sigmoid


def sample(seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    p = np.round(random.uniform(0.01, 0.99, size=count), 2)
    y = (random.uniform(size=count) < p**2).astype(np.float64)
    return p, y, random.uniform(0.1, 2.0, size=count)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 200))
def test_isotonic_levels_are_those_of_scikit_learn(seed: int, count: int) -> None:
    p, y, weight = sample(seed, count)
    ours = fit_isotonic(p, y, weight)
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p, y, sample_weight=weight)
    grid = np.linspace(-0.1, 1.1, 400)
    assert np.allclose(ours(grid), theirs.predict(grid), atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 200))
def test_calibration_does_not_depend_on_the_order_of_rows(seed: int, count: int) -> None:
    p, y, weight = sample(seed, count)
    order = np.random.default_rng(seed).permutation(count)
    assert fit_isotonic(p, y, weight) == fit_isotonic(p[order], y[order], weight[order])
    assert fit_sigmoid(p, y, weight) == fit_sigmoid(p[order], y[order], weight[order])


@pytest.mark.parametrize("seed", range(5))
def test_a_sigmoid_is_the_minimum_of_its_log_loss(seed: int) -> None:
    p, y, weight = sample(seed, 300)
    one = fit_sigmoid(p, y, weight)
    positive, negative = (weight * y).sum(), (weight * (1 - y)).sum()
    goal = np.where(y > 0.5, (positive + 1) / (positive + 2), 1 / (negative + 2))

    def loss(slope: float, intercept: float) -> float:
        f = slope * log_odds(p) + intercept
        return float(-(weight * (goal * np.log(logistic(f)) + (1 - goal) * np.log(logistic(-f)))).sum())

    at = loss(one.slope, one.intercept)
    for slope, intercept in ((0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01)):
        assert loss(one.slope + slope, one.intercept + intercept) > at


@pytest.mark.parametrize(
    ("p", "y"),
    [([0.5, 0.5], [0, 1]), ([0.1, 0.9], [0, 1]), ([0.0, 1.0], [1, 0]), ([0.3], [1]), ([0.0, 0.0, 1.0], [0, 0, 0])],
)
def test_degenerate_rows_have_finite_maps(p: list[float], y: list[float]) -> None:
    ones = np.ones(len(p))
    sigmoid = fit_sigmoid(np.array(p), np.array(y, dtype=np.float64), ones)
    assert np.isfinite([sigmoid.slope, sigmoid.intercept]).all()
    isotonic = fit_isotonic(np.array(p), np.array(y, dtype=np.float64), ones)
    assert np.isfinite(isotonic(np.linspace(0, 1, 11))).all()


def test_a_calibration_read_back_is_the_same() -> None:
    for one in (
        Calibration("sigmoid", (SigmoidMap(1.5, -0.25),)),
        Calibration("isotonic", (IsotonicMap((0.1, 0.7), (0.0, 1.0)),)),
    ):
        assert read_calibration(one.to_json(), 1) == one
    assert read_calibration(None, 1) is None
    with pytest.raises(ValueError, match="map"):
        read_calibration(Calibration("sigmoid", ()).to_json(), 1)


def test_classes_whose_maps_all_say_zero_keep_their_probabilities() -> None:
    zero = IsotonicMap((0.0, 1.0), (0.0, 0.0))
    scores = np.array([[0.2, 0.8], [0.6, 0.4]])
    assert np.array_equal(Calibration("isotonic", (zero, zero)).apply(scores), scores)
