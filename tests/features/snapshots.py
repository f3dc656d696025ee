"""A small world of payments with customers and shops, as a snapshot with its checked contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from ml8s.artifacts import Json, describe_folder
from ml8s.data.dataset import Column, DataFile, Dataset, Target
from ml8s.data.parquet import write_table

DAY = 86_400_000_000
START = 1_700_006_400_000_000
"""A midnight UTC."""

COLUMNS = (
    Column("id", "integer", "key"),
    Column("at", "time", "time"),
    Column("customer", "string", "key"),
    Column("shop", "integer", "key"),
    Column("amount", "number", "feature"),
    Column("channel", "string", "feature"),
    Column("y", "boolean", "target"),
)
FOREIGN_KEYS: tuple[Mapping[str, Json], ...] = (
    {"fields": ["customer"], "reference": {"resource": "customers", "fields": ["name"]}},
)
TABLES: Mapping[str, Json] = {"customers": {"path": "customers.parquet", "time": None}}


def payments(rows: int = 600, seed: int = 0, days: int = 60) -> pa.Table:
    """Payments in no order of time; seconds repeat, so that there are ties."""
    random = np.random.default_rng(seed)
    at = START + random.integers(0, days * 2_000, rows) * (DAY // 2_000)
    return pa.table(
        {
            "id": np.arange(rows),
            "at": pa.array(at, pa.timestamp("us", tz="UTC")),
            "customer": [f"c{i:02d}" for i in random.integers(0, 12, rows)],
            "shop": random.integers(0, 5, rows) + (1 << 60),
            "amount": pa.array(random.lognormal(size=rows), mask=random.random(rows) < 0.1),
            "channel": random.choice(["chip", "online"], rows),
            "y": random.random(rows) < 0.3,
        }
    )


def customers() -> pa.Table:
    return pa.table(
        {
            "name": [f"c{i:02d}" for i in range(11, -1, -1)],
            "region": [("north", "south", "east")[i % 3] for i in range(11, -1, -1)],
            "since": pa.array([19_000 + i for i in range(12)], pa.int32()).cast(pa.date32()),
        }
    )


def publish(folder: Path, train: pa.Table, *, validation: pa.Table | None = None, **changes: object) -> Dataset:
    """Writes the files and returns the contract that ``validate`` would give; ``changes`` replace its fields."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [DataFile("train.parquet", len(train))]
    write_table(train, folder / "train.parquet")
    if validation is not None:
        write_table(validation, folder / "validation.parquet")
        files.append(DataFile("validation.parquet", len(validation)))
    if not (folder / "customers.parquet").exists():
        write_table(customers(), folder / "customers.parquet")
    dataset = Dataset(
        kind="binary",
        metric="roc_auc",
        manifest=describe_folder("snapshot", folder),
        files=tuple(files),
        target=Target("y", "boolean", (False, True), 1, (1, 1)),
        columns=COLUMNS,
        time_column="at",
        primary_key=("id",),
        identity=("id",),
        missing_values=("",),
        foreign_keys=FOREIGN_KEYS,
        tables=TABLES,
    )
    return replace(dataset, **changes)  # type: ignore[arg-type]
