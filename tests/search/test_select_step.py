"""The select step: the best candidate on tune becomes the model, refitted as the config asks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ml8s.config.model import Config
from ml8s.environment import pinned_environment
from ml8s.errors import ModelFileRefused
from ml8s.evaluation.metrics import compute
from ml8s.scoring import load_model
from ml8s.scoring.member import FAMILIES
from tests.search.hand_made_matrices import KINDS, make_config, make_matrix
from tests.search.step_runs import Outputs, run_search, run_select

TWO = ("lgbm", "linear")


def searched(place: Path, matrix: Path, config: Config, estimators: tuple[str, ...] = TWO) -> dict[str, Outputs]:
    return {name: run_search(place / name, matrix, config, name) for name in estimators}


def json_of(outputs: Outputs, port: str, name: str) -> dict[str, object]:
    value: dict[str, object] = json.loads((outputs.folders[port] / name).read_bytes())
    return value


def tune_of(matrix: Path) -> np.ndarray:
    return np.load(matrix / "fold.npy") == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("estimator", FAMILIES)
def test_a_model_scores_alone_as_in_a_batch_whatever_the_threads(tmp_path: Path, kind: str, estimator: str) -> None:
    matrix = make_matrix(tmp_path / "m", kind, rows=300, weighted=True, categories=True)
    config = make_config(kind, automl={"max_trials": 2})
    found = searched(tmp_path / "s", matrix, config, (estimator,))
    one = run_select(tmp_path / "1", matrix, config, found, threads=1)
    two = run_select(tmp_path / "2", matrix, config, found, threads=2)
    assert one.digests == two.digests
    model = load_model(one.folders["model"])
    x = np.load(matrix / "x.npy")
    batch = model.score(x)
    assert np.array_equal(batch, model.score(x, threads=2))
    assert np.array_equal(batch[:40], np.concatenate([model.score(x[i : i + 1]) for i in range(40)]))
    assert batch.shape == ((300, 3) if kind == "multiclass" else (300,))
    assert model.refit == "fit+tune"
    assert model.kind == kind
    assert one.facts["chosen"] == [estimator]


@pytest.mark.parametrize("kind", KINDS)
def test_tune_scores_come_from_a_model_that_never_saw_tune(tmp_path: Path, kind: str) -> None:
    matrix = make_matrix(tmp_path / "m", kind, weighted=True)
    np.save(matrix / "time.npy", np.arange(600, dtype=np.int64) * 1_000_000)
    config = make_config(kind)
    found = searched(tmp_path / "s", matrix, config)
    outputs = run_select(tmp_path / "o", matrix, config, found)
    table = pq.read_table(outputs.folders["tune_scores"] / "scores.parquet")
    scores = ["score_0", "score_1", "score_2"] if kind == "multiclass" else ["score"]
    group = ["group"] if kind == "ranking" else []
    assert table.column_names == ["file", "row", "target", "weight", *group, "time", *scores]
    chosen = str(json_of(outputs, "selection", "selection.json")["chosen"][0])  # type: ignore[index]
    stored = np.load(found[chosen].folders["candidate"] / "tune_scores.npy")
    written = np.stack([table[name].to_numpy() for name in scores], axis=1)
    assert np.array_equal(written, stored.reshape(written.shape))
    assert np.array_equal(table["row"].to_numpy(), np.flatnonzero(tune_of(matrix)))
    model = load_model(outputs.folders["model"])
    assert not np.array_equal(model.score(np.load(matrix / "x.npy")[tune_of(matrix)]).reshape(written.shape), written)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_the_best_on_tune_is_chosen_in_the_metrics_direction(tmp_path: Path, kind: str) -> None:
    matrix = make_matrix(tmp_path / "m", kind)
    config = make_config(kind)
    found = searched(tmp_path / "s", matrix, config, ("lgbm", "rf", "linear"))
    outputs = run_select(tmp_path / "o", matrix, config, found)
    values = {name: float(str(one.facts["value"])) for name, one in found.items()}
    best = (max if kind == "binary" else min)(values, key=values.__getitem__)
    assert outputs.facts == {"chosen": [best], "value": values[best]}
    selection = json_of(outputs, "selection", "selection.json")
    order = [one["estimator"] for one in selection["candidates"]]  # type: ignore[attr-defined]
    assert order == sorted(values, key=values.__getitem__, reverse=kind == "binary")
    assert best in str(selection["reason"])


def test_the_order_of_estimators_in_the_config_changes_nothing(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path / "m", "binary")
    config = make_config("binary", automl={"max_trials": 2, "estimators": ["lgbm", "linear"], "blend": True})
    other = make_config("binary", automl={"max_trials": 2, "estimators": ["linear", "lgbm"], "blend": True})
    found = searched(tmp_path / "s", matrix, config)
    one = run_select(tmp_path / "1", matrix, config, found)
    two = run_select(tmp_path / "2", matrix, other, dict(reversed(found.items())))
    assert one.digests == two.digests


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_a_blend_wins_only_where_it_is_better_and_scores_the_mean(tmp_path: Path, kind: str) -> None:
    matrix = make_matrix(tmp_path / "m", kind)
    config = make_config(kind, automl={"max_trials": 2, "blend": True, "refit": "fit"})
    pair = ("rf", "extra_tree")
    found = searched(tmp_path / "s", matrix, config, pair)
    outputs = run_select(tmp_path / "o", matrix, config, found)
    tune = tune_of(matrix)
    metric = str(json_of(outputs, "selection", "selection.json")["metric"])
    stored = [np.load(found[name].folders["candidate"] / "tune_scores.npy") for name in pair]
    blended = compute(metric, np.load(matrix / "y.npy")[tune], 0.5 * stored[0] + 0.5 * stored[1])
    values = [float(str(found[name].facts["value"])) for name in pair]
    better = blended > max(values) if kind == "binary" else blended < min(values)
    assert (outputs.facts["chosen"] == list(pair)) == better
    model = load_model(outputs.folders["model"])
    if better:
        assert outputs.facts["value"] == blended
        assert [one.weight for one in model.members] == [0.5, 0.5]
        x = np.load(matrix / "x.npy")[tune]
        assert np.array_equal(model.score(x), 0.5 * stored[0] + 0.5 * stored[1])
        assert np.array_equal(model.score(x)[:20], np.concatenate([model.score(x[i : i + 1]) for i in range(20)]))


def test_rankings_are_never_blended(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path / "m", "ranking")
    config = make_config("ranking", automl={"max_trials": 2, "blend": True})
    outputs = run_select(tmp_path / "o", matrix, config, searched(tmp_path / "s", matrix, config))
    assert len(load_model(outputs.folders["model"]).members) == 1


@pytest.mark.parametrize(
    ("evaluation", "automl", "refit"),
    [
        ({}, {}, "fit+tune"),
        ({"threshold": 0.3}, {}, "fit+tune"),
        ({"threshold": "f1"}, {}, "fit"),
        ({"calibration": "sigmoid"}, {}, "fit"),
        ({}, {"refit": "fit"}, "fit"),
        ({}, {"refit": "fit+tune"}, "fit+tune"),
        ({}, {"blend": True}, "fit+tune"),
    ],
)
def test_the_rows_of_the_refit_follow_what_is_learned_on_tune(
    tmp_path: Path, evaluation: dict[str, object], automl: dict[str, object], refit: str
) -> None:
    matrix = make_matrix(tmp_path / "m", "binary")
    config = make_config("binary", automl={"max_trials": 1, **automl}, evaluation=evaluation)
    found = searched(tmp_path / "s", matrix, config)
    outputs = run_select(tmp_path / "o", matrix, config, found)
    model = load_model(outputs.folders["model"])
    assert model.refit == refit
    for member in model.members:
        fitted = found[member.estimator].folders["candidate"] / "member"
        final = outputs.folders["model"] / "members" / member.estimator
        same = all(path.read_bytes() == (final / path.name).read_bytes() for path in fitted.iterdir())
        assert same == (refit == "fit")


def test_a_threshold_is_the_number_asked_for_or_the_best_on_tune_or_a_half(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path / "m", "binary")
    found = searched(tmp_path / "s", matrix, make_config("binary"))
    thresholds = {}
    for asked in (None, 0.25, "f1"):
        config = make_config("binary", evaluation={"threshold": asked})
        outputs = run_select(tmp_path / str(asked), matrix, config, found)
        thresholds[asked] = load_model(outputs.folders["model"]).threshold
    assert thresholds[None] == 0.5
    assert thresholds[0.25] == 0.25
    table = pq.read_table(outputs.folders["tune_scores"] / "scores.parquet")
    y, scores = table["target"].to_numpy(), table["score"].to_numpy()
    learned = thresholds["f1"]
    assert learned is not None
    best = max(compute("f1", y, scores, threshold=float(one)) for one in scores)
    assert compute("f1", y, scores, threshold=learned) == best


@pytest.mark.parametrize("kind", ["regression", "ranking", "multiclass"])
def test_other_tasks_have_no_threshold(tmp_path: Path, kind: str) -> None:
    matrix = make_matrix(tmp_path / "m", kind)
    config = make_config(kind, automl={"max_trials": 1})
    outputs = run_select(tmp_path / "o", matrix, config, searched(tmp_path / "s", matrix, config, ("linear",)))
    assert load_model(outputs.folders["model"]).threshold is None


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_a_calibrated_model_gives_calibrated_probabilities(tmp_path: Path, kind: str, method: str) -> None:
    matrix = make_matrix(tmp_path / "m", kind, rows=1600)
    config = make_config(kind, automl={"max_trials": 1}, evaluation={"calibration": method})
    found = searched(tmp_path / "s", matrix, config, ("lgbm",))
    outputs = run_select(tmp_path / "o", matrix, config, found)
    model = load_model(outputs.folders["model"])
    x, y, tune = np.load(matrix / "x.npy"), np.load(matrix / "y.npy"), tune_of(matrix)
    scores = model.score(x[tune])
    raw = np.load(found["lgbm"].folders["candidate"] / "tune_scores.npy")
    assert not np.array_equal(scores, raw)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert compute("log_loss", y[tune], scores) < compute("log_loss", y[tune], raw)
    if kind == "multiclass":
        assert np.allclose(scores.sum(axis=1), 1)
    else:
        assert abs(scores.mean() - y[tune].mean()) < 0.01
    batch = model.score(x)
    assert np.array_equal(batch[:50], np.concatenate([model.score(x[i : i + 1]) for i in range(50)]))
    table = pq.read_table(outputs.folders["tune_scores"] / "scores.parquet")
    first = table["score_0" if kind == "multiclass" else "score"].to_numpy()
    assert np.array_equal(first, scores[:, 0] if kind == "multiclass" else scores)


def test_no_artifact_tells_of_time_threads_or_places(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path / "m", "binary")
    config = make_config("binary", automl={"max_trials": 1, "blend": True})
    outputs = run_select(tmp_path / "o", matrix, config, searched(tmp_path / "s", matrix, config, tuple(FAMILIES)))
    for folder in outputs.folders.values():
        for path in folder.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            for word in (str(tmp_path).encode(), b"thread", b"n_jobs", b"pandas"):
                assert word not in content, f"{path.name} holds {word!r}"


SCORE = """
import sys
import numpy as np
from pathlib import Path
from ml8s.scoring import load_model
model = load_model(Path(sys.argv[1]))
x = np.load(sys.argv[2])
sys.stdout.buffer.write(model.score(x, threads=2).tobytes())
unwanted = {"flaml", "pandas", "sklearn", "pydantic"} & set(sys.modules)
print(sorted(unwanted), file=sys.stderr)
"""


@pytest.mark.parametrize("estimator", ["rf", "linear"])
def test_another_process_scores_the_same_bytes_without_search_or_pandas(tmp_path: Path, estimator: str) -> None:
    matrix = make_matrix(tmp_path / "m", "binary")
    config = make_config("binary", automl={"max_trials": 1})
    outputs = run_select(tmp_path / "o", matrix, config, searched(tmp_path / "s", matrix, config, (estimator,)))
    folder = outputs.folders["model"]
    command = [sys.executable, "-c", SCORE, str(folder), str(matrix / "x.npy")]
    done = subprocess.run(command, env=pinned_environment(), capture_output=True, check=True)
    assert done.stdout == load_model(folder).score(np.load(matrix / "x.npy")).tobytes()
    assert done.stderr.decode().strip() == "[]"


def test_a_damaged_model_folder_is_refused_with_a_cure(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path / "m", "binary")
    config = make_config("binary", automl={"max_trials": 1}, evaluation={"calibration": "isotonic"})
    outputs = run_select(tmp_path / "o", matrix, config, searched(tmp_path / "s", matrix, config, ("linear",)))
    folder = outputs.folders["model"]
    path = folder / "model.json"
    whole = path.read_bytes()
    value = json.loads(whole)
    damages = [
        b"", b"{}", b"[]", b"\x80\x04N.", whole[:-1], b"[" * 100_000,
        json.dumps(value | {"schema": 2}).encode(),
        json.dumps(value | {"kind": "magic"}).encode(),
        json.dumps(value | {"members": []}).encode(),
        json.dumps(value | {"members": [value["members"][0] | {"estimator": "../../etc"}]}).encode(),
        json.dumps(value | {"members": [value["members"][0] | {"family": "forest"}]}).encode(),
        json.dumps(value | {"features": value["features"][:-1]}).encode(),
        json.dumps(value | {"calibration": {"method": "magic", "maps": []}}).encode(),
        json.dumps(value | {"calibration": {"method": "isotonic", "maps": [{"x": [1, 0], "y": [0, 1]}]}}).encode(),
    ]  # fmt: skip
    for damaged in damages:
        path.write_bytes(damaged)
        with pytest.raises(ModelFileRefused) as refused:
            load_model(folder)
        assert refused.value.cure
        assert refused.value.where
    path.unlink()
    with pytest.raises(ModelFileRefused):
        load_model(folder)
    path.write_bytes(whole)
    (folder / "members" / "lgbm").mkdir()
    with pytest.raises(ModelFileRefused, match="lgbm"):
        load_model(folder)


def test_a_matrix_of_another_width_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    matrix = make_matrix(tmp_path / "m", "binary")
    config = make_config("binary", automl={"max_trials": 1})
    outputs = run_select(tmp_path / "o", matrix, config, searched(tmp_path / "s", matrix, config, ("linear",)))
    with pytest.raises(ValueError, match="6 features"):
        load_model(outputs.folders["model"]).score(np.zeros((3, 5)))
