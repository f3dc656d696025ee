"""Writing an example's snapshot: its tables, then ``schema.json`` last, which makes it complete."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa

from ml8s.artifacts import Json, write_json
from ml8s.data.column_types import FRICTIONLESS_NAME, type_of
from ml8s.data.parquet import write_table
from ml8s.errors import SnapshotExists

SCHEMA_FILE: Final = "schema.json"


def write_snapshot(folder: Path, tables: Mapping[str, pa.Table], schema: Mapping[str, Json]) -> None:
    """Writes a snapshot.

    Args:
        folder: made where it is missing; it must hold no snapshot yet.
        tables: file name without ``.parquet`` -> rows.
        schema: what ``schema.json`` says.

    Raises:
        SnapshotExists: the folder holds a snapshot: it is immutable.
    """
    if (folder / SCHEMA_FILE).exists():
        raise SnapshotExists(
            f"{folder} already holds a snapshot, and a snapshot is never changed",
            where=str(folder / SCHEMA_FILE),
            cure="give another folder, or use the snapshot that is there",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        write_table(table, folder / f"{name}.parquet")
    write_json(folder / SCHEMA_FILE, schema)


def fields(table: pa.Table, more: Mapping[str, Mapping[str, Json]]) -> list[Json]:
    """The Frictionless fields of a table: names and types from Arrow, and what ``more`` adds by column."""
    return [
        {
            "name": column.name,
            "type": FRICTIONLESS_NAME[type_of(column.type) or "string"],
            **more.get(column.name, {}),
        }
        for column in table.schema
    ]
