"""NDCG: the gain, the ties, the queries without a relevant row."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from ml8s.evaluation.metrics import UndefinedMetric, compute


def test_one_query_by_hand() -> None:
    grades, scores = [3, 0, 1], [0.2, 0.9, 0.5]
    dcg = 0 / math.log2(2) + 1 / math.log2(3) + 7 / math.log2(4)
    ideal = 7 / math.log2(2) + 1 / math.log2(3)
    assert compute("ndcg@10", grades, scores, group=[5, 5, 5]) == pytest.approx(dcg / ideal, rel=1e-15)
    assert compute("ndcg@2", grades, scores, group=[5, 5, 5]) == pytest.approx(1 / math.log2(3) / ideal, rel=1e-15)


def test_it_equals_sklearn_on_the_gains_of_each_query() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(30), 12)
    grades = rng.integers(0, 5, group.size).astype(float)
    grades[::12] = 1
    scores = np.round(rng.random(group.size), 1)
    each = [ndcg_score([2.0 ** grades[group == q] - 1], [scores[group == q]], k=5) for q in range(30)]
    assert compute("ndcg@5", grades, scores, group=group) == pytest.approx(np.mean(each), rel=1e-12)


def test_a_query_without_a_relevant_row_counts_as_one() -> None:
    value = compute("ndcg@1", [0, 0, 0, 1], [1, 2, 2, 1], group=[1, 1, 2, 2])
    assert value == (1.0 + 0.0) / 2


def test_equal_scores_give_the_expectation_of_a_random_order() -> None:
    grades = np.array([2.0, 0.0, 1.0, 1.0])
    orders = list(itertools.permutations(range(4)))
    mean = np.mean([compute("ndcg@3", grades, order, group=[0] * 4) for order in orders])
    assert compute("ndcg@3", grades, np.zeros(4), group=[0] * 4) == pytest.approx(mean, rel=1e-12)


def test_the_ideal_order_gives_exactly_one() -> None:
    rng = np.random.default_rng(1)
    group = rng.integers(0, 40, 500)
    grades = rng.integers(0, 5, 500).astype(float)
    assert compute("ndcg@10", grades, grades, group=group) == 1.0


def test_a_query_weighs_the_mean_of_its_rows() -> None:
    value = compute("ndcg@1", [0, 1, 0, 1], [0, 1, 1, 0], weight=[2, 4, 1, 1], group=[1, 1, 2, 2])
    assert value == 3.0 / 4.0


def test_grades_without_a_finite_gain_are_refused() -> None:
    with pytest.raises(UndefinedMetric, match="finite"):
        compute("ndcg@1", [0, 2000], [0, 1], group=[0, 0])
    with pytest.raises(UndefinedMetric, match="zero or greater"):
        compute("ndcg@1", [0, -1], [0, 1], group=[0, 0])
