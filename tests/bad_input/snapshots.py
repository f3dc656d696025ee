"""Small snapshots with one thing wrong in them, written into the folder ``data`` of a case."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from ml8s.data.parquet import write_table
from tests.bad_input.case import Make
from tests.data.conftest import contract, sound_rows

Change = Callable[[dict[str, Any]], object]

BASE: Final = {"dataset_uri": "data", "task": "classification", "target_column": "y", "split": {"strategy": "random"}}


def write_config(folder: Path, **more: object) -> None:
    """``config.yaml`` for the snapshot in ``data``; JSON is YAML. None takes a key out."""
    config = {key: value for key, value in {**BASE, "name": "model", **more}.items() if value is not None}
    (folder / "config.yaml").write_text(json.dumps(config, default=list))


def write_snapshot(
    folder: Path,
    train: Mapping[str, pa.Array] | None = None,
    validation: Mapping[str, pa.Array] | None = None,
    schema: object = None,
) -> Path:
    """A snapshot in ``data``, sound unless told otherwise, and a config for it."""
    data = folder / "data"
    data.mkdir()
    write_table(pa.table(dict(sound_rows() if train is None else train)), data / "train.parquet")
    if validation is not None:
        write_table(pa.table(dict(validation)), data / "validation.parquet")
    text = (
        schema if isinstance(schema, str | bytes) else json.dumps(contract(sound_rows()) if schema is None else schema)
    )
    (data / "schema.json").write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    write_config(folder)
    return data


def schema_text(text: str | bytes) -> Make:
    """A snapshot whose ``schema.json`` is these characters."""
    return lambda folder: write_snapshot(folder, schema=text)


def schema_with(change: Change) -> Make:
    """A snapshot whose contract was changed in place."""

    def make(folder: Path) -> None:
        schema = contract(sound_rows())
        change(schema)
        write_snapshot(folder, schema=schema)

    return make


def field_with(column: str, /, **more: object) -> Make:
    """A snapshot whose contract has other values in one field; ``__`` in a key stands for ``:``."""

    def change(schema: dict[str, Any]) -> None:
        one = next(field for field in schema["fields"] if field["name"] == column)
        one.update({key.replace("__", ":"): value for key, value in more.items()})

    return schema_with(change)


def top_with(**more: object) -> Make:
    """A snapshot whose contract has other values at its top; ``__`` in a key stands for ``:``."""
    return schema_with(lambda schema: schema.update({key.replace("__", ":"): value for key, value in more.items()}))


def file_bytes(change: Callable[[bytes], bytes], name: str = "train.parquet") -> Make:
    """A snapshot one of whose files holds other bytes."""

    def make(folder: Path) -> None:
        path = write_snapshot(folder) / name
        path.write_bytes(change(path.read_bytes()))

    return make


def train_table(table: Callable[[], pa.Table], **options: Any) -> Make:
    """A snapshot whose train.parquet is this table, as pyarrow writes it."""
    return lambda folder: pq.write_table(table(), write_snapshot(folder) / "train.parquet", **options)


def train_with(**columns: object) -> Make:
    """A snapshot whose train.parquet has further or other columns, undeclared in its contract; None takes one out."""

    def table() -> pa.Table:
        rows = {**sound_rows(), **columns}
        return pa.table({name: values for name, values in rows.items() if values is not None})

    return train_table(table)


def configured(make: Make | None = None, **more: object) -> Make:
    """A snapshot with another config."""

    def both(folder: Path) -> None:
        (make or write_snapshot)(folder)
        write_config(folder, **more)

    return both
