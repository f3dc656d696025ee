"""The step that checks every row of the snapshot against its contract and fixes its content by digest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ml8s.artifacts import Json
from ml8s.data.completion import complete
from ml8s.data.dataset import write_dataset
from ml8s.data.slices import known_slices
from ml8s.data.snapshot import open_snapshot, snapshot_manifest
from ml8s.data.validation import validate_snapshot
from ml8s.steps.context import Progress, StepContext


def run(context: StepContext, *, snapshot: Path, dataset: Path) -> Mapping[str, Json]:
    """Writes ``dataset.json``, and ``filled.parquet`` where series have gaps to fill.

    The digests of the snapshot's files are taken here, where every byte is read.

    Raises:
        SnapshotIncomplete, InvalidSchema, UnreadableTable, TooLarge: the snapshot cannot be read.
        ContractViolation, UnsuitableTarget: it can, and breaks its contract or does not fit the config; or its series
            have no regular grid.
    """
    opened = open_snapshot(snapshot)
    manifest = snapshot_manifest(opened)
    found = validate_snapshot(
        opened, manifest, context.config, lambda done, total: context.progress(Progress(done, total, "rows"))
    )
    found = complete(snapshot, found, context.config, dataset)
    # The slices are no part of the result: a warning of them comes early here, and again with the report.
    for warning in (*found.warnings, *known_slices(context.config.evaluation.slices, found)[1]):
        context.warn(warning)
    write_dataset(dataset, found)
    return {"kind": found.kind, "metric": found.metric, "rows": found.rows, "snapshot": found.snapshot}
