"""A Workflow's JSON as what a person follows: one line a task. A function of the object; it talks to nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, cast

from ml8s.artifacts import Json
from ml8s.catalogue import STEPS
from ml8s.platform.names import MODEL_LABEL, kubernetes_name
from ml8s.step_variables import COMPILED_FROM

WAITING: Final = "waiting"
PENDING: Final = "pending"
RUNNING: Final = "running"
DONE: Final = "done"
SKIPPED: Final = "skipped"
FAILED: Final = "failed"
OMITTED: Final = "omitted"

SUCCEEDED: Final = "Succeeded"
ENDED: Final = ("Succeeded", "Failed", "Error")
ENTRY: Final = "main"
_STATES: Final[Mapping[str, str]] = {
    "Pending": PENDING, "Running": RUNNING, "Succeeded": DONE, "Skipped": SKIPPED, "Omitted": OMITTED,
    "Failed": FAILED, "Error": FAILED,
}  # fmt: skip

_Map = Mapping[str, Json]

# The names in `depends`, alone or before what they must have come to: `split`, `split.Succeeded`.
_AWAITED: Final = re.compile(r"(?<![\w.-])[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class TryView:
    """One pod of a task: its name, phase in Argo's words, exit status where it ended, and what Argo says of it."""

    pod: str
    phase: str
    exit_code: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class StepView:
    """One task of a run.

    Attributes:
        node: its name in Argo, such as ``search-extra-tree``.
        label: its name everywhere else, such as ``search[extra_tree]``.
        state: waiting, pending, running, done, skipped (the store has it), failed, or omitted (not reached).
        message: why it waits or failed, in Argo's words.
        began: when its first pod was made; None before.
        ended: when it ended; None before.
        outputs: its output parameters: ``result``, and of a step that judges ``decision`` and ``metric``.
        tries: its pods, in order.
    """

    node: str
    label: str
    state: str = WAITING
    message: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    outputs: _Map = field(default_factory=dict)
    tries: tuple[TryView, ...] = ()

    @property
    def seconds(self) -> float:
        """Wall seconds from its first pod to its end; 0 where it has not ended."""
        return (self.ended - self.began).total_seconds() if self.began and self.ended else 0.0

    @property
    def last(self) -> TryView | None:
        """Its latest pod."""
        return self.tries[-1] if self.tries else None


@dataclass(frozen=True, slots=True)
class RunView:
    """One run: the Workflow's name, phase and message, its parameters, and its tasks in order of flow."""

    name: str
    phase: str
    message: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    model: str = ""
    shutdown: str = ""
    parameters: _Map = field(default_factory=dict)
    steps: tuple[StepView, ...] = ()

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.phase in ENDED

    @property
    def pods(self) -> int:
        """How many pods were started."""
        return sum(len(step.tries) for step in self.steps)

    def step(self, name: str) -> StepView | None:
        """The task of a node's name or a label."""
        return next((step for step in self.steps if name in (step.node, step.label)), None)


def read_view(workflow: _Map) -> RunView:
    """The view of a Workflow object as kubectl prints it, whatever of it is there yet."""
    metadata, spec, status = (_map(workflow.get(name)) for name in ("metadata", "spec", "status"))
    stored = _map(status.get("storedWorkflowTemplateSpec"))
    nodes = {name: _map(node) for name, node in _map(status.get("nodes")).items()}
    parameters = {**_parameters(stored.get("arguments")), **_parameters(spec.get("arguments"))}
    return RunView(
        name=str(metadata.get("name", "")),
        phase=str(status.get("phase") or "Pending"),
        message=str(status.get("message", "")),
        began=_time(status.get("startedAt")) or _time(metadata.get("creationTimestamp")),
        ended=_time(status.get("finishedAt")),
        model=str(_map(metadata.get("labels")).get(MODEL_LABEL, "")),
        shutdown=str(spec.get("shutdown") or ""),
        parameters=parameters,
        steps=tuple(_steps(str(metadata.get("name", "")), stored, str(parameters.get("until") or ""), nodes)),
    )


def compiled_digest(workflow: _Map) -> str | None:
    """The digest of the config that a Workflow's template was compiled from; None before Argo has taken it up."""
    for template in _templates(_map(_map(workflow.get("status")).get("storedWorkflowTemplateSpec"))).values():
        for variable in map(_map, _list(_map(template.get("container")).get("env"))):
            if variable.get("name") == COMPILED_FROM:
                return str(variable.get("value"))
    return None


def _wanted(stored: _Map, until: str) -> dict[str, _Map]:
    """The tasks of the template by name; with ``until`` those that it names and what they wait for."""
    listed = map(_map, _list(_map(_templates(stored).get(ENTRY, {}).get("dag")).get("tasks")))
    tasks = {str(task.get("name")): task for task in listed}
    wanted = set(until.split()) if until else set(tasks)
    for name in reversed(tasks):
        if name in wanted:
            wanted.update(_AWAITED.findall(str(tasks[name].get("depends", ""))))
    return {name: task for name, task in tasks.items() if name in wanted}


def _steps(workflow: str, stored: _Map, until: str, nodes: Mapping[str, _Map]) -> Iterator[StepView]:
    """The tasks of the template, in its order, each with what the nodes say of it."""
    by_name = {str(node.get("displayName")): node for node in nodes.values() if node.get("type") != "Pod"}
    pods = {str(node.get("displayName")): node for node in nodes.values() if node.get("type") == "Pod"}
    for name, task in _wanted(stored, until).items():
        node = by_name.get(name) or pods.get(name)
        label = _label(str(task.get("template")), _parameters(task.get("arguments")).get("item"))
        yield StepView(name, label) if node is None else _step(workflow, name, label, node, nodes)


def _step(workflow: str, name: str, label: str, node: _Map, nodes: Mapping[str, _Map]) -> StepView:
    children = [nodes[str(child)] for child in _list(node.get("children")) if str(child) in nodes]
    pods = (
        [each for each in children if str(each.get("displayName")).startswith(f"{name}(")]
        if node.get("type") == "Retry"
        else []
    )
    pods = [node] if node.get("type") == "Pod" else pods
    tries = tuple(_try(workflow, pod) for pod in pods)
    state = _STATES.get(str(node.get("phase")), PENDING)
    if state == RUNNING and (not pods or pods[-1].get("phase") != "Running"):
        state = PENDING
    last = str(pods[-1].get("message", "")) if pods else ""
    return StepView(
        node=name,
        label=label,
        state=state,
        message=last or str(node.get("message", "")),
        began=_time(node.get("startedAt")),
        ended=_time(node.get("finishedAt")),
        outputs=_parameters(node.get("outputs")),
        tries=tries,
    )


def _try(workflow: str, pod: _Map) -> TryView:
    outputs = _map(pod.get("outputs"))
    code = outputs.get("exitCode")
    return TryView(
        pod=pod_name(workflow, str(pod.get("templateName", "")), str(pod.get("id", ""))),
        phase=str(pod.get("phase")),
        exit_code=None if code is None else str(code),
        message=str(pod.get("message", "")),
    )


def pod_name(workflow: str, template: str, node_id: str) -> str:
    """The name that Argo gives the pod of a node: Workflow, template, and the hash at the end of the node's id."""
    return "-".join([workflow, template, node_id.rpartition("-")[2]])


def _label(template: str, item: Json) -> str:
    step = next((spec.name for spec in STEPS if kubernetes_name(spec.name) == template), template)
    return step if item is None else f"{step}[{item}]"


def _templates(stored: _Map) -> dict[str, _Map]:
    return {str(_map(each).get("name")): _map(each) for each in _list(stored.get("templates"))}


def _parameters(holder: Json) -> dict[str, Json]:
    listed = map(_map, _list(_map(holder).get("parameters")))
    return {str(each.get("name")): each["value"] for each in listed if "value" in each}


def _map(value: Json) -> _Map:
    return value if isinstance(value, Mapping) else {}


def _list(value: Json) -> Sequence[Json]:
    return cast("Sequence[Json]", value) if isinstance(value, list | tuple) else ()


def _time(value: Json) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None
