"""The promised form: config, snapshot and store in a bucket, and one command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml8s.examples.generate import publish
from ml8s.storage import open_store
from tests.cli.commands import run
from tests.s3_server import make_bucket, mark_probed, s3_environment, s3_server

CONFIG = """\
dataset_uri: s3://ml-datasets/churn/v3/
task: classification
target_column: churned
positive_class: "yes"
metric: roc_auc
split: {strategy: stratified}
automl: {max_trials: 1, estimators: [lgbm]}
"""


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with s3_server() as url:
        for name, value in s3_environment(url).items():
            monkeypatch.setenv(name, value)
        yield url


def test_one_command_from_a_config_in_a_bucket_to_a_registered_candidate(endpoint: str, tmp_path: Path) -> None:
    for bucket in ("configs", "ml-datasets", "ml-store"):
        make_bucket(endpoint, bucket)
    mark_probed(open_store("s3://ml-store/team"))
    publish("churn", tmp_path / "data", rows=1500)
    snapshot = open_store("s3://ml-datasets/churn/v3/")
    for path in (tmp_path / "data").iterdir():
        snapshot.put(path.name, path)
    open_store("s3://configs").put("churn_v3.yaml", CONFIG.encode())
    command = ("train", "--config", "s3://configs/churn_v3.yaml", "--store", "s3://ml-store/team", "-o", "json")

    done = run(*command, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    trained = json.loads(done.stdout)
    assert trained["model_id"].startswith("churn_v3_")
    assert trained["report"].startswith("s3://ml-store/team/runs/")
    store = open_store("s3://ml-store/team")
    assert store.get(trained["report"].removeprefix("s3://ml-store/team/")).lower().startswith(b"<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["data"], "nothing is left on this machine"

    again = run(*command, folder=tmp_path)
    assert json.loads(again.stdout)["steps_run"] == 0
    assert json.loads(again.stdout)["model_id"] == trained["model_id"]
