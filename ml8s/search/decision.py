"""What is learned on the tune rows beside the model: a calibration of its probabilities and a decision threshold."""

from __future__ import annotations

import numpy as np

from ml8s.config.metrics import BINARY, MULTICLASS
from ml8s.evaluation.thresholds import best_threshold
from ml8s.scoring.calibration import Calibration, CalibrationMap, IsotonicMap, SigmoidMap, log_odds
from ml8s.scoring.linear import logistic
from ml8s.scoring.shape import Floats
from ml8s.search.rows import Rows

DEFAULT_THRESHOLD = 0.5
_NEWTON_STEPS = 100
_HALVINGS = 40


def learn_calibration(method: str, kind: str, scores: Floats, tune: Rows) -> Calibration | None:
    """Learns a calibration from scores of the tune rows; None for ``off`` and for tasks without probabilities.

    Args:
        method: off, sigmoid or isotonic.
        kind: the kind of task.
        scores: [n] or [n, classes], by a model that never saw these rows.
        tune: the rows; their weights count.
    """
    if method == "off" or kind not in (BINARY, MULTICLASS):
        return None
    weight = np.ones(len(tune)) if tune.weight is None else tune.weight
    learn = fit_sigmoid if method == "sigmoid" else fit_isotonic
    if kind == BINARY:
        return Calibration(method, (learn(scores, tune.y, weight),))
    maps: tuple[CalibrationMap, ...] = tuple(
        learn(scores[:, index], (tune.y == index).astype(np.float64), weight) for index in range(scores.shape[1])
    )
    return Calibration(method, maps)


def fit_sigmoid(p: Floats, y: Floats, weight: Floats) -> SigmoidMap:
    """Slope and intercept of the weighted logistic regression of y on log_odds(p), by Newton's method.

    Targets are Platt's (1999): (n1 + 1) / (n1 + 2) and 1 / (n0 + 2) instead of 1 and 0, so that separable rows have a
    finite answer. A step is halved until it makes the loss smaller (Lin, Lin and Weng 2007).
    """
    order = np.lexsort((weight, y, p))
    z, y, weight = log_odds(p[order]), y[order], weight[order]
    positive, negative = float((weight * y).sum()), float((weight * (1 - y)).sum())
    goal = np.where(y > 0.5, (positive + 1) / (positive + 2), 1 / (negative + 2))
    slope, intercept = 0.0, float(np.log((positive + 1) / (negative + 1)))
    loss = _log_loss(slope * z + intercept, goal, weight)
    for _ in range(_NEWTON_STEPS):
        step_slope, step_intercept = _newton_step(z, logistic(slope * z + intercept) - goal, slope, intercept, weight)
        for _ in range(_HALVINGS):
            nearer = _log_loss((slope - step_slope) * z + intercept - step_intercept, goal, weight)
            if nearer < loss:
                break
            step_slope, step_intercept = step_slope / 2, step_intercept / 2
        else:
            break
        slope, intercept, loss = slope - step_slope, intercept - step_intercept, nearer
    return SigmoidMap(slope, intercept)


def _log_loss(f: Floats, goal: Floats, weight: Floats) -> float:
    """The weighted log loss of log-odds f against goals between 0 and 1."""
    return float((weight * (np.maximum(f, 0.0) + np.log1p(np.exp(-np.abs(f))) - goal * f)).sum())


def _newton_step(z: Floats, error: Floats, slope: float, intercept: float, weight: Floats) -> tuple[float, float]:
    fitted = logistic(slope * z + intercept)
    curve = weight * fitted * (1 - fitted) + 1e-12
    a, b, c = float((curve * z * z).sum()), float((curve * z).sum()), float(curve.sum())
    g, h = float((weight * error * z).sum()), float((weight * error).sum())
    determinant = a * c - b * b
    if determinant <= 1e-12 * a * c:
        # One distinct score: only the intercept is determined.
        return 0.0, h / c
    return (c * g - b * h) / determinant, (a * h - b * g) / determinant


def fit_isotonic(p: Floats, y: Floats, weight: Floats) -> IsotonicMap:
    """The never-falling step function nearest to y in weighted squares (pool adjacent violators), as its knots.

    Knots are the ends of each level, so that a straight line joins one level to the next.
    """
    kept = weight > 0
    order = np.lexsort((weight[kept], y[kept], p[kept]))
    p, y, weight = p[kept][order], y[kept][order], weight[kept][order]
    starts = np.flatnonzero(np.r_[True, p[1:] != p[:-1]])
    mass, total = np.add.reduceat(weight, starts), np.add.reduceat(weight * y, starts)
    # Each block: its first and last score, weight, and weighted sum of y.
    blocks: list[tuple[float, float, float, float]] = []
    for score, one_mass, one_total in zip(p[starts].tolist(), mass.tolist(), total.tolist(), strict=True):
        block = (score, score, one_mass, one_total)
        while blocks and blocks[-1][3] * block[2] >= block[3] * blocks[-1][2]:
            before = blocks.pop()
            block = (before[0], block[1], before[2] + block[2], before[3] + block[3])
        blocks.append(block)
    x: list[float] = []
    level: list[float] = []
    for first, last, one_mass, one_total in blocks:
        height = min(max(one_total / one_mass, level[-1] if level else 0.0), 1.0)
        for score in (first,) if first == last else (first, last):
            x.append(score)
            level.append(height)
    return IsotonicMap(tuple(x), tuple(level))


def decide_threshold(asked: float | str | None, kind: str, scores: Floats, tune: Rows) -> float | None:
    """The decision threshold of a binary score: the number asked for, the best on tune by a metric, or 0.5."""
    if kind != BINARY:
        return None
    if asked is None:
        return DEFAULT_THRESHOLD
    if isinstance(asked, str):
        return best_threshold(asked, tune.y, scores, tune.weight)
    return float(asked)
