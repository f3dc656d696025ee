"""Aggregates over earlier rows: defined, computed for all rows of both files, and written as an artifact."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml8s.artifacts import Json, write_json
from ml8s.config.model import FeatureEngineering
from ml8s.data.instants import microseconds_of
from ml8s.errors import AggregatesRefused
from ml8s.features.as_of_section import used_aggregates, used_entities
from ml8s.features.asof.engine import compute
from ml8s.features.asof.feature import PICKING, AsOfFeature
from ml8s.features.asof.rows import Floats
from ml8s.features.definitions import define
from ml8s.features.entities import EntitySet, build_entity_set, find_parents
from ml8s.features.forecast.rows import attach_past_columns, written_columns
from ml8s.features.forecast.section import ForecastSection
from ml8s.features.manifest import Dropped, Feature, FeatureManifest
from ml8s.features.matrix import Source
from ml8s.features.parents import attach_parents, table_types
from ml8s.features.past import Past, read_past

FILE_NAME: Final = "aggregates.json"
VALUES: Final = "aggregates.npy"
SCHEMA: Final = 1
DAY: Final = microseconds_of("1d")
_AT_ONCE: Final = 8


@dataclass(frozen=True)
class Aggregates:
    """What is made of past rows: the definitions, and their values in the source that they were attached to.

    Attributes:
        entities: what rows are gathered by.
        features: the aggregates, in the order of their definitions.
        past: keys, times and values of all rows.
        dropped: what Featuretools defines and ML8s does not make.
        warnings: plain sentences.
    """

    entities: EntitySet
    features: tuple[AsOfFeature, ...]
    past: Past
    dropped: tuple[Dropped, ...]
    warnings: tuple[str, ...]


def entity_set(source: Source, config: FeatureEngineering) -> EntitySet:
    """The entities of a snapshot under a config; raises AggregatesRefused as ``build_entity_set`` does."""
    types = table_types(source.snapshot, source.dataset.tables or {})
    return build_entity_set(source.dataset, config, find_parents(source.dataset, types))


def make_aggregates(source: Source, entities: EntitySet, config: FeatureEngineering) -> Aggregates:
    """Defines the aggregates, computes them for all rows, dropped ones included, and attaches them to the source.

    A row's values depend on the rows before its cutoff only, and on targets only after their delay.

    Raises:
        AggregatesRefused: too many features, a name twice, a row without a time, a parent table that cannot be joined.
        LibraryMissing: featuretools is not installed.
    """
    made = define(entities, config)
    _refuse_taken_names(source, entities, made.features)
    attach_parents(source, entities)
    past = read_past(source, entities, made.features)
    for feature, values in _computed(made.features, past, entities.refresh):
        source.attach(feature.name, _read(feature, values, past))
    return Aggregates(entities, made.features, past, made.dropped, tuple(_warnings(past, entities, config)))


def _read(feature: AsOfFeature, values: Floats, past: Past) -> NDArray[Any]:
    return decoded(values, past.texts[feature.column or ""]) if gives_text(feature, past) else values


def gives_text(feature: AsOfFeature, past: Past) -> bool:
    """Whether an aggregate's values are texts."""
    return feature.primitive in PICKING and feature.column in past.texts


def decoded(codes: Floats, texts: Sequence[str]) -> NDArray[np.object_]:
    """The texts of codes [n]; None for a code that is null."""
    known = np.array([*texts, None], dtype=object)
    found: NDArray[np.object_] = known[np.where(np.isnan(codes), len(texts), codes).astype(np.int64)]
    return found


def _refuse_taken_names(source: Source, entities: EntitySet, features: Sequence[AsOfFeature]) -> None:
    attributes = {parent.attribute(name) for parent in entities.parents for name, _ in parent.attributes}
    made = attributes | {feature.name for feature in features}
    taken = sorted(made & {column.name for column in source.dataset.columns})
    if taken:
        raise AggregatesRefused(
            f"the snapshot has a column {taken[0]!r}, which is also the name of a feature of past rows",
            where=f"train.parquet:{taken[0]}",
            cure="publish it under another name",
        )


def _computed(features: Sequence[AsOfFeature], past: Past, refresh: int | None) -> Iterator[tuple[AsOfFeature, Floats]]:
    values = compute(features, past.events, past.queries, refresh=refresh)
    for index, feature in enumerate(features):
        yield feature, values[:, index]


def _warnings(past: Past, entities: EntitySet, config: FeatureEngineering) -> Iterator[str]:
    rows = len(past.events)
    for entity in entities.entities:
        if missing := past.nulls.get(entity.key, 0):
            yield (
                f"{missing:,} of {rows:,} rows have no {', '.join(entity.key)}: their aggregates by {entity.name} "
                "are null, and they are nobody's history"
            )
    span = (int(past.events.time.max()) - int(past.events.time.min())) / DAY if rows else 0.0
    for window in config.windows:
        if window != "all" and microseconds_of(window) / DAY > span:
            yield f"the window {window} is longer than the history of {span:.1f} days: it equals `all`"


def compare_with_history(entities: EntitySet, features: Sequence[AsOfFeature]) -> tuple[Feature, ...]:
    """A row's own value beside the mean of its past: ratio and difference for each entity, column and window."""
    found = []
    for entity in entities.entities:
        columns = [column for column, _ in entities.values]
        means = [f for f in features if f.entity == entity.key and f.primitive == "mean" and f.child is None]
        for column, mean in ((c, m.name) for c in columns for m in means if m.column == c):
            source = (column, mean)
            found.append(Feature(f"{column} / {mean}", f"`{column}` divided by `{mean}`", "ratio", source))
            found.append(Feature(f"{column} - {mean}", f"`{column}` less `{mean}`", "difference", source))
    return tuple(found)


def in_words(feature: AsOfFeature, entities: EntitySet) -> str:
    """The definition of an aggregate in one plain sentence."""
    of = f" of `{feature.column}`" if feature.column else ""
    if feature.child:
        child = entities.entity(feature.child.entity).name
        what = f"{feature.primitive} over each of the {child} of the {feature.child.primitive}{of}"
    else:
        what = f"{feature.primitive}{of}"
    span = "all earlier rows" if feature.window is None else f"the rows of the {duration(feature.window)}"
    until = "the row" if entities.refresh is None else f"the row's last boundary (every {duration(entities.refresh)})"
    late = f", as known {duration(feature.delay)} later" if feature.delay else ""
    key = ", ".join(feature.entity)
    return f"{what} over {span} before {until} with the same `{key}`{late}"


def duration(microseconds: int) -> str:
    """A length of time as the config writes it."""
    for unit in ("d", "h", "m"):
        length = microseconds_of(f"1{unit}")
        if microseconds % length == 0:
            return f"{microseconds // length}{unit}"
    return f"{microseconds / 1_000_000:g}s"


def write_aggregates(folder: Path, source: Source, manifest: FeatureManifest, features_digest: str) -> None:
    """Writes the aggregates of every row of both files.

    ``aggregates.npy`` is float64 [rows, features] in Fortran order, rows by file and row; it is absent where there
    are none. ``aggregates.json`` names them, and the texts by code of those whose values are texts.
    """
    names = [feature.name for feature in used_aggregates(manifest)]
    section = ForecastSection.of(manifest)
    if section is not None:
        names += written_columns(section)
    rows = source.all_rows()
    texts: dict[str, Json] = {}
    if names:
        shape = (len(rows), len(names))
        values = np.lib.format.open_memmap(
            folder / VALUES, mode="w+", dtype=np.float64, shape=shape, fortran_order=True, version=(1, 0)
        )
        for index, name in enumerate(names):
            column = source.column(name, rows)
            if column.dtype == object:
                known = sorted({text for text in column if text is not None})
                column, texts[name] = _encoded(column, known), list(known)
            values[:, index] = column
        values.flush()
    inputs: dict[str, Json] = {**manifest.inputs, "features": features_digest}
    described: dict[str, Json] = {"schema": SCHEMA, "inputs": inputs, "rows": len(rows), "features": list(names)}
    write_json(folder / FILE_NAME, {**described, "texts": texts} if texts else described)


def _encoded(values: NDArray[np.object_], texts: Sequence[str]) -> Floats:
    code_of: dict[object, float] = {text: float(code) for code, text in enumerate(texts)}
    return np.fromiter((code_of.get(value, np.nan) for value in values), dtype=np.float64, count=len(values))


def attach_aggregates(source: Source, manifest: FeatureManifest, folder: Path) -> None:
    """Adds the columns of parents, and the aggregates of an artifact, to the rows of a source."""
    entities, section = used_entities(manifest), ForecastSection.of(manifest)
    if entities is not None:
        attach_parents(source, entities, [column.name for column in manifest.columns])
    elif section is None:
        return
    described = json.loads((folder / FILE_NAME).read_bytes())
    names, texts = described["features"], described.get("texts", {})
    if names:
        values = np.load(folder / VALUES, mmap_mode="r", allow_pickle=False)
        for index, name in enumerate(names):
            source.attach(name, decoded(values[:, index], texts[name]) if name in texts else values[:, index])
    if section is not None:
        attach_past_columns(source, section)
