"""Few tune rows are not trusted alone: the fit rows take turns in judging a trial, part by part."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from ml8s.evaluation.metrics import compute
from ml8s.search.candidate import read_candidate
from ml8s.search.learners import Task, learner_of
from ml8s.search.rounds import FEW, PARTS, Round, parts_of, rounds_of
from ml8s.search.rows import Rows, read_matrix
from tests.search.hand_made_matrices import KINDS, make_config, make_matrix
from tests.search.step_runs import run_search

METRIC = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse", "ranking": "ndcg@10"}


def rounds(folder: Path, kind: str, *, strategy: str = "random", wanted: bool = True) -> tuple[Round, ...]:
    return rounds_of(read_matrix(folder), METRIC[kind], strategy, 0, cross_validation=wanted)


def rows_of(rows: Rows) -> list[bytes]:
    """Each row as bytes."""
    return [row.tobytes() for row in rows.x]


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_judges_once_and_is_never_fitted_in_its_own_round(tmp_path: Path, kind: str) -> None:
    matrix = make_matrix(tmp_path / "m", kind, weighted=True)
    found = rounds(matrix, kind)
    data = read_matrix(matrix)
    assert len(found) == 1 + PARTS
    assert np.array_equal(found[0].fit.x, data.fit.x, equal_nan=True)
    assert np.array_equal(found[0].judge.tune.y, data.tune.y)
    judged = [row for one in found for row in rows_of(one.judge.tune)]
    assert sorted(judged) == sorted(rows_of(data.all_rows))
    for one in found:
        assert not set(rows_of(one.fit)) & set(rows_of(one.judge.tune))
        assert len(one.fit) + len(one.judge.tune) == len(data.all_rows)
        assert one.fit.weight is not None
        assert len(one.fit.weight) == len(one.fit)


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_each_class_is_spread_evenly(tmp_path: Path, kind: str) -> None:
    found = rounds(make_matrix(tmp_path / "m", kind, rows=900), kind)
    shares = [np.bincount(one.judge.tune.y.astype(int)) for one in found[1:]]
    assert np.ptp(shares, axis=0).max() <= 1


def test_a_query_is_never_cut(tmp_path: Path) -> None:
    for one in rounds(make_matrix(tmp_path / "m", "ranking"), "ranking"):
        assert one.fit.group is not None
        assert one.judge.tune.group is not None
        assert not set(one.fit.group.tolist()) & set(one.judge.tune.group.tolist())


def test_equal_rows_share_a_part_and_order_moves_no_row(tmp_path: Path) -> None:
    rows = read_matrix(make_matrix(tmp_path / "m", "binary")).fit
    twice = Rows(np.concatenate([rows.x, rows.x]), np.concatenate([rows.y, rows.y]))
    part = parts_of(twice, 0, classes=True)
    assert np.array_equal(part[: len(rows)], part[len(rows) :])
    order = np.random.default_rng(3).permutation(len(rows))
    moved = parts_of(Rows(rows.x[order], rows.y[order]), 0, classes=True)
    assert np.array_equal(moved, part[: len(rows)][order])
    assert not np.array_equal(parts_of(rows, 1, classes=True), part[: len(rows)]), "the seed is in the key"


@pytest.mark.parametrize(("strategy", "wanted"), [("time", True), ("group", True), ("random", False)])
def test_rows_that_may_not_change_places_and_off_give_one_round(tmp_path: Path, strategy: str, wanted: bool) -> None:
    assert len(rounds(make_matrix(tmp_path / "m", "binary"), "binary", strategy=strategy, wanted=wanted)) == 1


def test_enough_tune_rows_are_trusted_alone(tmp_path: Path) -> None:
    assert len(rounds(make_matrix(tmp_path / "few", "binary", rows=4 * FEW), "binary")) == 1 + PARTS
    assert len(rounds(make_matrix(tmp_path / "many", "binary", rows=4 * FEW + 4), "binary")) == 1


def test_a_part_without_one_of_the_classes_takes_no_turn(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path / "m", "binary")
    y, fold = np.load(matrix / "y.npy"), np.load(matrix / "fold.npy")
    rare = np.flatnonzero((y == 1) & (fold == 0))[2:]
    np.save(matrix / "y.npy", np.where(np.isin(np.arange(len(y)), rare), 0.0, y))
    assert len(rounds(matrix, "binary")) == 1 + 2


@pytest.mark.parametrize("estimator", ["lgbm", "xgboost", "rf", "linear"])
def test_a_trials_value_is_the_mean_of_its_rounds(tmp_path: Path, estimator: str) -> None:
    matrix = make_matrix(tmp_path / "m", "binary", weighted=True)
    config = make_config("binary", automl={"max_trials": 2, "cross_validation": "auto"})
    outputs = run_search(tmp_path / "s", matrix, config, estimator)
    candidate = read_candidate(outputs.folders["candidate"])
    data = read_matrix(matrix)
    task = Task(data.shape, data.categorical, config.seed)
    values = []
    for one in rounds_of(data, "roc_auc", "random", config.seed, cross_validation=True):
        tune = one.judge.tune
        member = learner_of(estimator, task, one.fit).fit(candidate.configuration)
        values.append(compute("roc_auc", tune.y, member.score(tune.x), weight=tune.weight))
    assert len(set(values)) == candidate.rounds == 5
    assert candidate.value == fmean(values)
    assert np.array_equal(candidate.tune_scores, candidate.member.score(data.tune.x)), "tune's scores are not mixed"


@pytest.mark.parametrize("estimator", ["lgbm", pytest.param("xgboost", marks=pytest.mark.slow), "rf"])
def test_threads_and_a_replay_change_no_byte(tmp_path: Path, estimator: str) -> None:
    matrix = make_matrix(tmp_path / "m", "binary", rows=400)
    config = make_config("binary", automl={"max_trials": 3, "cross_validation": "auto"})
    one = run_search(tmp_path / "1", matrix, config, estimator, threads=1)
    two = run_search(tmp_path / "2", matrix, config, estimator, threads=2)
    replayed = run_search(tmp_path / "3", matrix, config, estimator, replay=3)
    assert one.digests == two.digests == replayed.digests


def test_off_judges_on_tune_alone(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path / "m", "binary")
    values = {}
    for judged in ("auto", "off"):
        config = make_config("binary", automl={"max_trials": 1, "cross_validation": judged})
        folder = run_search(tmp_path / judged, matrix, config, "lgbm").folders["candidate"]
        values[judged] = json.loads((folder / "candidate.json").read_bytes())
    assert (values["auto"]["rounds"], values["off"]["rounds"]) == (5, 1)
    assert values["auto"]["value"] != values["off"]["value"]
