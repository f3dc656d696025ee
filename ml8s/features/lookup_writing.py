"""Writes the lookup state of a model: from all rows, or from an earlier state and the rows since then."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

from ml8s.artifacts import Json, write_json
from ml8s.data.instants import iso_instant
from ml8s.features.as_of_section import used_aggregates, used_entities
from ml8s.features.asof.boundary import first_boundary_after
from ml8s.features.asof.feature import AsOfFeature
from ml8s.features.asof.rows import Events
from ml8s.features.asof.state import refresh_state, write_state
from ml8s.features.columns import column_values
from ml8s.features.entities import Parent
from ml8s.features.fingerprint import fingerprint
from ml8s.features.lookup import ASOF, FILE_NAME, PARENTS, SCHEMA
from ml8s.features.manifest import FeatureManifest
from ml8s.features.matrix import Source
from ml8s.features.parent_rows import ParentColumn, ParentRows, parent_key
from ml8s.features.parents import parent_column, read_parent
from ml8s.features.past import Past


def write_lookup(
    folder: Path,
    source: Source,
    manifest: FeatureManifest,
    past: Past | None,
    inputs: Mapping[str, str],
    *,
    before: Path | None = None,
) -> str:
    """Writes the state as of the first boundary after the last row.

    Without aggregates only ``state.json`` is written; with ``refresh: none`` no aggregates are kept, since a row's
    own are as of its own time: callers send them.

    Args:
        folder: empty.
        source: the rows, with parents attached.
        manifest: the model's.
        past: all rows as the features read them; None without features of past rows.
        inputs: digests of the artifacts that it is made from.
        before: an earlier state of the same manifest, whose sums are gone on with where the rows up to its last one
            are the same. The bytes are the same either way.

    Returns:
        Why the sums were made anew from all rows; empty where they go on from ``before``.
    """
    entities, features = used_entities(manifest), used_aggregates(manifest)
    boundary: int | None = None
    kept: list[str] = []
    history: dict[str, Json] | None = None
    anew = ""
    if entities is not None and past is not None and len(past.events):
        last = int(past.events.time.max())
        boundary = first_boundary_after(last, entities.refresh)
        if features and entities.refresh is not None:
            (folder / ASOF).mkdir()
            anew = _write_aggregates(folder / ASOF, features, past, entities.refresh, before)
            kept, history = [feature.name for feature in features], fingerprint(past, last)
        for parent in entities.parents:
            _write_parent(folder, source, parent, manifest, boundary)
    named: dict[str, Json] = {"schema": SCHEMA, "inputs": dict(inputs), "features": list(kept), "history": history}
    write_json(folder / FILE_NAME, {**named, "as_of": None if boundary is None else iso_instant(boundary)})
    return anew


def _write_aggregates(
    folder: Path, features: Sequence[AsOfFeature], past: Past, refresh: int, before: Path | None
) -> str:
    anew = "there is no earlier state" if before is None else why_anew(before, features, past)
    if anew or before is None:
        write_state(folder, features, past.events, past.labels, refresh=refresh, texts=past.texts)
        return anew
    last = int(json.loads((before / FILE_NAME).read_bytes())["history"]["last"])
    refresh_state(before / ASOF, folder, _later(past.events, last), past.labels, past.texts)
    return ""


def why_anew(before: Path, features: Sequence[AsOfFeature], past: Past) -> str:
    """Why the sums of an earlier state cannot be gone on with; empty where they can.

    They can where the same rows, up to the last one that it knew, lie in the past that is given.
    """
    described = json.loads((before / FILE_NAME).read_bytes())
    known = described.get("history")
    if described.get("schema") != SCHEMA or known is None:
        return "the earlier state does not say which rows it was made from"
    if described["features"] != [feature.name for feature in features]:
        return "the earlier state holds other features"
    now = fingerprint(past, int(known["last"]))
    if now == known:
        return ""
    until = iso_instant(int(known["last"]))
    if now["rows"] != known["rows"]:
        return f"the snapshot has {now['rows']:,} rows up to {until}, the earlier state was made from {known['rows']:,}"
    return f"rows up to {until} hold other values than those that the earlier state was made from"


def _later(events: Events, last: int) -> Events:
    """The events after an instant."""
    rows = events.time > last
    return Events(
        {entity: codes[rows] for entity, codes in events.keys.items()},
        events.time[rows],
        {name: values[rows] for name, values in events.columns.items()},
        None if events.identity is None else events.identity[rows],
    )


def _write_parent(folder: Path, source: Source, parent: Parent, manifest: FeatureManifest, boundary: int) -> None:
    """The columns in use of each key's row as known at the boundary."""
    wanted = manifest.as_of_columns
    used = [(name, type_) for name, type_ in parent.attributes if parent.attribute(name) in wanted]
    if not used:
        return
    table = read_parent(source.snapshot, parent)
    order = [(name, "ascending") for name in parent.reference]
    if parent.time is not None:
        type_ = "date" if pa.types.is_date(table[parent.time].type) else "time"
        table = table.filter(pa.array(column_values(table[parent.time], type_) <= boundary))
        order.append((parent.time, "ascending"))
    table = table.take(compute.sort_indices(table, sort_keys=order))
    keys = [parent_key(key) for key in zip(*(table[name].to_pylist() for name in parent.reference), strict=True)]
    last = _last_of_each(keys)
    columns = [
        ParentColumn.of(name, type_, parent_column(table, name, type_, source.dataset.missing_values)[:-1][last])
        for name, type_ in used
    ]
    (folder / PARENTS / parent.name).mkdir(parents=True)
    ParentRows.of([key for key, is_last in zip(keys, last, strict=True) if is_last and key], columns).write(
        folder / PARENTS / parent.name
    )


def _last_of_each(keys: Sequence[Any]) -> NDArray[np.bool_]:
    """Which of the keys, sorted, is the last of its equals and not null."""
    later = [*keys[1:], None]
    return np.array([key is not None and key != after for key, after in zip(keys, later, strict=True)], dtype=np.bool_)
