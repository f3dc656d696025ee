"""One step, the same on a laptop and in a container: check the inputs, call it, upload, write the result object."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ml8s.artifacts import Json, Manifest
from ml8s.catalogue import SNAPSHOT, Port, StepSpec
from ml8s.config.model import Config
from ml8s.errors import DigestMismatch, InputMissing, ObjectMissing
from ml8s.pipelines.pipeline import Task
from ml8s.runner import cache
from ml8s.runner.cache import Claim, Result
from ml8s.runner.keys import KeyParts, key_parts, time_budget
from ml8s.runner.program import load_entry
from ml8s.runner.snapshot import Snapshot
from ml8s.runner.workspace import Workspace
from ml8s.steps.context import Progress, StepContext
from ml8s.storage.blobs import put_artifact
from ml8s.storage.store import Store

FACT_TRIALS = "trials"


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that one execution of a step is told: a value that a child process can be handed.

    Attributes:
        task: the step and its item.
        package: the package that the step's module is in.
        config: the resolved config.
        code: the identity of the code, part of the key.
        inputs: input name (``port`` or ``port[item]``) to digest, the snapshot's manifest included.
        producers: input name to the label of the task that makes it.
        threads: threads that the step may use.
        budget: seconds of wall time, or None.
        replay: the exact number of trials, or None.
    """

    task: Task
    package: str
    config: Config
    code: Mapping[str, str]
    inputs: Mapping[str, str]
    producers: Mapping[str, str]
    threads: int = 1
    budget: float | None = None
    replay: int | None = None

    @property
    def parts(self) -> KeyParts:
        """The ingredients of the step's key."""
        return key_parts(self.task.spec, self.task.item, self.config, self.inputs, self.code)

    @property
    def is_decision(self) -> bool:
        """Whether the clock decides how much is done, so that an earlier result is adopted."""
        return self.task.spec.budgeted and self.replay is None and time_budget(self.config) is not None

    def to_json(self) -> str:
        """The job as JSON text, for a child process."""
        value = {name: getattr(self, name) for name in ("package", "threads", "budget", "replay")}
        value |= {"code": dict(self.code), "inputs": dict(self.inputs), "producers": dict(self.producers)}
        return json.dumps(
            value
            | {
                "spec": asdict(self.task.spec),
                "item": self.task.item,
                "config": self.config.model_dump_json(exclude_unset=True),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Reads what ``to_json`` wrote."""
        value = json.loads(text)
        ports = {name: tuple(Port(**port) for port in value["spec"][name]) for name in ("inputs", "outputs")}
        lists = {name: tuple(value["spec"][name]) for name in ("reads", "unkeyed")}
        task = Task(StepSpec(**{**value.pop("spec"), **ports, **lists}), value.pop("item"))
        return cls(task, **{**value, "config": Config.model_validate_json(value["config"])})


@dataclass(frozen=True, slots=True)
class Observer:
    """Where a step's progress and warnings go."""

    progress: Callable[[Progress], None]
    warn: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Site:
    """Where a step is executed: the store, the scratch, and the snapshot with the manifest that it must have.

    ``registry`` is the same store, opened with the identity that may write records; ``store`` where it is not given.
    """

    store: Store
    workspace: Workspace
    snapshot: Snapshot | None = None
    manifest: Manifest | None = None
    registry: Store | None = None


Ports = dict[str, Path | dict[str, Path]]


def gather_inputs(site: Site, job: Job) -> Ports:
    """The folders of a step's inputs, every byte checked; the items of a ``many`` port sorted.

    Raises:
        InputMissing: an artifact lacks a blob, or one is damaged; names the task that made it.
        SnapshotChanged: the snapshot is not what was validated.
    """
    ports: Ports = {}
    for port in job.task.spec.inputs:
        if port.name == SNAPSHOT:
            ports[SNAPSHOT] = _snapshot_folder(site)
        elif port.many:
            names = sorted(name for name in job.inputs if name.startswith(f"{port.name}["))
            ports[port.name] = {item_of(name): _input_folder(site, job, name) for name in names}
        else:
            ports[port.name] = _input_folder(site, job, port.name)
    return ports


def item_of(name: str) -> str:
    """The item in the name of an input, ``port[item]``."""
    return name.partition("[")[2].removesuffix("]")


def execute(site: Site, job: Job, inputs: Ports, observer: Observer) -> Claim:
    """Calls a step, uploads what it made and writes its result object.

    Raises:
        DeterminismViolation: another result stands under the step's key.
        ML8sError: whatever the step raised.
    """
    outputs = {port.name: site.workspace.fresh(f"{job.task.spec.name}-{port.name}") for port in job.task.spec.outputs}
    facts = load_entry(job.package, job.task.spec.name)(make_context(job, observer), **inputs, **outputs)
    digests = {}
    for port in job.task.spec.outputs:
        digests[port.name] = put_artifact(site.store, port.kind, outputs[port.name])
        site.workspace.keep(digests[port.name], outputs[port.name])
    return cache.claim(site.store, Result(job.parts, digests, dict(facts or {})), decision=job.is_decision)


def execute_effect(
    site: Site, job: Job, inputs: Ports, observer: Observer, envelope: Mapping[str, Json]
) -> Mapping[str, Json]:
    """Calls a step that writes to the registry; it has no result object and is idempotent by itself."""
    from ml8s.registry import Registry
    from ml8s.registry.events import Actor

    run = load_entry(job.package, job.task.spec.name)
    registry = Registry(site.registry or site.store, Actor.of(envelope))
    facts = run(make_context(job, observer), **inputs, registry=registry, envelope=envelope)
    return dict(facts or {})


def make_context(job: Job, observer: Observer) -> StepContext:
    """What the step is told beside its files."""
    return StepContext(
        config=job.config,
        inputs=job.inputs,
        item=job.task.item,
        threads=job.threads,
        budget=None if job.replay is not None else job.budget,
        replay=job.replay,
        progress=observer.progress,
        warn=observer.warn,
    )


def replaying(job: Job, earlier: Result | None) -> Job:
    """The job that makes an earlier result again: exactly its number of trials, whatever the clock says."""
    trials = None if earlier is None or not job.task.spec.budgeted else earlier.facts.get(FACT_TRIALS)
    return replace(job, replay=trials) if isinstance(trials, int) else job


def _snapshot_folder(site: Site) -> Path:
    if site.snapshot is None:
        raise ValueError("a step that reads the snapshot needs its address")
    return site.workspace.snapshot(site.snapshot, site.manifest)[0]


def _input_folder(site: Site, job: Job, name: str) -> Path:
    digest, producer = job.inputs[name], job.producers.get(name, "")
    try:
        return site.workspace.artifact(site.store, digest)
    except (ObjectMissing, DigestMismatch) as error:
        # All of its damaged blobs are set aside at once: an upload replaces only what is absent.
        cache.set_damaged_aside(site.store, digest)
        raise InputMissing(
            f"{job.task.label} cannot read its input {name}: {error.message}",
            producer=producer,
            where=error.where,
            cure=f"run again: {producer} runs once more and uploads it anew",
        ) from error
