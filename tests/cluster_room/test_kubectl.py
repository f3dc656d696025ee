"""What kubectl answers, and what stands under its name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ml8s.cluster.examination import examine_cluster
from ml8s.cluster.kubectl import Kubectl
from ml8s.cluster.runs import find_run, list_runs
from ml8s.errors import ClusterError, KubectlMissing, RunFailed, RunNotFound
from ml8s.health import State
from tests.cluster_room.scripted_kubectl import Script
from tests.cluster_room.test_doctor import PLATFORM

RUN = json.loads((Path(__file__).parent / "recorded" / "done.json").read_text())
TRIAL = {"metadata": {"name": "ml8s-doctor-1", "labels": {"ml8s.dev/pipeline": "doctor"}}}


def test_a_program_that_cannot_start_is_no_kubectl(tmp_path: Path) -> None:
    program = tmp_path / "kubectl"
    program.write_bytes(b"\x7fELF of another machine")
    program.chmod(0o755)
    for call in (lambda kubectl: kubectl.run("version"), lambda kubectl: kubectl.stream("logs", "x")):
        with pytest.raises(KubectlMissing, match="cannot be started: Exec format error"):
            call(Kubectl("ml8s", str(program)))


def test_a_wrapper_that_prints_too_is_named_and_no_bug(tmp_path: Path) -> None:
    kubectl = Script(tmp_path).write(
        **{verb: [("welcome to the cluster\n{}", "", 0.0, "0")] for verb in ("get", "version", "create")}
    )
    with pytest.raises(RunFailed, match="printed what is no JSON: welcome to the cluster"):
        list_runs(kubectl)
    with pytest.raises(RunFailed):
        kubectl.get("pods", "x")
    checks = examine_cluster(kubectl, PLATFORM)
    assert checks[0].state is State.FAILED
    assert isinstance(checks[0].error, ClusterError)
    assert "the real one" in checks[0].error.cure


def test_only_trainings_are_runs(tmp_path: Path) -> None:
    name = RUN["metadata"]["name"]
    found: dict[str, object] = {"items": [RUN]}
    script = Script(tmp_path)
    kubectl = script.write(get=[(json.dumps(each), "", 0.0, "0") for each in (RUN, TRIAL, found, found)])
    assert find_run(kubectl, name) == RUN
    with pytest.raises(RunNotFound):
        find_run(kubectl, "ml8s-doctor-1")
    assert list_runs(kubectl) == [RUN]
    assert "-l ml8s.dev/model " in script.asked("get")[-1], "the doctor's trial bears no model"
