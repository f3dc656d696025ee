"""The lookup state of a model: what serving adds to a row by its keys, as of one boundary.

``state.json`` says as of when; ``asof/`` holds the aggregates by key (``ml8s.features.asof.state``), ``parents/`` the
columns of parent tables by key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pyarrow import compute, parquet

from ml8s.artifacts import Json, write_json
from ml8s.data.instants import iso_instant
from ml8s.data.parquet import write_table
from ml8s.errors import InvalidRows, Problem
from ml8s.features.aggregates import used_aggregates, used_entities
from ml8s.features.asof.boundary import first_boundary_after
from ml8s.features.asof.feature import Entity as KeyColumns
from ml8s.features.asof.keys import Key
from ml8s.features.asof.state import LookupState, write_state
from ml8s.features.columns import column_values
from ml8s.features.entities import Entity, EntitySet, Parent
from ml8s.features.manifest import FeatureManifest
from ml8s.features.matrix import Source
from ml8s.features.parents import read_parent
from ml8s.features.past import Past, key_text

FILE_NAME: Final = "state.json"
ASOF: Final = "asof"
PARENTS: Final = "parents"
SCHEMA: Final = 1

Row = Mapping[str, object]


def write_lookup(
    folder: Path, source: Source, manifest: FeatureManifest, past: Past | None, inputs: Mapping[str, str]
) -> None:
    """Writes the state as of the first boundary after the last row.

    Without aggregates only ``state.json`` is written; with ``refresh: none`` no aggregates are kept, since a row's
    own are as of its own time: callers send them.
    """
    entities, features = used_entities(manifest), used_aggregates(manifest)
    boundary: int | None = None
    kept: list[str] = []
    if entities is not None and past is not None and len(past.events):
        boundary = first_boundary_after(int(past.events.time.max()), entities.refresh)
        if features and entities.refresh is not None:
            (folder / ASOF).mkdir()
            written = write_state(folder / ASOF, features, past.events, past.labels, refresh=entities.refresh)
            assert written == boundary, "the state and its step know one boundary"
            kept = [feature.name for feature in features]
        for parent in entities.parents:
            _write_parent(folder, source, parent, manifest, boundary)
    named: dict[str, Json] = {"schema": SCHEMA, "inputs": dict(inputs), "features": list(kept)}
    write_json(folder / FILE_NAME, {**named, "as_of": None if boundary is None else iso_instant(boundary)})


def _write_parent(folder: Path, source: Source, parent: Parent, manifest: FeatureManifest, boundary: int) -> None:
    """The columns in use of each key's row as known at the boundary, sorted by key."""
    keys = manifest.as_of_columns
    used = [name for name, _ in parent.attributes if parent.attribute(name) in keys]
    if not used:
        return
    table = read_parent(source.snapshot, parent)
    order = [(name, "ascending") for name in parent.reference]
    if parent.time is not None:
        type_ = "date" if pa.types.is_date(table[parent.time].type) else "time"
        known = column_values(table[parent.time], type_) <= boundary
        table = table.filter(pa.array(known))
        order.append((parent.time, "ascending"))
    table = table.take(compute.sort_indices(table, sort_keys=order))
    table = table.select([*parent.reference, *used])
    last = _last_of_each(table, parent.reference)
    (folder / PARENTS).mkdir(exist_ok=True)
    write_table(table.filter(pa.array(last)), folder / PARENTS / f"{parent.name}.parquet")


def _last_of_each(table: pa.Table, key: Sequence[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    rows = list(zip(*(table[name].to_pylist() for name in key), strict=True))
    return np.array([i + 1 == len(rows) or rows[i] != rows[i + 1] for i in range(len(rows))], dtype=np.bool_)


class Lookup:
    """An opened state.

    Attributes:
        as_of: when its values were known, ISO 8601; None where there is nothing to look up.
    """

    def __init__(self, folder: Path, manifest: FeatureManifest) -> None:
        described = json.loads((folder / FILE_NAME).read_bytes())
        self.as_of: str | None = described["as_of"] if described["features"] or (folder / PARENTS).is_dir() else None
        self._names: list[str] = described["features"]
        self._entities: EntitySet | None = used_entities(manifest)
        self._missing = manifest.missing_values
        self._types = {column.name: column.type for column in manifest.columns}
        self._state = LookupState.open(folder / ASOF) if self._names else None
        self._parents = {
            parent.name: _read_parent_rows(folder / PARENTS / f"{parent.name}.parquet", parent)
            for parent in (self._entities.parents if self._entities else ())
            if (folder / PARENTS / f"{parent.name}.parquet").is_file()
        }

    def fill(self, rows: Sequence[Row]) -> list[Row]:
        """The rows with what the state knows of their keys; a key never seen has no history.

        Raises:
            InvalidRows: a key of another type than in training; all of them at once.
        """
        if self._entities is None:
            return list(rows)
        problems: list[Problem] = []
        filled = [self._filled(row, number, problems) for number, row in enumerate(rows, start=1)]
        if problems:
            raise InvalidRows(
                f"{len(problems)} {'key is' if len(problems) == 1 else 'keys are'} not as in training",
                cure="send each key with the type that it had in training",
                problems=problems[:20],
            )
        return filled

    def _filled(self, row: Row, number: int, problems: list[Problem]) -> Row:
        assert self._entities is not None
        known: dict[str, object] = dict(row)
        for parent in self._entities.parents:
            if parent.name in self._parents:
                key = tuple(row.get(name) for name in parent.columns)
                found = self._parents[parent.name].get(key, {})
                known |= {parent.attribute(name): found.get(name) for name, _ in parent.attributes}
        if self._state is not None:
            keys: dict[KeyColumns, Key | None] = {}
            for entity in self._entities.entities:
                keys[entity.key] = self._key(entity, known, number, problems)
            values = self._state.row(keys).tolist()
            known |= {name: None if value != value else value for name, value in zip(self._names, values, strict=True)}  # noqa: PLR0124 - NaN
        return known

    def _key(self, entity: Entity, row: Row, number: int, problems: list[Problem]) -> Key | None:
        parts: list[str | int] = []
        for name, type_ in zip(entity.key, entity.types, strict=True):
            value = row.get(name)
            if value is None or value != value or value in self._missing:  # noqa: PLR0124 - NaN
                return None
            if type_ == "string" and isinstance(value, str):
                parts.append(value)
            elif type_ == "integer" and _is_whole(value):
                parts.append(int(value))  # type: ignore[call-overload]
            else:
                what = "a text" if type_ == "string" else "a whole number"
                problems.append(Problem(f"{name} is {value!r}, expected {what}", f"row {number}", f"send {what}"))
                return None
        return key_text(tuple(parts))


def _is_whole(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer):
        return False
    return float(value).is_integer()


def _read_parent_rows(path: Path, parent: Parent) -> dict[tuple[object, ...], dict[str, object]]:
    rows = parquet.read_table(path).to_pylist()
    return {tuple(row[name] for name in parent.reference): row for row in rows}
