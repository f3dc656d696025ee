"""Looking things up for a plan: results under keys, what they lack, what was last made for this model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ml8s.artifacts import Json, Manifest, canonical_json
from ml8s.errors import ObjectMissing
from ml8s.pipelines.pipeline import Task
from ml8s.runner import cache
from ml8s.runner.cache import Result
from ml8s.runner.keys import KeyParts
from ml8s.runner.plan import SNAPSHOT, Found, Plan, Workload, make_plan, named_outputs
from ml8s.storage.blobs import blob_key, verify_artifact
from ml8s.storage.store import Store

FACT_METRICS: Final = "metrics"
FACT_DEGRADED: Final = "degraded"


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a store answers about a workload.

    With ``verify`` every blob of a result is hashed, not only counted; with ``mend`` too, damaged ones are set aside,
    so that the step that made them can put them anew. With ``objects`` a result must lie there as a blob too: steps in
    containers hand each other its digest.
    """

    store: Store
    work: Workload
    verify: bool = False
    mend: bool = False
    objects: bool = False

    def find(self, parts: KeyParts) -> Found:
        """The result under a key, with what it lacks.

        Raises:
            DeterminismViolation: two different results lie under the key.
        """
        result = cache.find(self.store, parts.key)
        if result is None:
            return Found()
        lacking = self._damaged(result) if self.verify else self._absent(result)
        if self.objects and self.store.stat(blob_key(result.digest)) is None:
            lacking = (*lacking, "its result object is missing")
        return Found(result, lacking)

    def plan(self, manifest: Manifest | None) -> Plan:
        """The plan of the workload; ``manifest`` is the snapshot's, None while nobody has read it."""
        snapshot = None if manifest is None else manifest.digest
        return make_plan(self.work, snapshot, self.find, self.satisfied, read_latest(self.store, self._name))

    def satisfied(self, results: Mapping[str, Result]) -> str | None:
        """The id under which the model of these results is registered, with its event; None where it is not."""
        from ml8s.registry import Registry

        content = self.content(results)
        return None if content is None else Registry(self.store).satisfied(content)

    def content(self, results: Mapping[str, Result]) -> dict[str, Json] | None:
        """What the record of these results says, from their facts alone; None where one is not there."""
        from ml8s.registry.record import record_content

        effect = next((task for task in self.work.tasks if task.spec.effect), None)
        if effect is None:
            return None
        made = self._made(results)
        facts = {name: value for result in results.values() for name, value in result.facts.items()}
        ports = {source.name: made[source.name] for source in self.work.sources(effect) if source.name in made}
        metrics, degraded = facts.get(FACT_METRICS), facts.get(FACT_DEGRADED, ())
        if len(ports) < len(self.work.sources(effect)) or not isinstance(metrics, dict):
            return None
        assert isinstance(degraded, list | tuple)
        return record_content(
            name=self._name,
            config=self.work.config_digest(),
            snapshot=made[SNAPSHOT],
            ports=ports,
            metrics=metrics,
            degraded=[str(item) for item in degraded],
        )

    def _made(self, results: Mapping[str, Result]) -> dict[str, str]:
        made = {name: digest for result in results.values() for name, digest in result.parts.inputs.items()}
        for task in self.work.tasks:
            if task.label in results:
                made |= named_outputs(task, results[task.label])
        return made

    @property
    def _name(self) -> str:
        return self.work.config.name or ""

    def _absent(self, result: Result) -> tuple[str, ...]:
        return tuple(f"a blob of its {port} is missing" for port in cache.absent_outputs(self.store, result))

    def _damaged(self, result: Result) -> tuple[str, ...]:
        check = cache.set_damaged_aside if self.mend else verify_artifact
        return tuple(
            f"{blob.path} of its {port} is {blob.reason}"
            for port, digest in sorted(result.outputs.items())
            for blob in check(self.store, digest)
        )


def read_latest(store: Store, name: str) -> dict[str, KeyParts]:
    """The key parts of each task's latest result for a model, by label; a hint that only words reasons."""
    tasks = _read_pointer(store, name).get("tasks")
    try:
        return {label: KeyParts(**parts) for label, parts in tasks.items()} if isinstance(tasks, dict) else {}
    except (TypeError, AttributeError):
        return {}


def read_report_place(store: Store, name: str, digest: str) -> str | None:
    """The attempt whose folder holds a copy of this report; None where none is known."""
    report = _read_pointer(store, name).get("report")
    return str(report["attempt"]) if isinstance(report, dict) and report.get("digest") == digest else None


def write_latest(store: Store, name: str, results: Mapping[str, Result], report: tuple[str, str] | None) -> None:
    """Writes down the key parts of each result on top of what was known, and which attempt holds which report."""
    before = _read_pointer(store, name)
    tasks: dict[str, Json] = {label: parts.to_json() for label, parts in read_latest(store, name).items()}
    tasks |= {label: result.parts.to_json() for label, result in results.items()}
    place: Json = before.get("report") if report is None else {"digest": report[0], "attempt": report[1]}
    after: dict[str, Json] = {"schema": 1, "tasks": tasks, "report": place}
    if after != before:
        store.put(_latest_key(name), canonical_json(after))


def _read_pointer(store: Store, name: str) -> dict[str, Json]:
    try:
        value = json.loads(store.get(_latest_key(name)))
    except (ObjectMissing, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def tasks_by_label(work: Workload) -> dict[str, Task]:
    """The tasks of a workload by their labels."""
    return {task.label: task for task in work.tasks}


def _latest_key(name: str) -> str:
    return f"runs/latest/{name}.json"
