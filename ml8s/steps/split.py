"""The step that assigns each row of the snapshot to a fold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ml8s.artifacts import Json
from ml8s.data.dataset import read_dataset
from ml8s.data.folds import write_folds
from ml8s.data.splitting import split_snapshot
from ml8s.steps.context import StepContext


def run(context: StepContext, *, snapshot: Path, dataset: Path, folds: Path) -> Mapping[str, Json]:
    """Writes ``folds.parquet`` and ``folds.json``: an assignment, no copies of rows.

    Raises:
        FoldsImpossible: the strategy cannot cut these rows as the config asks.
    """
    known = read_dataset(dataset)
    result = split_snapshot(snapshot, known, context.config)
    for warning in result.warnings:
        context.warn(warning)
    inputs: dict[str, Json] = {"snapshot": known.snapshot, "dataset": context.inputs["dataset"]}
    write_folds(
        folds,
        result.folds,
        {"inputs": inputs, "strategy": result.strategy, "cuts": result.cuts, "warnings": result.warnings},
    )
    return {"counts": dict(result.folds.counts())}
