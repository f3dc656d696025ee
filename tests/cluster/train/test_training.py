"""Training on the real cluster: compiled, submitted by argo, the same bytes as on a laptop."""

import re
from pathlib import Path

from ml8s.storage import open_store
from tests.cluster.train.platform import SIZE, Platform, in_cluster, ml8s, records

TASKS = ["evaluate", "featurize", "register", "search-lgbm", "search-xgboost", "select", "split", "validate"]


def said(platform: Platform, workflow: str) -> str:
    """What the workflow says in the words of its nodes, for a failing test."""
    nodes = platform.space.nodes(workflow)
    return "\n".join(f"{name} {node['phase']} {node.get('message', '')}" for name, node in sorted(nodes.items()))


def test_fraud_trains_in_separate_pods_to_the_same_bytes_as_locally(platform: Platform, tmp_path: Path) -> None:
    gate = "evaluation.gates.roc_auc='> 0.1'"
    name = platform.run(gate)
    assert platform.space.phase(name) == "Succeeded", said(platform, name)
    pods = platform.pods(name)
    assert [re.sub(r"\(0\)$", "", pod) for pod in pods] == TASKS  # one pod a step, none of them twice

    asked = [word for value in (*SIZE, gate) for word in ("--set", value)]
    local = ml8s("run", platform.config, "--local", "--store", tmp_path / "local", *asked)
    assert local.returncode == 0, local.stderr
    here, there = open_store(str(tmp_path / "local")), platform.opened()
    assert len(in_cluster(here)) == 20
    assert in_cluster(there) == in_cluster(here)
    assert records(there) == records(here)
    assert len(records(there)) == 1
    model = platform.result(name, "register")
    assert re.fullmatch(r"fraud_\d{8}", model)
    shown = platform.bucket.read(f"argo/{name}/report.html")
    assert b"<html" in shown[:2000]

    # A second run with what the store has: no pod but register's, which finds itself done.
    steps = [task for task in TASKS if task != "register"]
    have = [f"have-{task}={platform.result(name, task)}" for task in steps]
    again = platform.run(gate, have=have)
    assert platform.space.phase(again) == "Succeeded", said(platform, again)
    assert [re.sub(r"\(0\)$", "", pod) for pod in platform.pods(again)] == ["register"]
    assert platform.result(again, "register") == model
    assert len(records(there)) == 1


def test_a_model_below_its_gate_fails_the_workflow_with_exit_10_and_registers_nothing(platform: Platform) -> None:
    name = platform.run("evaluation.gates.roc_auc='> 0.9999'")
    assert platform.space.phase(name) == "Failed", said(platform, name)
    nodes = platform.space.nodes(name)
    assert nodes["register(0)"]["outputs"]["exitCode"] == "10"
    assert "register(1)" not in nodes  # the answer no is not asked for twice
    outputs = {each["name"]: each["value"] for each in nodes["evaluate"]["outputs"]["parameters"]}
    assert outputs["decision"].startswith("fail: ")
    assert records(platform.opened()) == []


def test_wrong_credentials_fail_once_in_words(platform: Platform) -> None:
    platform.secret("nobody", "nothing12")
    name = platform.run()
    nodes = platform.space.nodes(name)
    assert platform.space.phase(name) == "Failed"
    assert nodes["validate(0)"]["outputs"]["exitCode"] == "4"
    assert "validate(1)" not in nodes
