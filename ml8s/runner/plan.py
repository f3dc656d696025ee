"""The plan: what is cached, what will run, and why. A function without I/O; looking things up is handed to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from ml8s.artifacts import Json
from ml8s.config.digests import pipeline_digest
from ml8s.config.model import Config
from ml8s.pipelines.pipeline import Source, Task
from ml8s.runner.cache import Result
from ml8s.runner.keys import KeyParts, key_parts, run_key, why_changed
from ml8s.runner.program import Program, fan_out_items

CACHED: Final = "cached"
RUN: Final = "run"
UNKNOWN: Final = "unknown"
SATISFIED: Final = "satisfied"
REFUSED: Final = "refused"
SNAPSHOT: Final = "snapshot"
VERDICT: Final = "verdict"


@dataclass(frozen=True, slots=True)
class Found:
    """What lies under a step key: a result, and what it lacks (``port: why``) where it is not whole."""

    result: Result | None = None
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """An evaluation said no: the task and its reasons."""

    task: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """One task of a plan.

    ``state`` is cached, run, unknown (its inputs are not made yet), satisfied (an effect that is already there) or
    refused (an effect that a failed verdict forbids); ``reason`` says why it is not cached.
    """

    task: Task
    state: str
    reason: str = ""
    key: str | None = None
    result: Result | None = None

    def to_json(self) -> dict[str, Json]:
        """The row that `ml8s plan` shows."""
        return {"step": self.task.label, "state": self.state, "reason": self.reason, "key": self.key}


@dataclass(frozen=True, slots=True)
class Plan:
    """Every task in order of flow, and what the cached ones answer."""

    tasks: tuple[PlannedTask, ...]
    made: Mapping[str, str]
    run_key: str | None = None
    model_id: str | None = None
    refusal: Refusal | None = None

    @property
    def to_do(self) -> tuple[PlannedTask, ...]:
        """The tasks that are neither cached nor satisfied."""
        return tuple(planned for planned in self.tasks if planned.state in (RUN, UNKNOWN))

    def to_json(self) -> dict[str, Json]:
        """The plan as JSON."""
        return {
            "run_key": self.run_key,
            "model_id": self.model_id,
            "refused": None if self.refusal is None else list(self.refusal.reasons),
            "steps": [planned.to_json() for planned in self.tasks],
        }


@dataclass(frozen=True)
class Workload:
    """What one run is about: a program, a config, the code that runs it, and how far it goes (``until``).

    ``images`` are the digests of the step images by family, where steps run in containers: then each step's code is
    the digest of its image, as its container says too.
    """

    program: Program
    config: Config
    code: Mapping[str, str]
    until: str | None = None
    images: Mapping[str, str] = field(default_factory=dict)
    tasks: tuple[Task, ...] = field(init=False)

    def __post_init__(self) -> None:
        wiring, items = self.program.wiring, partial(fan_out_items, self.config)
        object.__setattr__(self, "tasks", wiring.tasks(items) if self.until is None else wiring.upto(self.until, items))

    def sources(self, task: Task) -> tuple[Source, ...]:
        """Where each input of a task comes from."""
        return self.program.wiring.sources(task, partial(fan_out_items, self.config))

    def parts(self, task: Task, made: Mapping[str, str]) -> KeyParts | None:
        """The ingredients of a task's key; None while an input is not made."""
        names = [source.name for source in self.sources(task)]
        if any(name not in made for name in names):
            return None
        code = {"image": self.images[task.spec.image]} if self.images else self.code
        return key_parts(task.spec, task.item, self.config, {name: made[name] for name in names}, code)

    def config_digest(self) -> str:
        """The sha256 of every section that some step of the whole pipeline reads."""
        return pipeline_digest(self.config, self.program.wiring.specs)

    def run_key(self, made: Mapping[str, str]) -> str | None:
        """The key of this run; None while the snapshot's manifest is not known."""
        return run_key(self.config_digest(), made[SNAPSHOT], self.code) if SNAPSHOT in made else None


def output_name(task: Task, port: str) -> str:
    """How an output of a task is called in keys and records: ``port``, or ``port[item]``."""
    return port if task.item is None else f"{port}[{task.item}]"


def named_outputs(task: Task, result: Result) -> dict[str, str]:
    """The outputs of a result by their names in keys and records."""
    return {output_name(task, port): digest for port, digest in result.outputs.items()}


def refusal_of(task: Task, result: Result) -> Refusal | None:
    """What a step that gives a verdict said no for; None where it passed or judges nothing."""
    if all(port.kind != VERDICT for port in task.spec.outputs) or result.facts.get("passed") is not False:
        return None
    reasons = result.facts.get("reasons")
    return Refusal(task.label, tuple(map(str, reasons)) if isinstance(reasons, list | tuple) else ())


def make_plan(
    work: Workload,
    snapshot: str | None,
    look_up: Callable[[KeyParts], Found],
    satisfied: Callable[[Mapping[str, Result]], str | None],
    previous: Mapping[str, KeyParts],
) -> Plan:
    """Plans every task of a workload.

    Args:
        work: what to run.
        snapshot: the digest of the snapshot's manifest, None while nobody has read these bytes.
        look_up: finds the result under a key.
        satisfied: whether an effect is already there, as its model id, from the results by task label.
        previous: the key parts of each task's latest result for this model, for the reasons.
    """
    made = {} if snapshot is None else {SNAPSHOT: snapshot}
    planned: list[PlannedTask] = []
    results: dict[str, Result] = {}
    refusal, model_id = None, None
    for task in work.tasks:
        parts = work.parts(task, made)
        if parts is None:
            planned.append(PlannedTask(task, UNKNOWN, _after(work, task, made)))
        elif task.spec.effect:
            model_id = None if refusal else satisfied(results)
            planned.append(_planned_effect(task, model_id, refusal))
        else:
            row = _planned(task, parts, look_up(parts), previous)
            planned.append(row)
            if row.result is not None:
                results[task.label] = row.result
                made.update(named_outputs(task, row.result))
                refusal = refusal or refusal_of(task, row.result)
    return Plan(tuple(planned), made, work.run_key(made), model_id, refusal)


def _planned(task: Task, parts: KeyParts, found: Found, previous: Mapping[str, KeyParts]) -> PlannedTask:
    if found.result is None:
        return PlannedTask(task, RUN, why_changed(parts, previous.get(task.label)), parts.key)
    if found.lacking:
        # Under a content address the step gives the same digests again, so what follows is planned as if it had.
        return PlannedTask(task, RUN, "; ".join(found.lacking), parts.key, found.result)
    return PlannedTask(task, CACHED, "", parts.key, found.result)


def _planned_effect(task: Task, model_id: str | None, refusal: Refusal | None) -> PlannedTask:
    if refusal is not None:
        return PlannedTask(task, REFUSED, "; ".join(refusal.reasons))
    if model_id is not None:
        return PlannedTask(task, SATISFIED, model_id)
    return PlannedTask(task, RUN, "not registered yet")


def _after(work: Workload, task: Task, made: Mapping[str, str]) -> str:
    missing = [source for source in work.sources(task) if source.name not in made]
    if any(source.producer is None for source in missing):
        return "the snapshot is read first"
    labels = dict.fromkeys(source.producer.label for source in missing if source.producer is not None)
    return f"after {', '.join(labels)}"
