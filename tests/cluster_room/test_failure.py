"""Why a run failed or waits, in an ML engineer's words and with the exit status of a local run."""

from __future__ import annotations

import pytest

from ml8s.cluster.failure import delay_of, failure_of, retried, trouble_of
from ml8s.cluster.quota import quantity
from ml8s.cluster.view import FAILED, PENDING, RunView, StepView, TryView
from ml8s.errors import (
    ContractViolation,
    GateFailed,
    ImageMissing,
    InputMissing,
    ML8sError,
    PodRefused,
    RunFailed,
    StepDied,
    StepTimedOut,
    StoreUnreachable,
    Terminated,
)
from ml8s.runner.log_lines import failure_text


def failing(message: str, code: str | None = None, label: str = "split") -> RunView:
    tries = (TryView("pod", "Failed", code, message),)
    return RunView("run-1", "Failed", model="fraud", steps=(StepView(label, label, FAILED, message, tries=tries),))


def ended_by(error: ML8sError, code: int) -> str:
    return f"Error (exit code {code}): {failure_text(error)}"


def exceeded(asked: str, limited: str) -> str:
    return (
        f'pods "x" is forbidden: exceeded quota: team-a, requested: requests.cpu={asked},requests.memory=2Gi, '
        f"used: requests.cpu=1500m,requests.memory=1Gi, limited: requests.cpu={limited},requests.memory=2560Mi"
    )


BROKEN = ContractViolation("3 rows are wrong", where="train", cure="mend them")
AWAY = StoreUnreachable("the store does not answer", where="s3://b", cure="check the endpoint")
GONE = InputMissing("split cannot read its input", producer="validate", cure="x")
CASES = [
    (failing(ended_by(BROKEN, 2), "2"), ContractViolation, "mend them"),
    (failing(ended_by(AWAY, 75), "75"), StoreUnreachable, "check the endpoint"),
    (failing(ended_by(GONE, 76), "76"), InputMissing, "ml8s runs retry run-1"),
    (failing("OOMKilled (exit code 137)", "137"), StepDied, "resources: {memory"),
    (failing("Error (exit code 137)", "137"), StepDied, "ml8s runs retry run-1"),
    (failing("pod deleted"), StepDied, "ml8s runs retry run-1"),
    (failing("Pod was active on the node longer than the specified deadline"), StepTimedOut, "resources"),
    (failing('ErrImagePull: failed to pull "localhost/x@sha256:1": not found'), ImageMissing, "platform.yaml"),
    (failing('CreateContainerConfigError: secret "ml8s-store" not found'), PodRefused, "ml8s doctor"),
    (failing('pods "x" is forbidden: violates PodSecurity "restricted:latest"'), PodRefused, "ml8s doctor"),
    (failing(exceeded("4", "2")), PodRefused, "larger quota"),
    (failing("Error (exit code 1)", "1"), RunFailed, "ml8s runs logs run-1"),
    (failing(""), RunFailed, "ml8s runs logs run-1"),
    (RunView("run-1", "Error", "invalid spec: no entrypoint"), RunFailed, "platform team"),
    (RunView("run-1", "Failed", "Max duration limit exceeded"), StepTimedOut, "retry"),
    (RunView("run-1", "Failed", shutdown="Terminate"), Terminated, "ml8s runs retry run-1"),
]  # fmt: skip


@pytest.mark.parametrize(("run", "kind", "cure"), CASES, ids=[kind.__name__ for _, kind, _ in CASES])
def test_a_failed_run_raises_what_a_local_one_would(run: RunView, kind: type[ML8sError], cure: str) -> None:
    error = failure_of(run)
    assert type(error) is kind
    assert cure in error.cure
    assert error.message
    assert error.where


def test_a_run_that_works_or_is_done_has_no_failure() -> None:
    assert failure_of(RunView("run-1", "Running")) is None
    assert failure_of(RunView("run-1", "Succeeded")) is None


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_verdict_that_says_no_is_the_answer_no_however_argo_ended(phase: str) -> None:
    judged = StepView("evaluate", "evaluate", outputs={"decision": "fail: roc_auc 0.8 is not > 0.9"})
    refused = StepView("register", "register", FAILED, "Error (exit code 10): ML8S-S001: no")
    error = failure_of(RunView("run-1", phase, model="fraud", steps=(judged, refused)))
    assert type(error) is GateFailed
    assert error.exit_status == 1
    assert error.message == "fraud is not good enough and is not registered: roc_auc 0.8 is not > 0.9"


def pending(message: str) -> StepView:
    return StepView("split", "split", PENDING, message)


def test_a_pod_that_can_never_start_is_told_from_one_that_waits() -> None:
    assert type(trouble_of(pending('ImagePullBackOff: Back-off pulling image "x"'))) is ImageMissing
    assert type(trouble_of(pending('CreateContainerConfigError: secret "s" not found'))) is PodRefused
    assert type(trouble_of(pending(exceeded("4", "3500m")))) is PodRefused, "it fits into no emptied quota"
    waiting = ("", "PodInitializing", "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.", exceeded("2", "2"))
    for message in waiting:
        assert trouble_of(pending(message)) is None
    assert trouble_of(StepView("split", "split", FAILED, "ImagePullBackOff")) is None


def test_waiting_is_said_without_a_kubernetes_word() -> None:
    assert delay_of(pending("Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.")).startswith(
        "waits for a machine with enough CPU and memory"
    )
    lock = "Waiting for ml8s/Mutex/register-fraud lock. Lock status: 0/1"
    assert delay_of(pending(lock)) == "waits for another run of this model to register"
    assert delay_of(pending("PodInitializing")) == "starting"
    assert delay_of(pending(exceeded("1", "2"))) == (
        "waits for other pods of the namespace to end (quota team-a: requests.cpu: 1 asked, 1500m of 2 in use; "
        "requests.memory: 2Gi asked, 1Gi of 2560Mi in use)"
    )
    between = StepView("split", "split", PENDING, "main: Error (exit code 75)", tries=(TryView("a", "Failed", "75"),))
    assert delay_of(between) == "", "what failed is told by its retry"
    assert delay_of(pending("")) == ""


def test_each_try_that_was_followed_by_another_is_told_once() -> None:
    tries = (
        TryView("a", "Failed", "137", "OOMKilled (exit code 137)"),
        TryView("b", "Failed", "75", ended_by(AWAY, 75)),
        TryView("c", "Error", None, "pod deleted"),
        TryView("d", "Running"),
    )
    assert retried(StepView("split", "split", tries=tries)) == [
        "ran out of memory and was killed: tried again",
        "the store does not answer: tried again",
        "was killed: tried again",
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [("2", 2), ("1500m", 1.5), ("4Gi", 4 * 1024**3), ("128974848", 128974848), ("2k", 2000), ("?", 0)],
)
def test_quantities_are_numbers(text: str, number: float) -> None:
    assert quantity(text) == number
