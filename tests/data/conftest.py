"""A small sound snapshot, and ways to break one thing in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ml8s.config.model import Columns, Config, Split
from ml8s.data.column_types import FRICTIONLESS_NAME, type_of
from ml8s.data.parquet import write_table

ROWS = 120
START = 1_767_225_600_000_000  # 2026-01-01 in µs


def sound_rows(first: int = 0, rows: int = ROWS) -> dict[str, pa.Array]:
    """Columns of a sound table; other values for another ``first``."""
    number = np.arange(first, first + rows)
    return {
        "id": pa.array(number),
        "amount": pa.array(np.round(np.sin(number * 1.7) * 10, 3)),
        "visits": pa.array(number * 7 % 13),
        "city": pa.array([("Bern", "Oslo", "Rome", "Lima")[i] for i in number * 5 % 4]),
        "member": pa.array(number * 11 % 3 == 0),
        "when": pa.array(START + number * 3_600_000_000, pa.timestamp("us", tz="UTC")),
        "born": pa.array(10_000 + number * 13 % 700, pa.int32()).cast(pa.date32()),
        "y": pa.array((number * 2654435761 >> 7) % 2),
    }


def contract(rows: Mapping[str, pa.Array], **more: Any) -> dict[str, Any]:
    """A contract of these columns with ``id`` as primary key."""
    fields = [
        {"name": name, "type": FRICTIONLESS_NAME[type_of(values.type) or "string"]} for name, values in rows.items()
    ]
    return {"ml8s:version": 1, "fields": fields, "primaryKey": "id", **more}


def constrain(schema: dict[str, Any], column: str, **more: Any) -> None:
    """Adds constraints (or ``ml8s_role=``, ``ml8s_log=``) to a column of a contract."""
    one = next(field for field in schema["fields"] if field["name"] == column)
    for key, value in more.items():
        if key.startswith("ml8s_"):
            one["ml8s:" + key.removeprefix("ml8s_")] = value
        elif key == "type":
            one["type"] = value
        else:
            one.setdefault("constraints", {})[key] = value


@pytest.fixture
def write_snapshot(tmp_path: Path) -> Callable[..., Path]:
    """Writes a snapshot from columns per file and a contract; answers its folder."""

    def write(
        train: Mapping[str, pa.Array] | None = None,
        validation: Mapping[str, pa.Array] | None = None,
        schema: object = None,
        tables: Mapping[str, Mapping[str, pa.Array]] | None = None,
    ) -> Path:
        folder = tmp_path / f"snapshot{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        train = sound_rows() if train is None else train
        write_table(pa.table(dict(train)), folder / "train.parquet")
        if validation is not None:
            write_table(pa.table(dict(validation)), folder / "validation.parquet")
        for name, columns in (tables or {}).items():
            write_table(pa.table(dict(columns)), folder / name)
        text = schema if isinstance(schema, str | bytes) else json.dumps(contract(train) if schema is None else schema)
        (folder / "schema.json").write_bytes(text.encode() if isinstance(text, str) else text)
        return folder

    return write


def make_config(**more: Any) -> Config:
    """A config for the sound snapshot; ``split`` and ``columns`` are mappings."""
    split = Split(**more.pop("split", {"strategy": "random"}))
    columns = Columns(**more.pop("columns", {}))
    values = {"dataset_uri": "x", "task": "classification", "target_column": "y", **more}
    return Config(split=split, columns=columns, **values)
