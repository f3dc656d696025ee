"""The lookup state of a registered model, made anew from a newer snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ml8s.errors import DigestMismatch, ObjectMissing, StateNotRefreshed
from ml8s.registry import Registry
from ml8s.registry.record import Record
from ml8s.runner.cache import set_damaged_aside
from ml8s.runner.reproduction import recorded_config
from ml8s.runner.snapshot import copy_snapshot, find_snapshot
from ml8s.storage.blobs import fetch_artifact, put_artifact
from ml8s.storage.store import Store

if TYPE_CHECKING:
    from ml8s.config.model import Config
    from ml8s.data.dataset import Dataset
    from ml8s.features.manifest import FeatureManifest


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A new state.

    Attributes:
        digest: of its artifact; None where nothing was written.
        as_of: the boundary that its values are known at.
        rows: of the snapshot.
        snapshot: the digest of the snapshot.
        anew: why the sums were made from all rows; empty where they go on from the model's newest state.
        rows_needed: whether a prediction needs rows; not where the model forecasts from its series alone.
    """

    digest: str | None
    as_of: str | None
    rows: int
    snapshot: str
    anew: str = ""
    rows_needed: bool = True


def refresh_state_of(
    store: Store, record: Record, uri: str, *, dry_run: bool = False, allow_older: bool = False
) -> Refreshed:
    """Makes the state of a model as of the first boundary after a snapshot's last row, and writes it down.

    The snapshot is checked in full, under the model's own config; the manifest of features stays the model's. Sums go
    on from the model's newest state where the snapshot holds the rows that it was made from, unchanged; else they are
    made anew. Equal snapshots give equal states either way. The newest state in the model's log is what predictions
    look up.

    Args:
        store: where the model is.
        record: the model.
        uri: the newer snapshot, which holds all history that counts.
        dry_run: whether nothing is written.
        allow_older: whether the new state may be as of an earlier time than the newest one.

    Raises:
        StateNotRefreshed: the model has no features of past rows, the snapshot lacks what they need, or it ends before
            the newest state's boundary.
        SnapshotNotFound, SnapshotIncomplete, ContractViolation: the snapshot is not there or not in order.
    """
    from ml8s.features.forecast.section import ForecastSection
    from ml8s.features.manifest import FeatureManifest

    with TemporaryDirectory(prefix="ml8s-refresh-") as place:
        folder = Path(place)
        for name in ("snapshot", "features", "state", "dataset"):
            (folder / name).mkdir()
        fetch_artifact(store, record.ports["features"], folder / "features")
        manifest = FeatureManifest.read(folder / "features")
        if manifest.as_of is None and manifest.forecast is None:
            raise StateNotRefreshed(
                f"{record.model_id} has no features of past rows (aggregates: {manifest.aggregates})",
                where=record.model_id,
                cure="there is nothing to refresh: predict with it as it is",
            )
        digest = copy_snapshot(find_snapshot(uri), folder / "snapshot").digest
        before = _newest_state(store, record, folder / "before")
        rows, as_of, anew = _write(record, manifest, folder, None if manifest.forecast is not None else before)
        section = ForecastSection.of(manifest)
        needed = section is None or bool(section.known)
        if before is not None and not allow_older:
            _refuse_older(record, as_of, _as_of(before, manifest))
        if dry_run:
            return Refreshed(None, as_of, rows, digest, anew, needed)
        made = put_artifact(store, "state", folder / "state")
        if set_damaged_aside(store, made):  # an equal state was there, and is what this refresh is to mend
            put_artifact(store, "state", folder / "state")
        Registry(store).append_refresh(record, made, f"features as of {as_of}, from the snapshot {digest}")
        return Refreshed(made, as_of, rows, digest, anew, needed)


def _newest_state(store: Store, record: Record, folder: Path) -> Path | None:
    """The model's newest state, fetched; None where the store has lost it: it only saves work."""
    try:
        fetch_artifact(store, Registry(store).refreshed_state(record), folder)
    except (ObjectMissing, DigestMismatch):
        return None
    return folder


def _as_of(state: Path, manifest: FeatureManifest) -> str | None:
    from ml8s.features.forecast.section import ForecastSection
    from ml8s.features.forecast.state import SeriesState
    from ml8s.features.lookup import Lookup

    section = ForecastSection.of(manifest)
    return Lookup(state, manifest).as_of if section is None else SeriesState.open(state, section).as_of


def _refuse_older(record: Record, as_of: str | None, newest: str | None) -> None:
    if as_of is None or newest is None or datetime.fromisoformat(as_of) >= datetime.fromisoformat(newest):
        return
    raise StateNotRefreshed(
        f"the snapshot gives a state as of {as_of}, and the newest state of {record.model_id} is as of {newest}",
        where=record.model_id,
        cure="give the newest snapshot; or, if predictions shall go back to what was known then, --allow-older",
    )


_Written = tuple[int, str | None, str]


def _write(record: Record, manifest: FeatureManifest, folder: Path, before: Path | None) -> _Written:
    """Writes the state, and answers how many rows it was made from, its time, and why sums were made anew."""
    from ml8s.data.completion import complete
    from ml8s.data.snapshot import open_snapshot, snapshot_manifest
    from ml8s.data.validation import validate_snapshot

    config = recorded_config(record).config
    opened = open_snapshot(folder / "snapshot")
    dataset = validate_snapshot(opened, snapshot_manifest(opened), config)
    inputs = {"snapshot": dataset.snapshot, "features": record.ports["features"]}
    if manifest.forecast is not None:
        completed = complete(folder / "snapshot", dataset, config, folder / "dataset")
        return _write_series(record, manifest, folder, (config, completed), inputs)
    return _write_aggregates(record, manifest, folder, dataset, before)


def _write_series(
    record: Record,
    manifest: FeatureManifest,
    folder: Path,
    checked: tuple[Config, Dataset],
    inputs: Mapping[str, str],
) -> _Written:
    from ml8s.features.forecast.rows import read_histories
    from ml8s.features.forecast.section import ForecastSection
    from ml8s.features.forecast.state import SeriesState, write_series_state
    from ml8s.features.matrix import Source

    config, dataset = checked
    section = ForecastSection.of(manifest)
    assert section is not None
    _refuse_lost(record, [name for name, _ in (*section.series, *section.past)], dataset, "reads at the origin")
    with Source(folder / "snapshot", dataset) as source:
        series, history = read_histories(folder / "snapshot", source, config)
        write_series_state(folder / "state", source, section, series, history, inputs=inputs)
    return dataset.rows, SeriesState.open(folder / "state", section).as_of, ""


def _write_aggregates(
    record: Record, manifest: FeatureManifest, folder: Path, dataset: Dataset, before: Path | None
) -> _Written:
    from ml8s.data.dataset import Target
    from ml8s.features.as_of_section import used_aggregates, used_entities
    from ml8s.features.lookup import Lookup
    from ml8s.features.lookup_writing import write_lookup
    from ml8s.features.matrix import Source
    from ml8s.features.parents import attach_parents
    from ml8s.features.past import read_past

    classes, positive = manifest.target.get("classes"), manifest.target.get("positive")
    target = Target(
        dataset.target.column,
        dataset.target.type,
        None if classes is None else tuple(classes),  # type: ignore[arg-type]
        positive if isinstance(positive, int) else None,
    )
    entities, features = used_entities(manifest), used_aggregates(manifest)
    assert entities is not None
    with Source(folder / "snapshot", replace(dataset, target=target)) as source:
        _refuse_lost(record, [feature.column for feature in features if feature.column], dataset, "aggregates")
        attach_parents(source, entities, sorted(manifest.as_of_columns))
        past = read_past(source, entities, features)
        inputs = {"snapshot": dataset.snapshot, "features": record.ports["features"]}
        anew = write_lookup(folder / "state", source, manifest, past, inputs, before=before)
    return len(past.events), Lookup(folder / "state", manifest).as_of, anew


def _refuse_lost(record: Record, columns: Sequence[str], dataset: Dataset, use: str) -> None:
    known = {column.name for column in dataset.columns}
    lost = [name for name in columns if name not in known]
    if lost:
        raise StateNotRefreshed(
            f"the snapshot has no column {lost[0]!r}, which {record.model_id} {use}",
            where="schema.json",
            cure="refresh from a snapshot of the same contract, or train again",
        )
