"""How the value of one feature comes about: its definition, and one row of the snapshot worked out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, cast

from ml8s.artifacts import Json
from ml8s.errors import (
    BucketMissing,
    SnapshotChanged,
    SnapshotIncomplete,
    SnapshotNotFound,
    UnknownTopic,
)
from ml8s.registry.record import Record
from ml8s.runner.snapshot import copy_snapshot, find_snapshot
from ml8s.storage.blobs import fetch_artifact
from ml8s.storage.store import Store

if TYPE_CHECKING:
    from ml8s.data.dataset import Dataset
    from ml8s.features.asof.feature import AsOfFeature
    from ml8s.features.manifest import Feature, FeatureManifest
    from ml8s.features.past import Past

MOST_ROWS: Final = 5


@dataclass(frozen=True, slots=True)
class FeatureStory:
    """A feature in words, what it is made from, and a worked row as lines of text; empty without the snapshot."""

    name: str
    definition: str
    transform: str
    source: tuple[str, ...]
    nulls: float
    worked: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """The story as JSON."""
        return {
            "name": self.name,
            "definition": self.definition,
            "transform": self.transform,
            "source": list(self.source),
            "nulls": self.nulls,
            "worked": list(self.worked),
        }

    def text(self) -> str:
        """The story as a person reads it."""
        lines = [self.name, f"  {self.definition}", f"  made from   {', '.join(self.source)}"]
        lines += [f"  null in     {self.nulls:.1%} of the fit rows", ""]
        return "\n".join([*lines, *(f"  {line}" for line in self.worked)]).rstrip()


def explain_feature(store: Store, record: Record, name: str) -> FeatureStory:
    """The story of one feature of a model.

    Raises:
        UnknownTopic: the model has no such feature; says why where it was dropped, or names the nearest.
    """
    from ml8s.features.manifest import FeatureManifest

    with TemporaryDirectory(prefix="ml8s-feature-") as place:
        folder = Path(place)
        for port in ("features", "dataset", "aggregates"):
            fetch_artifact(store, record.ports[port], folder / port)
        manifest = FeatureManifest.read(folder / "features")
        feature = _find(manifest, record, name)
        worked = _worked(store, record, manifest, feature, folder)
    return FeatureStory(
        feature.name, feature.definition, feature.transform, feature.source, feature.nulls, tuple(worked)
    )


def _find(manifest: FeatureManifest, record: Record, name: str) -> Feature:
    for feature in manifest.features:
        if feature.name == name:
            return feature
    for dropped in manifest.dropped:
        if dropped.name == name:
            raise UnknownTopic(
                f"{record.model_id} was made without {name!r}: {dropped.reason}", cure="`ml8s models report` lists all"
            )
    close = get_close_matches(name, manifest.names, n=1, cutoff=0.3)
    raise UnknownTopic(
        f"{record.model_id} has no feature {name!r}",
        cure=f"did you mean {close[0]!r}?" if close else "`ml8s models report` lists all",
    )


def _worked(
    store: Store,
    record: Record,
    manifest: FeatureManifest,
    feature: Feature,
    folder: Path,
) -> list[str]:
    from ml8s.data.dataset import read_dataset
    from ml8s.features.aggregates import attach_aggregates
    from ml8s.features.apply import feature_values
    from ml8s.features.as_of_section import used_aggregates
    from ml8s.features.matrix import Source

    locators = cast("Mapping[str, Json]", record.envelope.get("locators") or {})
    try:
        dataset = read_dataset(folder / "dataset")
        copy_snapshot(find_snapshot(str(locators.get("dataset_uri"))), folder / "snapshot", dataset.manifest)
    except (SnapshotNotFound, SnapshotIncomplete, SnapshotChanged, BucketMissing) as error:
        return [f"no worked row: {error.message}"]
    with Source(folder / "snapshot", dataset) as source:
        attach_aggregates(source, manifest, folder / "aggregates")
        rows = source.all_rows()
        columns = {name: source.column(name, rows) for name in feature.source}
        values = feature_values(feature, columns)
        row = _example(values)
        if row is None:
            return ["no worked row: it is null in every row"]
        file, number = source.dataset.files[int(rows.file[row])].name, int(rows.row[row])
        aggregate = next((one for one in used_aggregates(manifest) if one.name in feature.source), None)
        logged = _logged(dataset)
        read = [*feature.source, *([aggregate.column] if aggregate is not None and aggregate.column else [])]
        hidden = next((name for name in read if name in logged), None)
        if hidden is not None:
            return [f"no worked row: the snapshot logs `{hidden}` as `{logged[hidden]}`, so no value of it is shown"]
        lines = [f"worked out for row {number} of {file}:"]
        lines += [f"  {name} = {_shown(columns[name][row], _type(manifest, name))}" for name in feature.source]
        lines.append(f"  {feature.name} = {values[row]:.6g}")
        if aggregate is not None:
            lines += _history(source, manifest, aggregate, row)
    return lines


def _logged(dataset: Dataset) -> dict[str, str]:
    """How each column that is not kept in logs is logged; those of further tables as ``table.column``."""
    logged = {column.name: column.log for column in dataset.columns}
    for table, value in (dataset.tables or {}).items():
        fields = cast("Mapping[str, Mapping[str, Any]]", value)["schema"]["fields"]
        logged |= {f"{table}.{one['name']}": str(one.get("ml8s:log", "keep")) for one in fields}
    return {name: log for name, log in logged.items() if log != "keep"}


def _example(values: Any) -> int | None:  # noqa: ANN401 -- an array of numpy, which is imported with the step
    """The last row that has a value, other than zero where there is one."""
    import numpy as np

    for wanted in (~np.isnan(values) & (values != 0), ~np.isnan(values)):
        found = np.flatnonzero(wanted)
        if len(found):
            return int(found[-1])
    return None


def _type(manifest: FeatureManifest, name: str) -> str:
    return next(column.type for column in manifest.columns if column.name == name)


def _shown(value: object, type_: str) -> str:
    from ml8s.data.instants import iso_instant

    if type_ in ("time", "date"):
        return iso_instant(int(cast(int, value)))
    return json.dumps(value) if isinstance(value, str) or value is None else f"{float(cast(float, value)):.6g}"


def _key_shown(dataset: Dataset, entity: Sequence[str], key: Sequence[object]) -> str:
    from ml8s.evaluation.logged_values import digest_of

    logged = _logged(dataset)

    def shown(name: str, part: str) -> str:
        log = logged.get(name)
        return part if log is None else digest_of(part) if log == "hash" else "not shown"

    return ", ".join(shown(name, str(part)) for name, part in zip(entity, key, strict=True))


def _value(past: Past, aggregate: AsOfFeature, place: int) -> str:
    """What one past row has in the aggregate's column."""
    name = aggregate.column
    if name is None:
        return ""
    value = float(past.events.columns[name][place])
    known = past.texts.get(name)
    return f"  {name} {json.dumps(known[int(value)]) if known and value == value else format(value, '.6g')}"  # noqa: PLR0124 - NaN


def _history(source: Any, manifest: FeatureManifest, aggregate: AsOfFeature, row: int) -> list[str]:  # noqa: ANN401
    """The past rows that an aggregate of one row reads: how many, and the latest of them."""
    import numpy as np

    from ml8s.data.instants import iso_instant
    from ml8s.features.as_of_section import used_entities
    from ml8s.features.asof.boundary import cutoffs
    from ml8s.features.parents import attach_parents
    from ml8s.features.past import read_past

    entities = used_entities(manifest)
    assert entities is not None
    attach_parents(source, entities, sorted(manifest.as_of_columns))
    past = read_past(source, entities, [aggregate])
    time, codes = past.events.time, past.events.keys[aggregate.entity]
    until = int(cutoffs(time[row : row + 1], entities.refresh)[0]) - aggregate.delay
    since = None if aggregate.window is None else until - aggregate.window
    counted = (codes == codes[row]) & (time < until) & (True if since is None else time >= since)
    found = np.flatnonzero(counted)
    found = found[np.argsort(time[found], kind="stable")]
    key = _key_shown(source.dataset, aggregate.entity, past.labels[aggregate.entity][int(codes[row])])
    begin = "the beginning" if since is None else iso_instant(since)
    lines = [
        f"  the row is of {iso_instant(int(time[row]))}, its {', '.join(aggregate.entity)} is {key}",
        f"  {aggregate.name} reads the {len(found)} rows of that key from {begin} until before {iso_instant(until)}",
    ]
    shown = cast("Sequence[int]", found[-MOST_ROWS:].tolist())
    lines += [f"    {iso_instant(int(time[place]))}{_value(past, aggregate, place)}" for place in shown]
    if len(found) > MOST_ROWS:
        lines.append(f"    … and {len(found) - MOST_ROWS} before")
    return lines
