"""The promised form: config, snapshot and store in a bucket, and one command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml8s.examples.generate import publish
from ml8s.storage import open_store
from tests.azurite_server import PRESENT, azure_environment, azurite, make_container
from tests.cli.commands import run
from tests.s3_server import make_bucket, mark_probed, s3_environment, s3_server

CONFIG = """\
dataset_uri: {scheme}://ml-datasets/churn/v3/
task: classification
target_column: churned
positive_class: "yes"
metric: roc_auc
split: {{strategy: stratified}}
automl: {{max_trials: 1, estimators: [lgbm]}}
"""


SCHEMES = ["s3", *([pytest.param("abfs", marks=pytest.mark.slow)] if PRESENT else [])]


@pytest.fixture(params=SCHEMES)
def scheme(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The scheme of a server that has three buckets, and that the environment leads to."""
    on_azure = request.param == "abfs"
    with azurite() if on_azure else s3_server() as url:
        for name, value in (azure_environment(url) if on_azure else s3_environment(url)).items():
            monkeypatch.setenv(name, value)
        for bucket in ("configs", "ml-datasets", "ml-store"):
            (make_container if on_azure else make_bucket)(url, bucket)
        yield request.param


def test_one_command_from_a_config_in_a_bucket_to_a_registered_candidate(scheme: str, tmp_path: Path) -> None:
    place = f"{scheme}://ml-store/team"
    mark_probed(open_store(place))
    publish("churn", tmp_path / "data", rows=1500)
    snapshot = open_store(f"{scheme}://ml-datasets/churn/v3/")
    for path in (tmp_path / "data").iterdir():
        snapshot.put(path.name, path)
    open_store(f"{scheme}://configs").put("churn_v3.yaml", CONFIG.format(scheme=scheme).encode())
    command = ("train", "--config", f"{scheme}://configs/churn_v3.yaml", "--store", place, "-o", "json")

    done = run(*command, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    trained = json.loads(done.stdout)
    assert trained["model_id"].startswith("churn_v3_")
    assert trained["report"].startswith(f"{place}/runs/")
    report = open_store(place).get(trained["report"].removeprefix(f"{place}/"))
    assert report.lower().startswith(b"<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["data"], "nothing is left on this machine"

    again = run(*command, folder=tmp_path)
    assert json.loads(again.stdout)["steps_run"] == 0
    assert json.loads(again.stdout)["model_id"] == trained["model_id"]
