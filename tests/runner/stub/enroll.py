from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ml8s.artifacts import Json
from ml8s.catalogue import StepSpec
from ml8s.config.digests import config_digest
from ml8s.registry import Registry
from ml8s.registry.record import record_content
from ml8s.steps.context import StepContext
from tests.runner.stub import called


def run(
    context: StepContext, *, dataset: Path, verdict: Path, registry: Registry, envelope: Mapping[str, Json]
) -> Mapping[str, Json]:
    called("enroll")
    assert dataset.is_dir()
    assert verdict.is_dir()
    content = record_content(
        name=str(context.config.name),
        config=config_digest(context.config, read_paths()),
        snapshot=str(envelope.get("snapshot", "")) or snapshot_of(registry, context),
        ports=dict(context.inputs),
        metrics={"accuracy": 0.5},
        degraded=[],
    )
    return {"model_id": registry.register(content, envelope)}


def read_paths() -> set[str]:
    from tests.runner.stub import CATALOGUE

    def of(spec: StepSpec) -> list[str]:
        return [*spec.reads, *([spec.fan_out] if spec.fan_out else [])]

    return {path for spec in CATALOGUE for path in of(spec)}


def snapshot_of(registry: Registry, context: StepContext) -> str:
    """The snapshot that the dataset was made from, found through the result object that made it."""
    import json

    for item in registry.store.list("cache/"):
        value = json.loads(registry.store.get(item.key))
        if value.get("outputs", {}).get("dataset") == context.inputs["dataset"]:
            return str(value["inputs"]["snapshot"])
    raise AssertionError("nothing made this dataset")
