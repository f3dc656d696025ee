from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ml8s.artifacts import Json, write_json
from ml8s.steps.context import StepContext
from tests.runner.stub import called


def run(
    context: StepContext,
    *,
    snapshot: Path,
    dataset: Path,
    candidate: Mapping[str, Path],
    verdict: Path,
    metrics: Path,
    report: Path,
) -> Mapping[str, Json]:
    called("judge")
    assert list(candidate) == sorted(candidate)
    assert (snapshot / "train.parquet").exists()
    passed = "accuracy" not in context.config.evaluation.gates
    rule = {"metric": "accuracy", "rule": ">= 0.9", "passed": passed}
    write_json(verdict / "verdict.json", {"passed": passed, "gates": [rule]})
    write_json(metrics / "metrics.json", {"metric": "accuracy", "metrics": {"accuracy": 0.5}, "baseline": {}})
    (report / "report.html").write_text("<p>stub</p>")
    return {"passed": passed, "reasons": [] if passed else ["accuracy is 0.5"], "metrics": {"accuracy": 0.5}}
