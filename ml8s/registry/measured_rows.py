"""Which rows a registered model was measured on, from its test scores in the store."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ml8s.errors import DigestMismatch, ObjectMissing
from ml8s.registry.comparison import TestRows
from ml8s.registry.record import Record
from ml8s.storage.blobs import fetch_artifact
from ml8s.storage.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

SCORES: Final = "scores.parquet"


def compare_test_rows(store: Store, first: Record, second: Record) -> TestRows:
    """Whether two models were measured on the same rows of one snapshot, by file and row number.

    Equal folds answer it without a read. Else the rows of both models' test scores do: their folds may differ in what
    lies before the test fold, or in facts beside the rows. ``unknown`` where scores are missing or damaged.

    Raises:
        StoreError: the store cannot be read.
    """
    if first.content["snapshot"] != second.content["snapshot"]:
        return "others"
    for port in ("test_scores", "folds"):
        if first.ports.get(port) is not None and first.ports.get(port) == second.ports.get(port):
            return "same"
    rows = [_rows_of(store, record) for record in (first, second)]
    if rows[0] is None or rows[1] is None:
        return "unknown"
    return "same" if rows[0].equals(rows[1]) else "others"


def _rows_of(store: Store, record: Record) -> pa.Table | None:
    """File and row number of each test row, sorted; None where they cannot be had."""
    import pyarrow.parquet as pq

    digest = record.ports.get("test_scores")
    if digest is None:
        return None
    with tempfile.TemporaryDirectory(prefix="ml8s-rows-") as scratch:
        try:
            fetch_artifact(store, digest, Path(scratch))
        except (ObjectMissing, DigestMismatch):
            return None
        return pq.read_table(Path(scratch, SCORES), columns=["file", "row"], use_threads=False, memory_map=False)
