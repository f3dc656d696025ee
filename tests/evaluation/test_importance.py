"""Permutation importance, and the choice of rows that bounds its cost."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml8s.evaluation.importance import permutation_importance, rows_afforded, shuffle_generator
from ml8s.evaluation.metrics import Sample
from ml8s.evaluation.row_choice import choose_rows
from ml8s.features.apply import apply
from ml8s.features.manifest import Feature, FeatureManifest, SourceColumn

ROWS = 1500


@pytest.fixture(scope="module")
def fitted() -> tuple[FeatureManifest, dict[str, np.ndarray], np.ndarray, lightgbm.Booster]:
    """A small real model: the target follows ``strong`` and the category, not ``noise``."""
    rng = np.random.default_rng(0)
    columns: dict[str, np.ndarray] = {
        "strong": rng.normal(size=ROWS),
        "noise": rng.normal(size=ROWS),
        "kind": np.array(["a", "b", None], dtype=object)[rng.integers(0, 3, ROWS)],
    }
    y = columns["strong"] + 0.4 * (columns["kind"] == "a") > 0.3
    features = (
        Feature("strong", "", "number", ("strong",)),
        Feature("noise", "", "number", ("noise",)),
        Feature("kind", "", "category", ("kind",), categories=("a", "b")),
        Feature("kind.is_null", "", "is_null", ("kind",)),
    )
    sources = tuple(
        SourceColumn(n, t, True) for n, t in (("kind", "string"), ("noise", "number"), ("strong", "number"))
    )
    manifest = FeatureManifest({}, "binary", {}, sources, (), features)
    x = apply(manifest, columns)
    parameters = {"objective": "binary", "verbosity": -1, "num_threads": 1, "deterministic": True, "seed": 1}
    model = lightgbm.train(parameters, lightgbm.Dataset(x, y.astype(float)), 25)
    return manifest, columns, y.astype(float), model


def importance(fitted: tuple, **more: object) -> dict[str, float]:
    manifest, columns, y, model = fitted
    x = apply(manifest, columns)
    before = x.copy()
    sample = Sample(y, model.predict(x))
    found = permutation_importance("roc_auc", sample, columns, manifest, model.predict, x=x, seed=3, **more)
    assert np.array_equal(x, before, equal_nan=True)
    return {one.column: one.mean for one in found}


def test_a_column_that_decides_is_important_and_noise_is_not(fitted: tuple) -> None:
    found = importance(fitted)
    assert next(iter(found)) == "strong"
    assert found["strong"] > 0.2
    assert found["kind"] > 0.005
    assert abs(found["noise"]) < 0.005


def test_it_is_the_same_again(fitted: tuple) -> None:
    assert importance(fitted) == importance(fitted)


def test_a_metric_where_less_is_better_has_positive_importance_too(fitted: tuple) -> None:
    manifest, columns, y, model = fitted
    x = apply(manifest, columns)
    found = permutation_importance(
        "log_loss", Sample(y, model.predict(x)), columns, manifest, model.predict, x=x, seed=3
    )
    assert found[0].column == "strong"
    assert found[0].mean > 0
    assert found[0].lowest <= found[0].mean <= found[0].highest


def test_a_shuffle_depends_on_seed_column_and_repeat_only() -> None:
    orders = {
        tuple(shuffle_generator(seed, column, repeat).permutation(20).tolist())
        for seed in (0, 1)
        for column in ("a", "b")
        for repeat in (0, 1)
    }
    assert len(orders) == 8


@pytest.mark.parametrize("columns", [1, 10, 50, 100, 1000, 5000])
def test_the_number_of_scored_rows_is_bounded(columns: int) -> None:
    rows = rows_afforded(columns)
    assert 2000 <= rows <= 20_000
    assert rows == 2000 or rows * columns * 3 <= 3_000_000


@given(st.lists(st.integers(0, 2**64 - 1), max_size=40, unique=True), st.integers(1, 40), st.randoms())
def test_the_choice_of_rows_does_not_depend_on_their_order(hashes: list[int], most: int, random: object) -> None:
    values = np.array(hashes, dtype=np.uint64)
    shuffled = values.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    chosen, again = choose_rows(values, most), choose_rows(shuffled, most)
    assert len(chosen) == min(most, len(hashes))
    assert set(values[chosen].tolist()) == set(shuffled[again].tolist())
    assert chosen.tolist() == sorted(chosen.tolist())


def test_whole_queries_are_chosen_while_they_fit() -> None:
    group = np.repeat(np.arange(10), 7)
    hashes = np.random.default_rng(0).integers(0, 2**63, 70).astype(np.uint64)
    chosen = choose_rows(hashes, 30, group)
    assert 0 < len(chosen) <= 30
    assert all(count == 7 for count in np.unique(group[chosen], return_counts=True)[1])


def test_one_query_longer_than_the_bound_is_still_chosen() -> None:
    assert len(choose_rows(np.arange(9, dtype=np.uint64), 3, np.zeros(9, dtype=np.int64))) == 9
