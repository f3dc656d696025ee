"""Workflows as kubectl printed them from Argo Workflows 3.7, as the view that is followed."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml8s.artifacts import sha256
from ml8s.cluster.failure import failure_of
from ml8s.cluster.runs import config_of, until_of
from ml8s.cluster.view import compiled_digest, read_view
from scripts import templates

RECORDED = Path(__file__).parent / "recorded"
LABELS = ["validate", "split", "featurize", "search[lgbm]", "select", "evaluate", "register"]


def workflow(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return found


def test_a_run_that_began_shows_its_first_pod_and_what_waits() -> None:
    view = read_view(workflow("running"))
    assert [step.label for step in view.steps] == LABELS
    assert [step.state for step in view.steps] == ["running", *["waiting"] * 6]
    [tried] = view.steps[0].tries
    assert (tried.pod, tried.phase) == (f"{view.name}-validate-3931584452", "Running")
    assert (view.model, view.phase, view.over, view.pods) == ("fraud", "Running", False, 1)
    assert failure_of(view) is None


def test_a_run_that_is_done_shows_times_outputs_and_its_model() -> None:
    view = read_view(workflow("done"))
    assert [(step.label, step.state) for step in view.steps] == [(label, "done") for label in LABELS]
    assert view.over
    assert view.pods == len(LABELS)
    assert all(step.seconds > 0 for step in view.steps)
    register, evaluate = view.step("register"), view.step("evaluate")
    assert register is not None
    assert evaluate is not None
    assert str(register.outputs["result"]).startswith("fraud_")
    assert evaluate.outputs["decision"] == "pass"
    assert str(evaluate.outputs["metric"]).startswith("accuracy ")
    assert failure_of(view) is None


def test_its_config_and_what_it_was_compiled_from_belong_together() -> None:
    done = workflow("done")
    view = read_view(done)
    assert config_of(view).config.name == "fraud"
    digest = compiled_digest(done)
    assert digest
    assert sha256(str(view.parameters["config"]).encode()).startswith(digest)
    assert compiled_digest({"metadata": {"name": "x"}}) is None


@pytest.mark.parametrize(("until", "shown", "asked"), [("split", 2, "split"), ("search-lgbm", 4, "search[lgbm]")])
def test_what_comes_after_the_last_step_asked_for_is_not_shown(until: str, shown: int, asked: str) -> None:
    running = workflow("running")
    running["spec"]["arguments"]["parameters"].append({"name": "until", "value": until})
    view = read_view(running)
    assert [step.label for step in view.steps] == LABELS[:shown]
    assert until_of(view) == asked
    assert until_of(read_view(workflow("running"))) is None


def test_tries_are_in_order_and_a_failed_one_says_why() -> None:
    failed = copy.deepcopy(workflow("running"))
    nodes = failed["status"]["nodes"]
    [first] = [node for node in nodes.values() if node["displayName"] == "validate(0)"]
    [retry] = [node for node in nodes.values() if node["displayName"] == "validate"]
    first |= {"phase": "Failed", "message": "main: OOMKilled (exit code 137)", "outputs": {"exitCode": "137"}}
    second = {**first, "id": f"{failed['metadata']['name']}-7", "displayName": "validate(1)", "phase": "Running"}
    nodes[second["id"]] = {**second, "message": "", "outputs": {}}
    retry["children"].append(second["id"])
    step = read_view(failed).steps[0]
    assert [(each.phase, each.exit_code) for each in step.tries] == [("Failed", "137"), ("Running", None)]
    assert step.state == "running"


def test_an_object_that_says_nothing_yet_is_a_run_without_steps() -> None:
    view = read_view({"metadata": {"name": "run-1"}, "spec": {"shutdown": "Terminate"}})
    assert (view.name, view.phase, view.steps, view.shutdown) == ("run-1", "Pending", (), "Terminate")


def test_a_run_until_a_step_of_what_is_compiled_now_shows_all_that_it_waits_for() -> None:
    stored = yaml.safe_load(templates.compiled("fraud").template)["spec"]
    asked = {"arguments": {"parameters": [{"name": "until", "value": "select"}]}}
    view = read_view({"metadata": {"name": "x"}, "spec": asked, "status": {"storedWorkflowTemplateSpec": stored}})
    labels = ["validate", "split", "featurize", "search[lgbm]", "search[xgboost]", "select"]
    assert [step.label for step in view.steps] == labels
    tasks = next(each for each in stored["templates"] if each["name"] == "main")["dag"]["tasks"]
    for task in tasks:
        if "depends" in task:  # as earlier versions wrote it
            names = task["depends"].split(" && ")
            task["depends"] = " && ".join(f"({name}.Succeeded || {name}.Skipped)" for name in names)
    view = read_view({"metadata": {"name": "x"}, "spec": asked, "status": {"storedWorkflowTemplateSpec": stored}})
    assert [step.label for step in view.steps] == labels
