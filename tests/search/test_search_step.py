"""The search step: a function of the matrix, the config and the number of trials, and of nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from ml8s.errors import EnvironmentNotPinned, SearchFailed, UnsuitableTarget
from ml8s.evaluation.metrics import compute
from ml8s.scoring.member import FAMILIES, Member
from ml8s.search import stopping
from ml8s.search.candidate import read_candidate
from ml8s.search.learners import Learner
from ml8s.search.learners.fitting import fit
from ml8s.steps.context import Progress
from tests.search.hand_made_matrices import KINDS, make_config, make_matrix
from tests.search.step_runs import run_search

BURNER = "while True: sum(range(10000))"


@pytest.fixture
def busy() -> Iterator[None]:
    """Two processes that keep both cores busy."""
    burners = [subprocess.Popen([sys.executable, "-c", BURNER]) for _ in range(2)]
    yield
    for burner in burners:
        burner.kill()
        burner.wait()


def trials_of(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "trials.jsonl").read_bytes().splitlines()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("estimator", FAMILIES)
def test_threads_and_the_folder_change_no_byte(tmp_path: Path, kind: str, estimator: str) -> None:
    config = make_config(kind, automl={"max_trials": 4})
    matrix = make_matrix(tmp_path / "m", kind, rows=300, weighted=True, categories=True)
    elsewhere = make_matrix(tmp_path / "another" / "place", kind, rows=300, weighted=True, categories=True)
    one = run_search(tmp_path / "1", matrix, config, estimator, threads=1)
    two = run_search(tmp_path / "2", elsewhere, config, estimator, threads=2)
    assert one.digests == two.digests
    assert one.facts == two.facts
    assert one.facts["trials"] == 4


@pytest.mark.parametrize("estimator", ["lgbm", "xgboost"])
@pytest.mark.parametrize("metric", ["mae", "mape"])
def test_threads_change_no_byte_of_a_fit_on_absolute_errors(tmp_path: Path, estimator: str, metric: str) -> None:
    config = make_config("regression", metric=metric, automl={"max_trials": 3})
    matrix = make_matrix(tmp_path / "m", "regression", rows=2000, weighted=True)
    one = run_search(tmp_path / "1", matrix, config, estimator, threads=1)
    three = run_search(tmp_path / "3", matrix, config, estimator, threads=3)
    assert one.digests == three.digests
    candidate = read_candidate(one.folders["candidate"])
    scores = candidate.member.score(np.load(matrix / "x.npy")[np.load(matrix / "fold.npy") == 1])
    assert np.array_equal(scores, candidate.tune_scores)


@pytest.mark.parametrize("estimator", ["lgbm", "xgboost"])
@pytest.mark.parametrize("metric", ["mae", "wape", "mape"])
def test_the_loss_fits_the_metric(tmp_path: Path, estimator: str, metric: str) -> None:
    """With errors that are mostly positive and now and then huge, a mean is a bad answer and a median a good one."""
    matrix = make_matrix(tmp_path / "m", "regression", rows=2000)
    random = np.random.default_rng(1)
    np.save(matrix / "y.npy", np.exp(np.load(matrix / "y.npy") + random.normal(scale=1.5, size=2000)))
    loss = {}
    for judged in (metric, "rmse"):
        config = make_config("regression", metric=judged, automl={"max_trials": 1})
        folder = run_search(tmp_path / judged, matrix, config, estimator).folders["candidate"]
        y = np.load(matrix / "y.npy")[np.load(matrix / "fold.npy") == 1]
        loss[judged] = compute(metric, y, read_candidate(folder).tune_scores)
    assert loss[metric] < 0.95 * loss["rmse"]


@pytest.mark.parametrize("estimator", ["lgbm", "xgboost"])
def test_three_threads_under_load_change_no_byte(tmp_path: Path, estimator: str, busy: None) -> None:
    config = make_config("binary", automl={"max_trials": 3})
    matrix = make_matrix(tmp_path / "m", "binary", rows=2000, categories=True)
    one = run_search(tmp_path / "1", matrix, config, estimator, threads=1)
    three = run_search(tmp_path / "3", matrix, config, estimator, threads=3)
    assert one.digests == three.digests


@pytest.mark.parametrize("estimator", ["lgbm", "xgboost", "rf"])
def test_a_budgeted_search_replayed_by_its_count_gives_the_same_bytes(
    tmp_path: Path, estimator: str, busy: None
) -> None:
    config = make_config("binary", automl={"time_budget": 2})
    matrix = make_matrix(tmp_path / "m", "binary")
    budgeted = run_search(tmp_path / "budgeted", matrix, config, estimator, budget=1.0)
    count = budgeted.facts["trials"]
    assert isinstance(count, int)
    assert count >= 1
    replayed = run_search(tmp_path / "replayed", matrix, config, estimator, replay=count)
    assert replayed.digests == budgeted.digests


def test_a_shorter_search_is_the_beginning_of_a_longer_one(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path / "m", "regression")
    logs = []
    for count in (3, 9):
        config = make_config("regression", automl={"max_trials": count})
        logs.append(trials_of(run_search(tmp_path / str(count), matrix, config, "lgbm").folders["trial_log"]))
    assert logs[1][:3] == logs[0]
    assert len({json.dumps(trial["configuration"]) for trial in logs[1]}) == 9


def test_a_spent_budget_still_gives_one_trial_and_max_trials_ends_first(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path / "m", "binary")
    config = make_config("binary", automl={"max_trials": 2, "time_budget": 60})
    spent = run_search(tmp_path / "spent", matrix, config, "lgbm", budget=0.0)
    assert spent.facts["trials"] == 1
    ended = run_search(tmp_path / "ended", matrix, config, "lgbm", budget=60.0)
    assert ended.facts["trials"] == 2


@pytest.mark.parametrize("kind", KINDS)
def test_the_candidate_is_the_best_trial_and_its_value_that_of_its_scores(tmp_path: Path, kind: str) -> None:
    matrix = make_matrix(tmp_path / "m", kind, weighted=True)
    config = make_config(kind, automl={"max_trials": 8})
    outputs = run_search(tmp_path / "s", matrix, config, "lgbm")
    candidate = read_candidate(outputs.folders["candidate"])
    trials = trials_of(outputs.folders["trial_log"])
    values = [float(str(trial["value"])) for trial in trials]
    best = min(values) if candidate.metric in ("log_loss", "rmse") else max(values)
    assert candidate.value == best == outputs.facts["value"] == trials[-1]["best"]
    assert candidate.configuration == trials[values.index(best)]["configuration"]
    arrays = {name: np.load(matrix / f"{name}.npy") for name in ("x", "y", "fold", "weight")}
    tune = arrays["fold"] == 1
    scores = candidate.member.score(arrays["x"][tune])
    assert np.array_equal(scores, candidate.tune_scores)
    group = np.load(matrix / "group.npy")[tune] if kind == "ranking" else None
    again = compute(candidate.metric, arrays["y"][tune], scores, weight=arrays["weight"][tune], group=group)
    assert again == candidate.value


def test_weights_are_honoured(tmp_path: Path) -> None:
    for estimator in FAMILIES:
        plain = make_matrix(tmp_path / estimator / "plain", "binary")
        weighted = make_matrix(tmp_path / estimator / "weighted", "binary", weighted=True)
        config = make_config("binary", automl={"max_trials": 1})
        outputs = [run_search(m.parent / f"{m.name}-s", m, config, estimator) for m in (plain, weighted)]
        assert outputs[0].facts["value"] != outputs[1].facts["value"]


def test_another_seed_searches_in_other_directions(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path / "m", "binary")
    logs = []
    for seed in (0, 1):
        config = make_config("binary", seed=seed, automl={"max_trials": 6})
        logs.append(trials_of(run_search(tmp_path / str(seed), matrix, config, "lgbm").folders["trial_log"]))
    assert logs[0][:2] == logs[1][:2]
    assert logs[0][2:] != logs[1][2:]


def test_progress_is_told_after_every_trial(tmp_path: Path) -> None:
    told: list[Progress] = []
    matrix = make_matrix(tmp_path / "m", "binary")
    config = make_config("binary", automl={"max_trials": 3})
    run_search(tmp_path / "s", matrix, config, "lgbm", progress=told.append)
    assert [(one.done, one.total, one.unit) for one in told] == [(n, 3, "trials") for n in (1, 2, 3, 3)]
    assert [one.stopped_by for one in told] == ["", "", "", "max_trials"]
    assert all(one.best.startswith("roc_auc 0.") for one in told)


def test_no_artifact_tells_of_time_threads_or_places(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path / "m", "binary")
    for estimator in FAMILIES:
        config = make_config("binary", automl={"max_trials": 2})
        outputs = run_search(tmp_path / estimator, matrix, config, estimator, threads=2)
        for folder in outputs.folders.values():
            for path in folder.rglob("*"):
                content = path.read_bytes() if path.is_file() else b""
                for word in (str(tmp_path).encode(), b"thread", b"n_jobs", b"time", b"seconds"):
                    assert word not in content, f"{path.name} holds {word!r}"


def test_a_metric_that_tune_cannot_tell_fails_in_words(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path / "m", "binary")
    y, fold = np.load(matrix / "y.npy"), np.load(matrix / "fold.npy")
    np.save(matrix / "y.npy", np.where(fold == 1, 0.0, y))
    with pytest.raises(SearchFailed, match="roc_auc") as failed:
        run_search(tmp_path / "s", matrix, make_config("binary"), "linear")
    assert failed.value.cure
    assert failed.value.where


@pytest.mark.parametrize(
    ("estimator", "library"), [("xgboost", "XGBoost"), ("rf", "scikit-learn"), ("linear", "linear")]
)
def test_what_a_library_refuses_is_an_error_of_the_data_in_its_words(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], estimator: str, library: str
) -> None:
    matrix = make_matrix(tmp_path / "m", "binary", weighted=True)
    fold = np.load(matrix / "fold.npy")
    np.save(matrix / "weight.npy", np.where(fold == 1, 1.0, 0.0))
    with pytest.raises(SearchFailed, match=f"{library} cannot fit {estimator}: [A-Za-z]") as failed:
        run_search(tmp_path / "s", matrix, make_config("binary"), estimator)
    assert "automl.estimators" in failed.value.cure
    assert failed.value.exit_status == 2
    assert not re.search(r"/|\[\d", failed.value.message), "no file of the library and no time"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("estimator", FAMILIES)
def test_numbers_that_overflow_warn_nobody(tmp_path: Path, capfd: pytest.CaptureFixture[str], estimator: str) -> None:
    matrix = make_matrix(tmp_path / "m", "binary", weighted=True)
    np.save(matrix / "weight.npy", np.full(600, 1e300))
    with pytest.raises(SearchFailed):
        run_search(tmp_path / "s", matrix, make_config("binary"), estimator)
    assert capfd.readouterr() == ("", "")


def test_a_bug_in_a_learner_stays_a_bug() -> None:
    class Broken:
        def fit(self, _: object) -> Member:
            raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        fit("lgbm", cast(Learner, Broken()), {})


@pytest.mark.parametrize("limit", [MemoryError("arrays"), OSError(28, "No space left on device")])
def test_a_limit_of_the_machine_is_no_refusal_of_the_data_wherever_it_is_met(limit: Exception) -> None:
    library: dict[str, object] = {"__name__": "sklearn.tree", "limit": limit}
    exec("def fit(*_): raise limit", library)

    class Limited:
        fit = library["fit"]

    with pytest.raises(type(limit)):
        fit("rf", cast(Learner, Limited()), {})


def test_a_query_that_lightgbm_cannot_rank_is_refused_before_any_trial(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    matrix = make_matrix(tmp_path / "m", "ranking", rows=20_000)
    np.save(matrix / "group.npy", np.maximum(np.arange(20_000) - 10_000, 0) // 15)
    with pytest.raises(UnsuitableTarget, match=r"a query has 10,015 rows, and lgbm ranks at most 10,000"):
        run_search(tmp_path / "s", matrix, make_config("ranking"), "lgbm")
    assert capfd.readouterr() == ("", "")


def test_a_process_without_the_pin_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_CORETYPE")
    matrix = make_matrix(tmp_path / "m", "binary")
    with pytest.raises(EnvironmentNotPinned, match="OPENBLAS_CORETYPE"):
        run_search(tmp_path / "s", matrix, make_config("binary"), "linear")


@pytest.mark.parametrize("metric", ["average_precision", "log_loss", "f1", "accuracy", "brier_score"])
def test_the_configs_metric_guides_the_search(tmp_path: Path, metric: str) -> None:
    matrix = make_matrix(tmp_path / "m", "binary")
    config = make_config("binary", metric=metric, automl={"max_trials": 3})
    outputs = run_search(tmp_path / "s", matrix, config, "lgbm")
    candidate = read_candidate(outputs.folders["candidate"])
    assert candidate.metric == metric
    tune = np.load(matrix / "fold.npy") == 1
    assert candidate.value == compute(metric, np.load(matrix / "y.npy")[tune], candidate.tune_scores)


def test_the_step_knows_no_clock_in_a_replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_clock() -> float:
        raise AssertionError("a replay looked at the clock")

    matrix = make_matrix(tmp_path / "m", "binary")
    monkeypatch.setattr(stopping.time, "monotonic", no_clock)
    outputs = run_search(tmp_path / "s", matrix, make_config("binary"), "lgbm", budget=5.0, replay=3)
    assert outputs.facts["trials"] == 3


def test_a_grade_beyond_what_gains_can_hold_is_refused(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path / "m", "ranking")
    y = np.load(matrix / "y.npy")
    y[0] = 31.0
    np.save(matrix / "y.npy", y)
    with pytest.raises(UnsuitableTarget, match="31") as refused:
        run_search(tmp_path / "s", matrix, make_config("ranking"), "lgbm")
    assert refused.value.cure
    y[0] = 30.0
    np.save(matrix / "y.npy", y)
    for estimator in ("lgbm", "xgboost"):
        config = make_config("ranking", automl={"max_trials": 1})
        assert run_search(tmp_path / estimator, matrix, config, estimator).facts["trials"] == 1
