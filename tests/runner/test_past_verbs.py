"""A model with features of the past, by the commands that a user types: predict, refresh, explain, reproduce."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from ml8s.artifacts import canonical_json
from ml8s.data.parquet import write_table
from ml8s.errors import DigestMismatch, StateNotRefreshed
from ml8s.examples.generate import publish
from ml8s.registry import Registry
from ml8s.registry.verification import verify
from ml8s.runner.feature_story import explain_feature
from ml8s.runner.prediction import open_predictor
from ml8s.runner.refresh import refresh_state_of
from ml8s.storage import open_store
from ml8s.storage.blobs import blob_key, fetch_artifact, put_artifact, read_manifest
from tests.cli.commands import run

CONFIG = """\
dataset_uri: known
task: classification
target_column: is_fraud
split: {strategy: time, time_column: transaction_time}
feature_engineering:
  enabled: true
  primitives: [mean, count]
  windows: [7d, all]
  label_history: {delay: 7d}
automl: {max_trials: 2, estimators: [lgbm]}
"""
BOUNDARY = np.datetime64("2025-12-29T00:00:00")
FEATURE = "customers.MEAN(rows.amount) 7d"


class Project:
    """A model trained on the payments before a midnight, and the payments of all days beside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        publish("fraud", folder / "all", rows=6000)
        known = folder / "known"
        known.mkdir()
        for file in (folder / "all").iterdir():
            (known / file.name).write_bytes(file.read_bytes())
        self.rows = parquet.read_table(folder / "all/validation.parquet")
        before = pa.array(self.times < BOUNDARY)
        write_table(self.rows.filter(before), known / "validation.parquet")
        (folder / "fraud.yaml").write_text(CONFIG)
        self.model_id = str(self.ml8s("run", "fraud.yaml", "-o", "json")["model_id"])

    @property
    def times(self) -> np.ndarray[Any, np.dtype[np.datetime64]]:
        return self.rows["transaction_time"].to_numpy().astype("datetime64[us]")

    def text(self, *arguments: str, status: int = 0) -> str:
        done = run(*arguments, folder=self.folder)
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr

    def ml8s(self, *arguments: str) -> Any:
        return json.loads(self.text(*arguments))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("past"))


def test_the_aggregates_are_made_and_nothing_is_degraded(project: Project) -> None:
    record = Registry(open_store(str(project.folder / ".ml8s"))).record(project.model_id)
    assert record.degraded == []
    assert {"aggregates", "state"} <= set(record.ports)
    report = project.ml8s("models", "report", project.model_id, "--format", "json")
    at = [name for name, _ in report["features"]["made"]].index(FEATURE)
    assert 0 < report["features"]["nulls"][at] < 1
    assert report["features"]["importance"][at] is not None
    assert "with the same `customer_id`" in report["features"]["made"][at][1]


def test_a_prediction_of_tomorrow_is_bitwise_what_the_whole_history_gives(project: Project) -> None:
    from ml8s.features.apply import apply
    from ml8s.features.as_of_section import used_aggregates, used_entities
    from ml8s.features.asof.engine import compute
    from ml8s.features.manifest import FeatureManifest
    from ml8s.features.matrix import Source
    from ml8s.features.parents import attach_parents
    from ml8s.features.past import read_past
    from tests.evaluation.pipeline_run import PipelineRun  # noqa: F401 -- its environment pin starts the process anew

    store = open_store(str(project.folder / ".ml8s"))
    record = Registry(store).record(project.model_id)
    predictor = open_predictor(store, record, project.folder / "opened")
    asked = (project.times >= BOUNDARY) & (project.times < BOUNDARY + np.timedelta64(1, "D"))
    assert asked.sum() > 20
    served = [row["score"] for row in predictor.predict(project.rows.filter(pa.array(asked)).to_pylist())]

    from ml8s.config.loader import load_config
    from ml8s.data.snapshot import open_snapshot, snapshot_manifest
    from ml8s.data.validation import validate_snapshot

    opened = open_snapshot(project.folder / "all")
    config = load_config(project.folder / "fraud.yaml").config
    dataset = validate_snapshot(opened, snapshot_manifest(opened), config)
    manifest = FeatureManifest.read(project.folder / "opened/features")
    entities, features = used_entities(manifest), used_aggregates(manifest)
    assert entities is not None
    with Source(project.folder / "all", dataset) as source:
        attach_parents(source, entities)
        past = read_past(source, entities, features)
        values = compute(features, past.events, past.queries, refresh=entities.refresh)
        for index, feature in enumerate(features):
            source.attach(feature.name, values[:, index])
        rows = source.all_rows()
        vectors = apply(manifest, {c.name: source.column(c.name, rows) for c in manifest.columns})
    trained = predictor.model.score(vectors[rows.file == 1][asked])
    assert served == trained.tolist()


def test_predict_says_as_of_when_and_refresh_moves_it(project: Project) -> None:
    row = project.rows.slice(len(project.rows) - 1, 1).to_pylist()
    (project.folder / "row.json").write_text(json.dumps(row, default=str))
    before = run("predict", project.model_id, "-f", "row.json", folder=project.folder)
    assert "aggregates as known at 2025-12-29T00:00:00Z" in before.stderr

    dry = project.ml8s("features", "refresh", project.model_id, "--snapshot", "all", "--dry-run", "-o", "json")[0]
    assert (dry["as_of"], dry["rows"], dry["state"]) == ("2025-12-30T00:00:00Z", 6000, None)
    made = project.ml8s("features", "refresh", project.model_id, "--snapshot", "all", "-o", "json")[0]
    again = project.ml8s("features", "refresh", project.model_id, "--snapshot", "all", "-o", "json")[0]
    assert made["state"] == again["state"] is not None
    assert dry["made_anew"] is made["made_anew"] is again["made_anew"] is None
    after = run("predict", project.model_id, "-f", "row.json", folder=project.folder)
    assert "aggregates as known at 2025-12-30T00:00:00Z" in after.stderr
    assert before.stdout != after.stdout
    history = project.ml8s("models", "history", project.model_id, "-o", "json")
    assert [event["type"] for event in history] == ["registered", "refreshed", "refreshed"]
    assert project.ml8s("models", "verify", project.model_id, "-o", "json")["intact"] is True


def test_a_damaged_refreshed_state_is_found_and_a_refresh_mends_it(project: Project) -> None:
    store = open_store(str(project.folder / ".ml8s"))
    registry = Registry(store)
    record = registry.record(project.model_id)
    made = refresh_state_of(store, record, str(project.folder / "all")).digest
    assert made is not None
    largest = max(read_manifest(store, made).files, key=lambda file: file.size)
    store.put(blob_key(largest.sha256), b"\0" * largest.size)
    (bad,) = verify(registry, project.model_id).bad
    assert (bad.port, bad.path, bad.reason, bad.step) == (
        "state (refreshed)",
        largest.path,
        "damaged",
        "features refresh",
    )
    said = project.text("models", "verify", project.model_id, status=6)
    assert f"cure: `ml8s features refresh {project.model_id} --snapshot URI`" in said
    with pytest.raises(DigestMismatch) as caught:
        open_predictor(store, record, project.folder / "damaged", made)
    assert "features refresh" in caught.value.cure
    again = refresh_state_of(store, record, str(project.folder / "all"))
    assert again.digest == made
    assert again.anew
    assert not verify(registry, project.model_id).bad


@pytest.mark.slow
def test_a_refresh_goes_back_in_time_only_when_told_to(project: Project) -> None:
    store = open_store(str(project.folder / ".ml8s"))
    record = Registry(store).record(project.model_id)
    refresh_state_of(store, record, str(project.folder / "all"))
    with pytest.raises(StateNotRefreshed, match=r"as of 2025-12-29T00:00:00Z, and the newest .* 2025-12-30T"):
        refresh_state_of(store, record, str(project.folder / "known"))
    asked = ("features", "refresh", project.model_id, "--snapshot", "known", "--dry-run", "-o", "json")
    assert "--allow-older" in project.text(*asked, status=2)
    assert project.ml8s(*asked, "--allow-older")[0]["as_of"] == "2025-12-29T00:00:00Z"
    assert "2025-12-30T00:00:00Z (refreshed)" in project.text("models", "show", project.model_id)


def test_a_feature_is_explained_with_the_rows_that_it_reads(project: Project) -> None:
    story = project.ml8s("features", "explain", project.model_id, FEATURE, "-o", "json")
    assert story["definition"].startswith("mean of `amount` over the rows of the 7d before the row's last boundary")
    lines = [line for line in story["worked"] if line.startswith("    ") and "amount" in line]
    value = next(line for line in story["worked"] if line.startswith(f"  {FEATURE} = "))
    amounts = [float(line.rpartition(" ")[2]) for line in lines]
    count = next(int(line.split(" the ")[1].split()[0]) for line in story["worked"] if " reads the " in line)
    assert count >= len(amounts) > 0
    if count == len(amounts):
        assert float(value.rpartition(" ")[2]) == pytest.approx(sum(amounts) / count, rel=1e-4)


def test_a_worked_feature_shows_no_value_that_the_snapshot_does_not_keep_in_logs(
    project: Project, tmp_path: Path
) -> None:
    story = "\n".join(project.ml8s("features", "explain", project.model_id, FEATURE, "-o", "json")["worked"])
    keys = {str(value) for value in project.rows["customer_id"].unique().to_pylist()}
    (shown,) = re.findall(r"its customer_id is (\S+)", story)
    assert (len(shown), shown in keys) == (12, False), "customer_id is logged as hash"
    store = open_store(str(project.folder / ".ml8s"))
    record = Registry(store).record(project.model_id)
    fetch_artifact(store, record.ports["dataset"], tmp_path)
    dataset = json.loads((tmp_path / "dataset.json").read_bytes())
    next(column for column in dataset["columns"] if column["name"] == "amount")["log"] = "drop"
    (tmp_path / "dataset.json").write_bytes(canonical_json(dataset))
    ports = {**record.ports, "dataset": put_artifact(store, "dataset", tmp_path)}
    hidden = replace(record, content={**record.content, "ports": ports})
    assert explain_feature(store, hidden, FEATURE).worked == (
        "no worked row: the snapshot logs `amount` as `drop`, so no value of it is shown",
    )


def test_a_feature_is_explained_under_explain_as_well(project: Project) -> None:
    asked = ("explain", "feature", FEATURE, "--model", project.model_id)
    assert project.text(*asked) == project.text("features", "explain", project.model_id, FEATURE)
    assert "--model MODEL" in project.text("explain", "feature", FEATURE, status=2)
    assert "takes no --model" in project.text("explain", "automl", "--model", project.model_id, status=2)
    assert "takes no NAME" in project.text("explain", "automl", FEATURE, status=2)


def test_a_feature_that_is_none_is_said_with_the_nearest(project: Project) -> None:
    said = project.text("features", "explain", project.model_id, "customers.MEAN(rows.amuont) 7d", status=2)
    assert f"did you mean '{FEATURE}'?" in said


@pytest.mark.slow
def test_it_is_reproduced_to_the_bit(project: Project) -> None:
    found = project.ml8s("models", "reproduce", project.model_id, "-o", "json")
    assert found["answer"] == "identical"
    assert found["artifacts"] >= 12


def test_a_model_without_features_of_the_past_has_no_state_to_refresh(tmp_path: Path) -> None:
    publish("churn", tmp_path / "data", rows=800)
    text = CONFIG.replace("known", "data").replace("is_fraud", "churned").split("split:")[0]
    (tmp_path / "churn.yaml").write_text(
        text + 'positive_class: "yes"\nsplit: {strategy: stratified}\nautoml: {max_trials: 1, estimators: [lgbm]}\n'
    )
    done = run("run", "churn.yaml", "-o", "json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    store = open_store(str(tmp_path / ".ml8s"))
    record = Registry(store).record(json.loads(done.stdout)["model_id"])
    with pytest.raises(StateNotRefreshed, match="has no features of past rows"):
        refresh_state_of(store, record, str(tmp_path / "data"))
