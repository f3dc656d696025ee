"""What `ml8s doctor` makes of a cluster's answers; the answers themselves are asked for in tests/cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml8s.cluster.examination import check_version, examine_cluster
from ml8s.cluster.kubectl import Kubectl
from ml8s.cluster.rights import LOOKING, SUBMITTER
from ml8s.cluster.trial import TASKS, Node, judge, read_nodes, trial_workflow
from ml8s.errors import (
    AccessDenied,
    ArgoMissing,
    ClusterDenied,
    ClusterTooOld,
    ImageMissing,
    KubectlMissing,
    ML8sError,
    PodRefused,
    RegistryOpen,
    RunFailed,
    StepTimedOut,
)
from ml8s.health import Check, State, failed, good, unknown, verdict
from ml8s.platform.reading import parse_platform
from ml8s.storage.examination import from_rows, to_rows
from tests.compile.structure import SECURITY

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "workflow-templates" / "platform.example.yaml").read_text()
PLATFORM = parse_platform(TEXT, "platform.yaml")
DENIED = ClusterDenied("you may not", where="ml8s", cure="ask")


def test_the_rights_that_are_asked_for_are_those_that_the_installation_grants() -> None:
    documents = yaml.safe_load_all((ROOT / "workflow-templates" / "install" / "accounts.yaml").read_text())
    [role] = [d for d in documents if d["kind"] == "Role" and d["metadata"]["name"] == "ml8s-deployer"]
    granted = {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted == {(right.group, right.resource, right.verb) for right in (*SUBMITTER, *LOOKING)}


def test_a_review_asks_what_kubectl_auth_can_i_asks() -> None:
    [logs] = [right for right in SUBMITTER if right.words == "get pods/log"]
    review: Any = logs.review("ml8s")
    assert review["spec"]["resourceAttributes"] == {
        "namespace": "ml8s", "group": "", "verb": "get", "resource": "pods", "subresource": "log",
    }  # fmt: skip


def test_the_first_failure_decides_and_every_failure_keeps_its_cure() -> None:
    missing = ArgoMissing("no kind", where="api", cure="install it")
    checks = [good("a", "there"), unknown("b", "who knows", "ask"), failed("c", DENIED), failed("d", missing)]
    error = verdict(checks)
    assert isinstance(error, ClusterDenied)
    assert [(problem.where, problem.cure) for problem in error.problems] == [("c", "ask"), ("d", "install it")]
    assert "2 of 4 checks failed, first: c" in error.message
    assert verdict(checks[:2]) is None


def test_checks_come_out_of_a_pod_as_they_went_in() -> None:
    checks = [good("a", "é"), failed("b", AccessDenied("no", where="s3://x", cure="change it")), unknown("c", "?")]
    back = from_rows(to_rows(checks))
    assert [(c.name, c.state, c.found, type(c.error), c.cure) for c in back] == [
        (c.name, c.state, c.found, type(c.error), c.cure) for c in checks
    ]


@pytest.mark.parametrize("text", ["", "{}", "[1]", "[{}]", '[{"check": "a"}]', '[{"state":"purple"}]'])
def test_an_answer_that_is_none_blames_the_image(text: str) -> None:
    checks = judge("core", Node("Succeeded", "", text or "x"), PLATFORM, "ml8s")
    assert isinstance(checks[-1].error, ImageMissing)


@pytest.mark.parametrize(
    ("message", "kind", "where", "cure"),
    [
        ("ImagePullBackOff: Back-off pulling image", ImageMissing, "platform.images", "push it"),
        ("ErrImageNeverPull: not present", ImageMissing, "platform.images", "digest"),
        ('CreateContainerConfigError: secret "x" not found', PodRefused, "platform.credentials", "credentials.example"),
        ('pods "a" is forbidden: error looking up service account ml8s/r: serviceaccount "r" not found',
         PodRefused, "platform.service_accounts", "workflow-templates/install"),
        ('pods "a" is forbidden: violates PodSecurity "restricted:latest"', PodRefused, "ml8s", "executor"),
        ("Unschedulable: 0/1 nodes are available", PodRefused, "ml8s", "free"),
        ("exceeded quota: cpu", PodRefused, "ml8s", "quota"),
        ("PodInitializing", StepTimedOut, "ml8s", "get pods"),
    ],
)  # fmt: skip
def test_a_pod_that_does_not_start_is_explained(message: str, kind: type[ML8sError], where: str, cure: str) -> None:
    [check] = judge("core", Node("Pending", message, ""), PLATFORM, "ml8s")
    assert type(check.error) is kind
    assert check.error is not None
    assert check.error.where == where
    assert cure in check.cure
    assert message in check.found


def test_a_pod_that_fails_or_never_was_is_told_apart() -> None:
    assert isinstance(judge("core", Node("Failed", "Error (exit code 1)", ""), PLATFORM, "ml8s")[0].error, RunFailed)
    assert judge("core", None, PLATFORM, "ml8s")[0].state is State.UNKNOWN


def test_an_output_that_argo_did_not_report_is_the_executor_s_fault() -> None:
    there, lost = judge("train", Node("Succeeded", "", ""), PLATFORM, "ml8s")
    assert there.state is State.OK
    assert "ml8s-executor" in lost.cure


def test_the_nodes_of_a_workflow_are_its_pods() -> None:
    output = {"parameters": [{"name": "result", "value": "[]"}]}
    nodes = {
        "a": {"type": "DAG", "displayName": "main", "phase": "Running"},
        "b": {"type": "Pod", "displayName": "core", "phase": "Succeeded", "outputs": output},
        "c": {"type": "Pod", "displayName": "train", "phase": "Pending", "message": "Unschedulable: x"},
    }
    found = read_nodes(json.loads(json.dumps({"status": {"nodes": nodes}})))
    assert found == {"core": Node("Succeeded", "", "[]"), "train": Node("Pending", "Unschedulable: x", "")}
    assert read_nodes({}) == {}


def test_the_trial_is_as_hardened_as_a_run_and_each_pod_has_its_own_identities() -> None:
    spec: Any = trial_workflow("ml8s-doctor-x", PLATFORM)["spec"]  # type: ignore[index, call-overload]
    leaves = {each["name"]: each["container"] for each in spec["templates"] if "container" in each}
    assert set(leaves) == set(TASKS)
    assert spec["automountServiceAccountToken"] is False
    assert all(each["securityContext"] == SECURITY for each in leaves.values())
    assert all("@sha256:" in each["image"] for each in leaves.values())
    given = {name: [each["secretRef"]["name"] for each in box["envFrom"]] for name, box in leaves.items()}
    assert given == {
        "core": ["ml8s-data", "ml8s-store"],
        "train": ["ml8s-store"],
        "register": ["ml8s-store", "ml8s-registry"],
    }
    assert not [name for name, box in leaves.items() if "--shared" in box["args"]]


def test_without_kubectl_the_first_check_fails_and_the_rest_is_unknown() -> None:
    checks = examine_cluster(Kubectl("ml8s", program="no-such-kubectl"), PLATFORM)
    assert isinstance(checks[0].error, KubectlMissing)
    assert {check.state for check in checks[1:]} == {State.UNKNOWN}
    error = verdict(checks)
    assert error is not None
    assert error.exit_status == KubectlMissing.exit_status


def test_a_registry_that_any_step_may_write_is_a_class_of_its_own() -> None:
    error = RegistryOpen("open", where="s3://x", cure="close it")
    assert error.exit_status == 4
    assert Check("a", State.WARNING, "open", error, "close it").to_json()["code"] == "ML8S-K010"  # type: ignore[index, call-overload]


@pytest.mark.parametrize("minor", ["27", "28+", "34"])
def test_a_version_that_ml8s_compiles_for_passes(minor: str) -> None:
    assert "v1.x answers" in check_version({"major": "1", "minor": minor, "gitVersion": "v1.x"})


@pytest.mark.parametrize("minor", ["26", "9+"])
def test_an_older_cluster_is_refused(minor: str) -> None:
    with pytest.raises(ClusterTooOld, match=r"older than 1\.27") as caught:
        check_version({"major": "1", "minor": minor, "gitVersion": "v1.y"})
    assert "upgrade" in caught.value.cure
