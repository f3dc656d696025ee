"""Why a run in a cluster failed or does not get on: from its view to the error that a local run would raise."""

from __future__ import annotations

import re
from typing import Final

from ml8s.cluster.quota import read_quota
from ml8s.cluster.view import FAILED, PENDING, SUCCEEDED, RunView, StepView
from ml8s.errors import (
    GateFailed,
    ImageMissing,
    InputMissing,
    ML8sError,
    PodRefused,
    RunFailed,
    StepDied,
    StepTimedOut,
    Terminated,
)
from ml8s.runner.log_lines import read_failure

NO: Final = "fail"
LONGEST: Final = 500
_IMAGE = re.compile(r"ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|RegistryUnavailable")
_REFUSED = re.compile(
    r"CreateContainerConfigError|CreateContainerError|forbidden|violates PodSecurity|exceeded quota"
    r"|serviceaccount .* not found|admission webhook|MountVolume|secret .* not found|configmap .* not found"
)
_DEADLINE = re.compile(r"deadline|max duration limit", re.IGNORECASE)
_UNSCHEDULABLE = re.compile(r"Unschedulable")


def failure_of(run: RunView) -> ML8sError | None:
    """What ended a run without a model; None while it works, and where it did what it was asked.

    A run that was asked to stop at its evaluation has done so even if the verdict is no: this is an error too.
    """
    if not run.over:
        return None
    if refused := _refused_by_gate(run):
        return refused
    if run.phase == SUCCEEDED:
        return None
    failed = next((step for step in run.steps if step.state == FAILED and step.tries), None)
    failed = failed or next((step for step in run.steps if step.state == FAILED), None)
    if run.shutdown:
        return Terminated(f"run {run.name} was stopped", where=run.name, cure=_again(run))
    return _of_run(run) if failed is None else _of_step(run, failed)


def _of_run(run: RunView) -> ML8sError:
    if _DEADLINE.search(run.message):
        return StepTimedOut(f"run {run.name} took longer than its deadline", where=run.name, cure=_again(run))
    cure = "show this line to the platform team; `ml8s doctor` checks the cluster"
    return RunFailed(f"run {run.name} failed: {_short(run.message) or run.phase}", where=run.name, cure=cure)


def trouble_of(step: StepView) -> ML8sError | None:
    """Why a pod that waits will never start by itself; None where it only takes its time."""
    quota = read_quota(step.message)
    if not _waits(step) or (quota is not None and quota.can_fit):  # Argo asks for the pod again and again
        return None
    return _of_image(step) or _of_refusal(step)


def delay_of(step: StepView) -> str:
    """Why a step waits, in an ML engineer's words; empty where there is nothing to say."""
    if not _waits(step) or not step.message:
        return ""
    if _UNSCHEDULABLE.search(step.message):
        return f"waits for a machine with enough CPU and memory ({_short(step.message)})"
    if quota := read_quota(step.message):
        return f"waits for other pods of the namespace to end ({quota.words})"
    if "Waiting for" in step.message and "lock" in step.message:
        return "waits for another run of this model to register"
    return "starting" if step.message in ("PodInitializing", "ContainerCreating") else _short(step.message)


def _waits(step: StepView) -> bool:
    """Whether a pod is to start; between two tries the message is still that of the one that failed."""
    return step.state == PENDING and (step.last is None or step.last.phase == "Pending")


def retried(step: StepView) -> list[str]:
    """What is said of each try of a step that another one followed."""
    return [f"{_cause(each.message, each.exit_code)}: tried again" for each in step.tries[:-1]]


def _refused_by_gate(run: RunView) -> ML8sError | None:
    decision = next((str(step.outputs["decision"]) for step in run.steps if step.outputs.get("decision")), "")
    verdict, _, reasons = decision.partition(": ")
    if verdict != NO:
        return None
    return GateFailed(
        f"{run.model or 'the model'} is not good enough and is not registered: {reasons or 'its evaluation failed'}",
        where=run.name,
        cure=f"read the report with `ml8s runs report {run.name}`, "
        "then change the data, the search or `evaluation.gates`",
    )


def _of_step(run: RunView, step: StepView) -> ML8sError:
    told = read_failure(step.message)
    if told is not None:
        error = told.error()
        error.where = error.where or step.label
        if isinstance(error, InputMissing):
            error.cure = f"`ml8s runs retry {run.name}`: the step that made it runs once more"
        return error
    return _of_image(step) or _of_refusal(step) or _of_end(run, step)


def _of_image(step: StepView) -> ML8sError | None:
    if not _IMAGE.search(step.message):
        return None
    return ImageMissing(
        f"{step.label} cannot start: its image cannot be pulled: {_short(step.message)}",
        where="platform.images",
        cure="ask the platform team to publish the step images and to name their digests in platform.yaml",
    )


def _of_refusal(step: StepView) -> ML8sError | None:
    if not _REFUSED.search(step.message):
        return None
    if quota := read_quota(step.message):
        return PodRefused(
            f"{step.label} cannot start: {_short(quota.words)}",
            where="platform",
            cure="ask for less with `resources` in the config, or ask the platform team for a larger quota",
        )
    return PodRefused(
        f"{step.label} cannot start: {_short(step.message)}",
        where="platform",
        cure="ask the platform team for what is missing: `ml8s doctor` names it; then `ml8s runs retry`",
    )


def _of_end(run: RunView, step: StepView) -> ML8sError:
    code = step.last.exit_code if step.last else None
    if "OOMKilled" in step.message:
        cure = "ask for more with `resources: {memory: …}` in the config"
        return StepDied(f"{step.label} ran out of memory and was killed", where=step.label, cure=cure)
    if _DEADLINE.search(step.message):
        message = f"{step.label} took longer than its deadline: {_short(step.message)}"
        cure = "give it more CPUs with `resources`, or less to do: fewer rows, trials or features"
        return StepTimedOut(message, where=step.label, cure=cure)
    if code in ("137", "143") or _is_lost(step.message):
        return StepDied(f"{step.label} was killed: {_short(step.message)}", where=step.label, cure=_again(run))
    cure = f"read its log with `ml8s runs logs {run.name}`"
    return RunFailed(
        f"{step.label} failed: {_short(step.message) or 'Argo does not say why'}", where=run.name, cure=cure
    )


def _cause(message: str, code: str | None) -> str:
    told = read_failure(message)
    if told is not None:
        return told.message
    if "OOMKilled" in message:
        return "ran out of memory and was killed"
    return "was killed" if code in ("137", "143") or _is_lost(message) else _short(message) or f"exit status {code}"


def _is_lost(message: str) -> bool:
    return any(word in message for word in ("pod deleted", "Evicted", "node is gone", "NodeLost", "Preempting"))


def _again(run: RunView) -> str:
    return f"`ml8s runs retry {run.name}`: finished steps are kept, and it goes on from there"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST else f"{flat[:LONGEST]}…"
