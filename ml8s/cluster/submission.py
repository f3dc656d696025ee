"""Handing a run to the cluster: the WorkflowTemplate applied, a Workflow made that refers to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, cast

import yaml

from ml8s.artifacts import Json, sha256
from ml8s.cluster.kubectl import Kubectl, Object
from ml8s.cluster.view import compiled_digest
from ml8s.errors import ConfigChanged
from ml8s.platform.documents import document
from ml8s.runner.attempts import new_attempt

if TYPE_CHECKING:
    from ml8s.compile import Compiled

WORKFLOW: Final = "workflows.argoproj.io"
TRIES: Final = 4
TAKEN_UP_SECONDS: Final = 10.0
LOOK_EVERY_SECONDS: Final = 0.5


def _untold(_: str) -> None:
    return None


def config_parameter(compiled: Compiled) -> str:
    """The config as a Workflow carries it: base64 of its JSON."""
    template = yaml.safe_load(compiled.template)
    return str(next(each["value"] for each in template["spec"]["arguments"]["parameters"] if each["name"] == "config"))


def workflow_document(compiled: Compiled, attempt: str, parameters: Mapping[str, str]) -> str:
    """The Workflow of one attempt: named by it, with its own config and parameters. YAML."""
    workflow: dict[str, Json] = yaml.safe_load(compiled.workflow)
    metadata = dict(cast("Mapping[str, Json]", workflow["metadata"]))
    metadata.pop("generateName", None)
    given = {"config": config_parameter(compiled), **parameters}
    listed: list[Json] = [{"name": name, "value": value} for name, value in given.items()]
    spec = {**cast("Mapping[str, Json]", workflow["spec"]), "arguments": {"parameters": listed}}
    return document({**workflow, "metadata": {**metadata, "name": attempt}, "spec": spec})


def submit(
    kubectl: Kubectl, compiled: Compiled, parameters: Mapping[str, str], told: Callable[[str], None] = _untold
) -> str:
    """Starts a run and answers its attempt, which ``told`` hears as soon as it is made.

    Two people may compile one model's template at once. Argo takes the template up a moment after the Workflow is
    made: a Workflow that got another's is stopped and made anew. Where nobody takes it up in time, each step's own
    check of its config remains.

    Raises:
        ConfigChanged: the template was changed by others again and again.
        ClusterError: the cluster refuses, or does not answer.
    """
    expected = sha256(config_parameter(compiled).encode())
    for _ in range(TRIES):
        attempt = new_attempt()
        kubectl.apply(compiled.template)
        kubectl.create(workflow_document(compiled, attempt, parameters))
        told(attempt)
        compiled_from = _taken_up(kubectl, attempt)
        if compiled_from is None or expected.startswith(compiled_from):
            return attempt
        stop(kubectl, attempt)
    raise ConfigChanged(
        f"the template {compiled.name} was changed by somebody else while this run was submitted, {TRIES} times",
        where=compiled.name,
        cure="run again when nobody else submits this model, or give the config a `name` of its own",
    )


def stop(kubectl: Kubectl, attempt: str) -> None:
    """Ends a run: its pods are told to end, nothing new starts."""
    kubectl.patch(WORKFLOW, attempt, {"spec": {"shutdown": "Terminate"}})


def read(kubectl: Kubectl, attempt: str) -> Object | None:
    """The Workflow of an attempt; None where there is none."""
    return kubectl.get(WORKFLOW, attempt)


def _taken_up(kubectl: Kubectl, attempt: str) -> str | None:
    end = time.monotonic() + TAKEN_UP_SECONDS
    while time.monotonic() < end:
        found = compiled_digest(read(kubectl, attempt) or {})
        if found is not None:
            return found
        time.sleep(LOOK_EVERY_SECONDS)
    return None
