"""The container entry: the same artifacts as a local run, and exit statuses that a retry policy reads."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ml8s.artifacts import sha256
from ml8s.catalogue import step
from ml8s.config import load_config
from ml8s.environment import PIN
from ml8s.errors import ConfigChanged
from ml8s.examples.generate import publish
from ml8s.registry.events import Actor
from ml8s.runner.cache import Result
from ml8s.runner.envelope import describe_container
from ml8s.runner.execution import Site
from ml8s.runner.log_lines import read_failure, read_progress
from ml8s.runner.showing import show_result
from ml8s.runner.training import Request, train
from ml8s.runner.workspace import Workspace
from ml8s.steps.register import SCHEMA, SCHEMAS
from ml8s.storage import open_store
from ml8s.storage.blobs import blob_key, put_artifact, read_manifest

CONFIG = """\
dataset_uri: {data}
task: classification
target_column: churned
positive_class: "yes"
split: {{strategy: stratified}}
automl: {{max_trials: 2}}
"""
IMAGE = "sha256:" + "0" * 64


@dataclass
class Pod:
    """A folder that stands for a container, with the config in its environment."""

    folder: Path
    data: Path

    @property
    def store(self) -> str:
        return str(self.folder / "store")

    @property
    def environment(self) -> dict[str, str]:
        config = load_config(self.folder / "churn_model.yaml").config
        text = base64.b64encode(config.model_dump_json(exclude_unset=True).encode()).decode()
        return {**os.environ, "ML8S_CONFIG": text, "ML8S_IMAGE_DIGEST": IMAGE}

    def step(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "result").unlink(missing_ok=True)
        command = [sys.executable, "-m", "ml8s.steps", *arguments]
        command += ["--store", self.store, "--result", str(self.folder / "result")]
        env = {**self.environment, **environment}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)

    def made(self) -> Result:
        digest = (self.folder / "result").read_text()
        content = open_store(self.store).get(blob_key(digest))
        assert sha256(content) == digest
        return Result.from_bytes(content)


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    data = tmp_path / "data"
    publish("churn", data, rows=600)
    (tmp_path / "churn_model.yaml").write_text(CONFIG.format(data=data))
    return Pod(tmp_path, data)


def test_steps_in_containers_make_what_a_local_run_makes(pod: Pod) -> None:
    done = pod.step("validate")
    assert done.returncode == 0, done.stderr
    validated, dataset = (pod.folder / "result").read_text(), pod.made()
    assert dataset.parts.code == {"image": IMAGE}
    done = pod.step("split", "--from", validated)
    assert done.returncode == 0, done.stderr
    folds = pod.made()

    request = Request(load_config(pod.folder / "churn_model.yaml"), str(pod.folder / "local"), until="split")
    local = train(request)
    assert local.made["snapshot"] == dataset.parts.inputs["snapshot"]
    assert local.made["dataset"] == dataset.outputs["dataset"]
    assert local.made["folds"] == folds.outputs["folds"]

    again = pod.step("split", "--from", validated)
    assert "split is cached" in again.stderr
    assert pod.made() == folds


def test_a_missing_or_damaged_input_is_76_and_names_the_producer(pod: Pod) -> None:
    assert pod.step("split", "--from", "0" * 64).returncode == 76
    pod.step("validate")
    validated, store = (pod.folder / "result").read_text(), open_store(pod.store)
    blob = blob_key(read_manifest(store, pod.made().outputs["dataset"]).files[0].sha256)
    content = store.get(blob)
    store.put(blob, b"X" + content[1:])
    done = pod.step("split", "--from", validated)
    assert done.returncode == 76
    assert "error ML8S-S002" in done.stderr
    assert "validate runs once more" in done.stderr
    assert pod.step("validate").returncode == 0
    assert store.get(blob) == content, "the upload replaced the damaged blob"
    assert pod.step("split", "--from", validated).returncode == 0


def test_a_broken_contract_and_wrong_usage_are_2(pod: Pod) -> None:
    for arguments, words in (
        (("split",), "is not told its inputs dataset"),
        (("splt",), "there is no step 'splt'"),
        (("split", "--input", "dataset"), "is not PORT=DIGEST"),
    ):
        done = pod.step(*arguments)
        assert (done.returncode, words in done.stderr) == (2, True), done.stderr
    assert pod.step("validate", ML8S_CONFIG="bm90IGpzb24=").returncode == 2
    (pod.data / "train.parquet").unlink()
    done = pod.step("validate")
    assert done.returncode == 2
    assert "ML8S-D002" in done.stderr
    assert not (pod.folder / "result").exists()


def test_a_process_without_the_pin_is_70_and_an_unreachable_store_75(pod: Pod) -> None:
    unpinned = dict.fromkeys(PIN, "")
    assert pod.step("validate", **unpinned).returncode == 70
    command = [sys.executable, "-m", "ml8s.steps", "validate", "--store", "s3://nowhere/x"]
    command += ["--result", str(pod.folder / "result")]
    aws = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    done = subprocess.run(
        command, env={**pod.environment, **aws, "AWS_REGION": "us-east-1"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 75, done.stderr


def test_register_answers_no_with_10(pod: Pod, tmp_path: Path) -> None:
    store, arguments = open_store(pod.store), list[str]()
    for port in step("register").inputs:
        folder = tmp_path / "ports" / port.name
        folder.mkdir(parents=True)
        said = {"schema": SCHEMAS.get(port.name, SCHEMA), "passed": False, "reasons": ["too bad"]}
        (folder / f"{port.name}.json").write_text(json.dumps(said))
        name = f"{port.name}[lgbm]" if port.many else port.name
        arguments += ["--input", f"{name}={put_artifact(store, port.kind, folder)}"]
    done = pod.step("register", *arguments)
    assert done.returncode == 10, done.stderr
    assert "too bad" in done.stderr


def test_an_empty_or_malformed_digest_of_a_step_before_is_a_bug(pod: Pod) -> None:
    for given in ("", "0" * 63, f"{'0' * 64},", "{{tasks.validate.outputs.parameters.result}}"):
        done = pod.step("split", "--from", given)
        assert done.returncode == 70
        assert "which is no digest" in done.stderr


def test_results_are_told_with_commas_between_and_threads_by_the_environment(pod: Pod) -> None:
    pod.step("validate")
    told = (pod.folder / "result").read_text()
    pod.step("split", "--from", told)
    told += "," + (pod.folder / "result").read_text()
    done = pod.step("featurize", "--from", told, OMP_NUM_THREADS="2")
    assert done.returncode == 0, done.stderr
    assert pod.made().parts.inputs.keys() == {"snapshot", "dataset", "folds"}


def test_evaluate_leaves_report_metrics_and_decision_and_register_an_envelope(pod: Pod) -> None:
    local = train(Request(load_config(pod.folder / "churn_model.yaml"), pod.store))
    assert local.summary is not None
    site = Site(open_store(pod.store), Workspace(pod.folder))
    judged = [item.key for item in site.store.list("cache/") if item.key.count("/") == 1]
    results = [Result.from_bytes(site.store.get(key)) for key in judged]
    [evaluated] = [result for result in results if result.parts.step == "evaluate"]
    show_result(site, evaluated, pod.folder / "show")
    assert (pod.folder / "show" / "report.html").read_bytes().startswith(b"<!")
    assert (pod.folder / "show" / "metrics.json").stat().st_size > 0
    assert (pod.folder / "show" / "decision").read_text() == "pass"
    assert "roc_auc" in (pod.folder / "show" / "metric").read_text()
    envelope = describe_container(load_config(pod.folder / "churn_model.yaml").config, pod.store, {}, "churn-train-x")
    assert envelope["attempt"] == "churn-train-x"
    assert Actor.of(envelope) == Actor("churn-train-x", "kubernetes", False)


def test_an_error_is_left_for_who_started_the_container(pod: Pod) -> None:
    left = pod.folder / "failure"
    done = pod.step("split", "--failure", str(left))
    assert done.returncode == 2
    told = read_failure(left.read_text())
    assert told is not None
    assert "is not told its inputs dataset" in told.message
    assert told.cure
    left.unlink()
    assert pod.step("validate", "--failure", str(left)).returncode == 0
    assert not left.exists()
    done = pod.step("validate", "--failure", str(pod.folder / "no" / "such" / "folder"), ML8S_CONFIG="x")
    assert done.returncode == 2, "where the words cannot be left, the log says them"
    assert "no resolved config" in done.stderr


def test_a_step_of_a_run_leaves_how_it_ended_and_after_a_refusal_every_problem(pod: Pod) -> None:
    store = open_store(pod.store)

    def note(name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(store.get(f"runs/{name}/steps/validate.json"))
        return found

    assert pod.step("validate", "--attempt", "first").returncode == 0
    told = note("first")
    assert (told["outcome"], told["stopped_by"], told["cached"]) == ("done", None, False)
    assert told["result"] == (pod.folder / "result").read_text()
    assert told["code"] == {"image": IMAGE}
    assert told["elapsed"] > 0
    assert pod.step("validate", "--attempt", "again").returncode == 0
    assert note("again")["cached"] is True
    assert b"validate is cached" in store.get("runs/again/steps/validate.log")
    assert not [item.key for item in store.list("runs/") if item.key.endswith("violations.json")]

    schema = json.loads((pod.data / "schema.json").read_text())
    schema["fields"].append({"name": "colour", "type": "string"})
    (pod.data / "schema.json").write_text(json.dumps(schema))
    assert pod.step("validate", "--attempt", "refused").returncode == 2
    told = note("refused")
    assert told["outcome"] == "failed"
    assert told["stopped_by"]["code"].startswith("ML8S-D")
    assert told["stopped_by"]["cure"]
    assert "colour" in store.get("runs/refused/violations.json").decode()


def test_a_config_that_changed_after_the_compilation_is_refused(pod: Pod) -> None:
    config = pod.environment["ML8S_CONFIG"]
    assert pod.step("validate", ML8S_CONFIG_SHA256=sha256(config.encode())).returncode == 0
    done = pod.step("validate", ML8S_CONFIG_SHA256=sha256(b"another"))
    assert done.returncode == ConfigChanged.exit_status
    assert ConfigChanged.code in done.stderr
    assert "ml8s run CONFIG" in done.stderr


def test_a_search_tells_its_trials_and_replays_a_number_of_them(pod: Pod) -> None:
    made = []
    for name in ("validate", "split", "featurize"):
        done = pod.step(name, *(["--from", ",".join(made)] if made else []))
        assert done.returncode == 0, done.stderr
        made.append((pod.folder / "result").read_text())
    done = pod.step("search", "--item", "lgbm", "--from", made[-1], ML8S_REPLAY="lgbm=3,xgboost=9")
    assert done.returncode == 0, done.stderr
    assert pod.made().facts["trials"] == 3
    told = [progress for line in done.stderr.splitlines() if (progress := read_progress(line)) is not None]
    assert told[-1].done == 3
    assert "roc_auc" in told[-1].best
    again = pod.step("search", "--item", "lgbm", "--from", made[-1], ML8S_REPLAY="lgbm=2")
    assert again.returncode == 2, "another number is not what the store holds"
    assert "with 3 trials, and the replay asks for 2" in again.stderr
    assert pod.step("search", "--item", "lgbm", "--from", made[-1], ML8S_REPLAY="lgbm").returncode == 2
    other = pod.step("search", "--item", "lgbm", "--from", made[-1], ML8S_REPLAY="xgboost=3")
    assert other.returncode == 2
    assert "no number of trials for lgbm" in other.stderr
