"""Folds: which rows a model is fitted on, tuned on and tested on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ml8s.artifacts import Json, write_json
from ml8s.data.arrays import as_arrow, as_numpy
from ml8s.data.parquet import write_table

SCHEMA: Final = 1
TABLE_NAME: Final = "folds.parquet"
FACTS_NAME: Final = "folds.json"

FIT: Final = 0
TUNE: Final = 1
TEST: Final = 2
DROPPED: Final = 3
NAMES: Final = ("fit", "tune", "test", "dropped")


@dataclass(frozen=True, slots=True)
class Folds:
    """The fold of each row of a snapshot, sorted by file and row.

    Attributes:
        file: int8 [rows], 0 for train.parquet and 1 for validation.parquet.
        row: int64 [rows], the row's number within its file, from 0.
        fold: int8 [rows], FIT, TUNE, TEST or DROPPED.
        steps: int32 [rows], how many periods before the row its forecast is made; None but for forecasting.
    """

    file: npt.NDArray[np.int8]
    row: npt.NDArray[np.int64]
    fold: npt.NDArray[np.int8]
    steps: npt.NDArray[np.int32] | None = None

    @classmethod
    def of_files(cls, folds: Sequence[npt.NDArray[np.int8]]) -> Folds:
        """The folds of whole files, one array [rows of that file] per file."""
        sizes = [len(fold) for fold in folds]
        return cls(
            np.repeat(np.arange(len(sizes), dtype=np.int8), sizes),
            np.concatenate([np.arange(size, dtype=np.int64) for size in sizes]),
            np.concatenate([np.asarray(fold, dtype=np.int8) for fold in folds]),
        )

    def rows(self, file: int, fold: int) -> npt.NDArray[np.int64]:
        """The row numbers of one file that lie in one fold, ascending."""
        chosen: npt.NDArray[np.int64] = self.row[(self.file == file) & (self.fold == fold)]
        return chosen

    def counts(self) -> dict[str, int]:
        """How many rows each fold has, by its name."""
        counts = np.bincount(self.fold, minlength=len(NAMES))
        return {name: int(counts[code]) for code, name in enumerate(NAMES)}


def write_folds(folder: Path, folds: Folds, facts: Mapping[str, Json]) -> None:
    """Writes ``folds.parquet`` and ``folds.json``; ``facts`` are the latter's fields beside schema and counts."""
    columns = {"file": as_arrow(folds.file), "row": as_arrow(folds.row), "fold": as_arrow(folds.fold)}
    if folds.steps is not None:
        columns["steps"] = as_arrow(folds.steps)
    write_table(pa.table(columns), folder / TABLE_NAME)
    counts: dict[str, Json] = dict(folds.counts())
    write_json(folder / FACTS_NAME, {**facts, "schema": SCHEMA, "counts": counts})


def read_folds(folder: Path) -> Folds:
    """Reads ``folds.parquet`` from a folder."""
    table = pq.read_table(folder / TABLE_NAME, use_threads=False)
    file, fold = (as_numpy(table.column(name), np.int8) for name in ("file", "fold"))
    steps = as_numpy(table.column("steps"), np.int32) if "steps" in table.column_names else None
    return Folds(file, as_numpy(table.column("row"), np.int64), fold, steps)


def read_facts(folder: Path) -> dict[str, Json]:
    """Reads ``folds.json`` from a folder: strategy, counts, cuts, warnings."""
    facts: dict[str, Json] = json.loads((folder / FACTS_NAME).read_bytes())
    return facts
