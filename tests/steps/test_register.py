"""register, on the outputs of the real steps before it: what it writes, and everything it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ml8s.artifacts import Json, write_json
from ml8s.catalogue import SNAPSHOT, step
from ml8s.config.digests import config_digest
from ml8s.errors import GateFailed, LineageRefused
from ml8s.pipelines.train import TRAIN
from ml8s.registry import Registry
from ml8s.runner.plan import Workload
from ml8s.runner.program import Program
from ml8s.steps import register
from ml8s.steps.context import StepContext
from ml8s.storage import open_store
from tests.evaluation import hostile
from tests.evaluation.pipeline_run import PipelineRun, run_until_select

Change = Callable[[dict[str, Json]], object]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> PipelineRun:
    place = tmp_path_factory.mktemp("register")
    hostile.publish(place / "data")
    chain = run_until_select(hostile.config(evaluation={"gates": {"roc_auc": ">= 0.5"}}), place / "data", place / "run")
    chain.run("evaluate")
    return chain


@pytest.fixture
def chain(finished: PipelineRun, tmp_path: Path) -> PipelineRun:
    """A copy whose files a test may alter."""
    shutil.copytree(finished.folder, tmp_path / "run", symlinks=True)
    return replace(finished, folder=tmp_path / "run", digests=dict(finished.digests))


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(open_store(str(tmp_path / "store")), now=lambda: datetime(2026, 7, 11, tzinfo=UTC))


def call(chain: PipelineRun, registry: Registry, envelope: Mapping[str, Json] | None = None) -> str:
    folders, digests = chain.inputs_of("register")
    context = StepContext(chain.config, digests)
    facts = register.run(context, **folders, registry=registry, envelope=envelope or {})  # type: ignore[arg-type]
    assert set(facts) == {"model_id"}
    return str(facts["model_id"])


def alter(chain: PipelineRun, port: str, change: Change) -> None:
    path = chain.port(port) / f"{port}.json"
    value = json.loads(path.read_bytes())
    change(value)
    write_json(path, value)


def refused(chain: PipelineRun, registry: Registry, kind: type[Exception] = LineageRefused) -> str:
    with pytest.raises(kind) as error:
        call(chain, registry)
    assert list(registry.store.list()) == [], "a refusal writes nothing"
    assert error.value.cure  # type: ignore[attr-defined]
    return f"{error.value} {error.value.where}"  # type: ignore[attr-defined]


def test_a_good_model_gets_its_record(chain: PipelineRun, registry: Registry) -> None:
    model_id = call(chain, registry, {"attempt": "20260711-abcdef"})
    assert model_id == "hostile_20260711"
    record = registry.record(model_id)
    metrics = json.loads((chain.port("metrics") / "metrics.json").read_bytes())
    assert record.metrics == metrics["metrics"]
    assert record.content["snapshot"] == chain.digests["snapshot"]
    assert record.degraded == []
    ports = {port for port in record.ports if "[" not in port}
    assert ports == {port.name for port in step("register").inputs if not port.many}
    assert {port for port in record.ports if "[" in port} == {"trials[lgbm]", "trials[xgboost]"}
    assert all(chain.digests[port] == digest for port, digest in record.ports.items())
    assert record.envelope["attempt"] == "20260711-abcdef"
    assert record.envelope["metric"] == metrics["metric"]
    assert "dataset_uri" not in record.envelope["resolved_config"]  # type: ignore[operator]


def test_the_same_model_is_registered_once(chain: PipelineRun, registry: Registry) -> None:
    first = call(chain, registry, {"attempt": "1"})
    later = Registry(registry.store, now=lambda: datetime(2026, 8, 1, tzinfo=UTC))
    assert call(chain, later, {"attempt": "2"}) == first
    assert len(registry.records()) == len(registry.events("hostile")) == 1


def test_the_config_digest_is_that_of_the_run(chain: PipelineRun, registry: Registry) -> None:
    work = Workload(Program(TRAIN), chain.config, {})
    assert registry.record(call(chain, registry)).content["config"] == work.config_digest()
    assert work.config_digest() != config_digest(chain.config, ["task"])


def test_an_address_is_in_no_content(chain: PipelineRun, registry: Registry) -> None:
    first = call(chain, registry)
    moved = replace(chain, config=chain.config.model_copy(update={"dataset_uri": "s3://elsewhere/data"}))
    assert call(moved, registry) == first


def test_what_was_degraded_is_in_the_record(chain: PipelineRun, registry: Registry) -> None:
    alter(chain, "features", lambda value: value.update(degraded=["aggregates"]))
    assert registry.record(call(chain, registry)).degraded == ["aggregates"]


def test_a_failed_verdict_registers_nothing(chain: PipelineRun, registry: Registry) -> None:
    alter(chain, "verdict", lambda value: value.update(passed=False, reasons=["roc_auc is 0.4", "rmse is 9"]))
    with pytest.raises(GateFailed) as error:
        call(chain, registry)
    assert (error.value.exit_status, error.value.container_status) == (1, 10)
    assert [problem.message for problem in error.value.problems] == ["roc_auc is 0.4", "rmse is 9"]
    assert "report" in error.value.cure
    assert list(registry.store.list()) == []


@pytest.mark.parametrize("passed", [None, 1, "yes"])
def test_only_a_plain_true_is_a_pass(chain: PipelineRun, registry: Registry, passed: Json) -> None:
    alter(chain, "verdict", lambda value: value.update(passed=passed))
    refused(chain, registry, GateFailed)


LINKS = [(artifact, port) for artifact, ports in register._MADE_FROM.items() for port in ports]


@pytest.mark.parametrize(("artifact", "port"), LINKS)
def test_an_artifact_made_from_another_input_is_refused(
    chain: PipelineRun, registry: Registry, artifact: str, port: str
) -> None:
    alter(chain, artifact, lambda value: value["inputs"].update({port: "f" * 64}))  # type: ignore[index, union-attr]
    message = refused(chain, registry)
    assert artifact in message
    assert port in message
    assert "f" * 12 in message


@pytest.mark.parametrize(("artifact", "port"), LINKS)
def test_an_artifact_that_does_not_say_what_it_was_made_from_is_refused(
    chain: PipelineRun, registry: Registry, artifact: str, port: str
) -> None:
    alter(chain, artifact, lambda value: value["inputs"].pop(port))  # type: ignore[index, union-attr, call-arg]
    assert f"{artifact}.json: {port}" in refused(chain, registry)


@pytest.mark.parametrize("port", ["dataset", "folds", "features", "model"])
def test_an_artifact_other_than_the_one_evaluated_is_refused(chain: PipelineRun, registry: Registry, port: str) -> None:
    chain.digests[port] = "e" * 64
    assert port in refused(chain, registry)


def test_another_evaluation_section_is_refused(chain: PipelineRun, registry: Registry) -> None:
    config = hostile.config(evaluation={"gates": {"roc_auc": ">= 0.4"}})
    assert "evaluation section" in refused(replace(chain, config=config), registry)


def test_files_other_than_those_of_the_snapshot_are_refused(chain: PipelineRun, registry: Registry) -> None:
    def change(value: dict[str, Json]) -> None:
        value["manifest"]["files"][0]["sha256"] = "d" * 64  # type: ignore[index, call-overload]

    alter(chain, "dataset", change)
    assert "snapshot" in refused(chain, registry)


def test_another_snapshot_than_the_run_s_is_refused(chain: PipelineRun, registry: Registry) -> None:
    folders, digests = chain.inputs_of("register")
    context = StepContext(chain.config, {**digests, SNAPSHOT: "c" * 64})
    with pytest.raises(LineageRefused, match="snapshot"):
        register.run(context, **folders, registry=registry, envelope={})  # type: ignore[arg-type]


def test_metrics_other_than_those_that_the_gates_judged_are_refused(chain: PipelineRun, registry: Registry) -> None:
    alter(chain, "metrics", lambda value: value["metrics"].update(roc_auc=0.999))  # type: ignore[index, union-attr]
    assert "value of roc_auc" in refused(chain, registry)


def test_a_verdict_that_contradicts_its_gates_is_refused(chain: PipelineRun, registry: Registry) -> None:
    alter(chain, "verdict", lambda value: value["gates"][0].update(passed=False))  # type: ignore[index, union-attr]
    assert "gate" in refused(chain, registry)


@pytest.mark.parametrize("port", ["snapshot", "dataset", "folds", "features", "model"])
def test_the_report_of_another_evaluation_is_refused(chain: PipelineRun, registry: Registry, port: str) -> None:
    def change(value: dict[str, Json]) -> None:
        value["lineage"] = [[name, "b" * 64 if name == port else digest] for name, digest in value["lineage"]]  # type: ignore[misc, union-attr]

    alter(chain, "report", change)
    assert "report" in refused(chain, registry)


@pytest.mark.parametrize(
    "artifact", ["verdict", "model", "features", "folds", "dataset", "metrics", "profile", "report"]
)
@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"schema":2}', b"\xff"])
def test_a_file_that_says_nothing_is_refused(
    chain: PipelineRun, registry: Registry, artifact: str, content: bytes | None
) -> None:
    path = chain.port(artifact) / f"{artifact}.json"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert f"{artifact}.json" in refused(chain, registry)
