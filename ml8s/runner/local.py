"""The local runner: one pinned process for the steps, and one more for each search that runs beside another."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final, TypeVar

from ml8s.artifacts import Json, Manifest
from ml8s.errors import GateFailed, InputMissing, ML8sError
from ml8s.pipelines.pipeline import Task
from ml8s.runner import cache, events
from ml8s.runner.cache import Claim, Result
from ml8s.runner.children import run_children
from ml8s.runner.events import Finished, Listener
from ml8s.runner.execution import (
    Job,
    Observer,
    Ports,
    Site,
    execute,
    execute_effect,
    gather_inputs,
    replaying,
)
from ml8s.runner.fitness import check_evaluation
from ml8s.runner.keys import time_budget
from ml8s.runner.lookup import Lookup, tasks_by_label
from ml8s.runner.plan import CACHED, SNAPSHOT, Plan, Refusal, Workload, named_outputs, refusal_of
from ml8s.runner.snapshot import Snapshot, remember
from ml8s.runner.trial_counts import check_counts, check_replay
from ml8s.runner.workspace import Workspace
from ml8s.storage.store import Store

MODEL_ID: Final = "model_id"
MOST_REPAIRS: Final = 32

_T = TypeVar("_T")


def cpu_slots() -> int:
    """The CPUs that this process may use."""
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Settings:
    """How a local run works; none of it changes a result but the clock of a budgeted search.

    Attributes:
        slots: how many processes or threads may work at once.
        replay: the exact number of trials by item, instead of any budget.
        verify: whether every blob of the plan is hashed first.
        envelope: what the record of a model says about how it was made.
    """

    slots: int = field(default_factory=cpu_slots)
    replay: Mapping[str, int] = field(default_factory=dict)
    verify: bool = False
    envelope: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run ended with: its plan as it became, the results by task label, and the model's id where registered."""

    made: Mapping[str, str]
    results: Mapping[str, Result]
    run_key: str | None
    model_id: str | None
    steps_run: int


@dataclass(slots=True)
class LocalRun:
    """One run of a workload in this process. ``made`` and ``results`` grow as it goes."""

    work: Workload
    store: Store
    snapshot: Snapshot
    workspace: Workspace
    listener: Listener
    settings: Settings
    log: Path
    manifest: Manifest | None = None
    made: dict[str, str] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    model_id: str | None = None
    steps_run: int = 0
    _lookup: Lookup = field(init=False)

    def __post_init__(self) -> None:
        self._lookup = Lookup(self.store, self.work, self.settings.verify, mend=True)

    def run(self) -> Ended:
        """Runs what is not cached, in order of flow.

        Raises:
            InvalidUsage: a replay lacks the count of a search, or asks for another than the store holds.
            UnsuitableTarget: the evaluation does not fit the target that validate found.
            GateFailed: the evaluation said no; nothing is registered.
            DeterminismViolation: two different results stand under one key.
            ML8sError: what a step raised. Finished steps stay cached.
        """
        check_counts(self.work.tasks, self.settings.replay)
        plan = self._plan()
        if self.manifest is None:
            self.manifest = self.workspace.snapshot(self.snapshot, None)[1]
            plan = self._plan()
        self._take_cached(plan)
        waiting = [planned.task for planned in plan.tasks if planned.task.label not in self.results]
        while waiting:
            group = [task for task in waiting if task.spec == waiting[0].spec]
            waiting = waiting[len(group) :]
            self._run_group(group)
        return self.ended()

    def ended(self) -> Ended:
        """What the run has come to so far."""
        return Ended(self.made, self.results, self.work.run_key(self.made), self.model_id, self.steps_run)

    def _plan(self) -> Plan:
        plan = self._lookup.plan(self.manifest)
        self.listener.planned(plan)
        return plan

    def _take_cached(self, plan: Plan) -> None:
        if self.manifest is not None:
            self.made[SNAPSHOT] = self.manifest.digest
        for planned in plan.tasks:
            if planned.state == CACHED and planned.result is not None:
                check_replay(self.store.uri, planned.task, planned.result, self._wanted(planned.task))
                self._take(planned.task, planned.result, Finished(events.CACHED, 0.0, planned.result.facts))

    def _run_group(self, group: Sequence[Task]) -> None:
        """Runs the tasks of one step that are not cached: beside each other where there are several."""
        jobs = [job for task in group if (job := self._job_unless_cached(task)) is not None]
        if len(jobs) > 1 and self.settings.slots > 1:
            self._run_beside(jobs)
            return
        for job in jobs:
            if job.task.spec.effect:
                self._run_effect(job)
            else:
                self._run_here(job)

    def _job_unless_cached(self, task: Task) -> Job | None:
        job = self._job(task)
        if task.spec.effect:
            return job
        found = self._lookup.find(job.parts)
        if found.result is None or found.lacking:
            return replaying(job, found.result)
        check_replay(self.store.uri, task, found.result, self._wanted(task))
        self._take(task, found.result, Finished(events.CACHED, 0.0, found.result.facts))
        return None

    def _job(self, task: Task) -> Job:
        parts = self.work.parts(task, self.made)
        if parts is None:
            raise AssertionError(f"{task.label} comes before what feeds it")
        items = sum(other.spec == task.spec for other in self.work.tasks)
        budget = time_budget(self.work.config) if task.spec.budgeted else None
        return Job(
            task=task,
            package=self.work.program.package,
            config=self.work.config,
            code=self.work.code,
            inputs=parts.inputs,
            producers={
                source.name: source.producer.label for source in self.work.sources(task) if source.producer is not None
            },
            threads=max(1, self.settings.slots // min(self.settings.slots, items)),
            budget=None if budget is None else budget * min(1.0, self.settings.slots / items),
            replay=self._wanted(task),
        )

    def _wanted(self, task: Task) -> int | None:
        """The number of trials that a replay asks of a task."""
        return self.settings.replay.get(task.item or "")

    def _run_here(self, job: Job) -> None:
        """Runs one step in this process."""
        label = job.task.label
        site = self._site()
        ports = self._repaired(lambda: gather_inputs(site, job))
        self.listener.started(label)
        began = monotonic()
        claim = self._reported(label, lambda: execute(site, job, ports, self._observer(label)))
        self._done(job.task, claim, monotonic() - began)

    def _run_beside(self, jobs: Sequence[Job]) -> None:
        """Runs several tasks of one step in child processes; what they need is fetched and checked here first."""
        site = self._site()
        for job in jobs:
            self._repaired(lambda job=job: gather_inputs(site, job))  # type: ignore[misc]
        tasks = {job.task.label: job.task for job in jobs}
        for answer in run_children(site, jobs, self.settings.slots, self.log, self.listener):
            result = cache.find(self.store, answer.key)
            if result is None:
                raise AssertionError(f"{answer.label} answered with a result that is not there")
            self._done(tasks[answer.label], Claim(result, answer.adopted), answer.seconds)

    def _run_effect(self, job: Job) -> None:
        """Runs the step that writes to the registry, unless what it would write is there."""
        label = job.task.label
        self.model_id = self._lookup.satisfied(self.results)
        if self.model_id is not None:
            self.listener.finished(label, Finished(events.SATISFIED, 0.0, {MODEL_ID: self.model_id}))
            return
        site = self._site()
        ports = self._repaired(lambda: gather_inputs(site, job))
        self.listener.started(label)
        began = monotonic()
        envelope = self.settings.envelope
        facts = self._reported(label, lambda: execute_effect(site, job, ports, self._observer(label), envelope))
        self.model_id = str(facts[MODEL_ID]) if MODEL_ID in facts else None
        self.steps_run += 1
        self.listener.finished(label, Finished(events.RAN, monotonic() - began, facts))

    def _take(self, task: Task, result: Result, end: Finished) -> None:
        """Goes on from a result; a verdict that says no ends the run."""
        self.results[task.label] = result
        self.made.update(named_outputs(task, result))
        self.listener.finished(task.label, end)
        check_evaluation(self.work.config, result.facts)
        refusal = refusal_of(task, result)
        if refusal is not None:
            raise gate_failed(self.work.config.name or "the model", refusal)

    def _done(self, task: Task, claim: Claim, seconds: float) -> None:
        self.steps_run += 1
        if any(port.name == SNAPSHOT for port in task.spec.inputs) and self.manifest is not None:
            remember(self.store, self.snapshot, self.manifest)
        if claim.adopted:
            self.listener.noted(task.label, "another run finished the same search first: its result is used")
        how = events.ADOPTED if claim.adopted else events.RAN
        self._take(task, claim.result, Finished(how, seconds, claim.result.facts))

    def _repaired(self, gather: Callable[[], Ports]) -> Ports:
        """The inputs of a step, where need be after the steps that made missing or damaged ones ran once more."""
        for _ in range(MOST_REPAIRS):
            try:
                return gather()
            except InputMissing as missing:
                self._remake(missing)
        return gather()

    def _remake(self, missing: InputMissing) -> None:
        """Runs the step that made a missing input once more; under its key nothing else may come of it."""
        tasks = tasks_by_label(self.work)
        if missing.producer not in tasks:
            raise missing
        task = tasks[missing.producer]
        self.listener.noted(task.label, f"{missing.message}; it is made again")
        job = replaying(self._job(task), self.results.get(task.label))
        site = self._site()
        ports = self._repaired(lambda: gather_inputs(site, job))
        self.listener.started(task.label)
        began = monotonic()
        claim = self._reported(task.label, lambda: execute(site, job, ports, self._observer(task.label)))
        self._done(task, claim, monotonic() - began)

    def _reported(self, label: str, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except BaseException as error:
            self.listener.failed(label, error.message if isinstance(error, ML8sError) else type(error).__name__)
            raise

    def _observer(self, label: str) -> Observer:
        return Observer(
            lambda progress: self.listener.progressed(label, progress), lambda text: self.listener.noted(label, text)
        )

    def _site(self) -> Site:
        return Site(self.store, self.workspace, self.snapshot, self.manifest)


def gate_failed(name: str, refusal: Refusal) -> GateFailed:
    """The error for a model whose evaluation said no."""
    reasons = "; ".join(refusal.reasons) or "its evaluation failed"
    return GateFailed(
        f"{name} is not good enough and is not registered: {reasons}",
        where=refusal.task,
        cure="read the report, then change the data, the search or `evaluation.gates`",
    )
