"""The fold of every row of one small table in two orders, by each strategy that hashes; prints both as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from ml8s.data.parquet import write_table
from ml8s.data.snapshot import open_snapshot, snapshot_manifest
from ml8s.data.splitting import split_snapshot
from ml8s.data.validation import validate_snapshot
from tests.data.conftest import contract, make_config, sound_rows

ROWS = 1200
STRATEGIES = ("random", "stratified")


def folds(folder: Path, rows: dict[str, pa.Array], strategy: str) -> dict[int, int]:
    """The fold of each row, by its key."""
    folder.mkdir()
    write_table(pa.table(rows), folder / "train.parquet")
    (folder / "schema.json").write_text(json.dumps(contract(rows)))
    snapshot, config = open_snapshot(folder), make_config(split={"strategy": strategy})
    dataset = validate_snapshot(snapshot, snapshot_manifest(snapshot), config)
    found = split_snapshot(folder, dataset, config).folds.fold.tolist()
    return dict(zip(rows["id"].to_pylist(), found, strict=True))


def main(folder: Path) -> dict[str, int]:
    """How many of the rows lie in another fold after a shuffle, by strategy."""
    rows = sound_rows(rows=ROWS)
    order = pa.array(np.random.default_rng(1).permutation(ROWS))
    shuffled = {name: values.take(order) for name, values in rows.items()}
    moved = {}
    for strategy in STRATEGIES:
        one = folds(folder / f"{strategy}-1", rows, strategy)
        other = folds(folder / f"{strategy}-2", shuffled, strategy)
        moved[strategy] = sum(one[key] != other[key] for key in one)
    return moved


if __name__ == "__main__":
    with TemporaryDirectory() as scratch:
        sys.stdout.write(json.dumps(main(Path(scratch))))
