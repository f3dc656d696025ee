"""The runs that a cluster keeps: list, find, config, logs. A Workflow object is kept for `keep_runs` seconds."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Final, cast

from ml8s.artifacts import Json
from ml8s.cluster.following import unknown_run
from ml8s.cluster.kubectl import Kubectl, Object
from ml8s.cluster.submission import WORKFLOW
from ml8s.cluster.view import RunView, StepView, read_view
from ml8s.config.loader import LoadedConfig
from ml8s.config.model import Config
from ml8s.errors import ClusterError, InvalidUsage, RunFailed, RunNotFound, StoreError
from ml8s.platform.names import MODEL_LABEL
from ml8s.runner.trial_counts import read_counts
from ml8s.storage import open_store

LOG_ARTIFACT: Final = "main-logs"
_NAME: Final = re.compile(r"[a-z0-9][-a-z0-9.]*")


def list_runs(kubectl: Kubectl) -> list[Object]:
    """The Workflows of trainings, latest first; not the doctor's trial, and no one else's."""
    found = kubectl.select(WORKFLOW, MODEL_LABEL)
    return sorted(found, key=lambda each: (_metadata(each, "creationTimestamp"), _metadata(each, "name")), reverse=True)


def find_run(kubectl: Kubectl, name: str) -> Object:
    """The Workflow of an attempt, or of a unique beginning of one.

    Raises:
        RunNotFound: there is none, or the beginning fits several.
    """
    if _NAME.fullmatch(name) is None:  # nor may it be an option of kubectl
        raise unknown_run(name, kubectl.namespace)
    exact = kubectl.get(WORKFLOW, name)
    if exact is not None and MODEL_LABEL in cast("Mapping[str, Json]", _metadata_of(exact).get("labels") or {}):
        return exact
    fitting = [each for each in list_runs(kubectl) if _metadata(each, "name").startswith(name)]
    if len(fitting) > 1:
        names = ", ".join(_metadata(each, "name") for each in fitting[:5])
        cure = "give more of its name"
        raise RunNotFound(f"{len(fitting)} runs begin with {name!r}: {names}", where=kubectl.namespace, cure=cure)
    if not fitting:
        raise unknown_run(name, kubectl.namespace)
    return fitting[0]


def config_of(run: RunView) -> LoadedConfig:
    """The config that a run was given.

    Raises:
        RunFailed: it is none that this version reads.
    """
    try:
        content = base64.b64decode(str(run.parameters.get("config", "")), validate=True)
        config = Config.model_validate_json(content)
    except (binascii.Error, ValueError) as error:
        raise RunFailed(
            f"the config of run {run.name} is none that this version of ML8s reads",
            where=run.name,
            cure="run its config anew: `ml8s run CONFIG`",
        ) from error
    return LoadedConfig(config, content.decode("utf-8"), f"run {run.name}", {})


def replay_of(run: RunView) -> dict[str, int]:
    """The numbers of trials that a run was asked to replay."""
    return read_counts(str(run.parameters.get("replay") or ""))


def until_of(run: RunView) -> str | None:
    """The last step that a run was asked for; None for all."""
    nodes = str(run.parameters.get("until") or "").split()
    labels = [step.label for step in run.steps if step.node in nodes]
    if not labels:
        return None
    return labels[0] if len(labels) == 1 else labels[0].partition("[")[0]


def logs(kubectl: Kubectl, workflow: Mapping[str, Json], only: str | None) -> Iterator[tuple[str, str]]:
    """What the steps of a run wrote, as (label, text), a task at a time; of a step that tries again, each try.

    A pod that ended well is removed; its log is then read from where Argo archived it, if this machine can.

    Raises:
        InvalidUsage: the run has no task of the name ``only``.
    """
    run = read_view(workflow)
    chosen = [step for step in run.steps if only is None or only in (step.label, step.node, step.label.split("[")[0])]
    if not chosen:
        known = ", ".join(step.label for step in run.steps)
        raise InvalidUsage(f"run {run.name} has no step {only!r}", where=run.name, cure=f"name one of: {known}")
    for step in chosen:
        for index in range(len(step.tries)):
            yield step.label, _log(kubectl, workflow, step, index)


def _log(kubectl: Kubectl, workflow: Mapping[str, Json], step: StepView, index: int) -> str:
    pod = step.tries[index].pod
    try:
        return kubectl.run("logs", pod, "--container", "main")
    except ClusterError as error:
        address = _archived(workflow, pod)
        if address is None:
            return f"its log is gone: {error.message}\n"
    uri, _, name = address.rpartition("/")
    try:
        return open_store(uri).get(name).decode("utf-8", "replace")
    except StoreError as error:
        return f"its log lies at {address}, which this machine cannot read: {error.message}\n"


def _archived(workflow: Mapping[str, Json], pod: str) -> str | None:
    """The address of a pod's archived log; None where Argo kept none."""
    status = cast("Mapping[str, Mapping[str, Json]]", workflow.get("status", {}))
    reference = cast("Mapping[str, Mapping[str, Mapping[str, Json]]]", status.get("artifactRepositoryRef", {}))
    bucket = reference.get("artifactRepository", {}).get("s3", {}).get("bucket")
    for identity, node in cast("Mapping[str, Mapping[str, Json]]", status.get("nodes", {})).items():
        if identity.rpartition("-")[2] != pod.rpartition("-")[2] or not bucket:
            continue
        outputs = cast("Mapping[str, list[Mapping[str, Json]]]", node.get("outputs", {}))
        for artifact in outputs.get("artifacts", []):
            if artifact.get("name") == LOG_ARTIFACT:
                return f"s3://{bucket}/{cast('Mapping[str, Json]', artifact['s3'])['key']}"
    return None


def _metadata(workflow: Mapping[str, Json], name: str) -> str:
    return str(_metadata_of(workflow).get(name, ""))


def _metadata_of(workflow: Mapping[str, Json]) -> Mapping[str, Json]:
    return cast("Mapping[str, Json]", workflow["metadata"])
