"""Predictions of a registered model in this process: its manifest makes the features, its files score them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ml8s.artifacts import Json
from ml8s.config.metrics import BINARY, MULTICLASS
from ml8s.data.dataset import label_text
from ml8s.environment import require_pinned
from ml8s.errors import DigestMismatch, ModelFileRefused, ObjectMissing
from ml8s.runner.forecasting import Forecaster
from ml8s.runner.rows import Row
from ml8s.storage.blobs import fetch_artifact
from ml8s.storage.store import Store

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    from ml8s.features.lookup import Lookup
    from ml8s.features.manifest import FeatureManifest
    from ml8s.registry.record import Record
    from ml8s.scoring import Model


@dataclass(frozen=True, slots=True)
class Predictor:
    """A model with the manifest of its features, and what is known of past rows."""

    manifest: FeatureManifest
    model: Model
    lookup: Lookup | None = None

    def predict(self, rows: Sequence[Row]) -> list[dict[str, Json]]:
        """One answer per row: prediction, and score with the scores of all classes, or value.

        A row's answer depends on that row and the model alone, not on the rows beside it.

        Raises:
            EnvironmentNotPinned: this process lacks the environment that makes scores equal everywhere.
            InvalidRows: rows do not fit the features; all problems at once.
        """
        from ml8s.features.apply import apply
        from ml8s.features.columns import columns_from_rows

        require_pinned()
        if not rows:
            return []
        known = rows if self.lookup is None else self.lookup.fill(rows)
        scores = self.model.score(apply(self.manifest, columns_from_rows(known, self.manifest)))
        return answers(self.model.kind, self.model.target, self.model.threshold, scores)


def open_predictor(store: Store, record: Record, folder: Path, state: str | None = None) -> Predictor | Forecaster:
    """Fetches a model, its manifest and its state into a folder, every byte checked; what it is for says the answer.

    Args:
        store: where they are.
        record: the model.
        folder: empty.
        state: the digest of a refreshed state; None takes the one that the model was trained with.

    Raises:
        ObjectMissing, DigestMismatch: the store lacks a blob of it, or one is damaged.
        ModelFileRefused: the two do not belong together.
    """
    from ml8s.features.forecast.section import ForecastSection
    from ml8s.features.forecast.state import SeriesState
    from ml8s.features.lookup import Lookup
    from ml8s.features.manifest import FeatureManifest
    from ml8s.scoring import load_model

    for port in ("features", "model"):
        fetch_artifact(store, record.ports[port], folder / port)
    _fetch_state(store, record, state, folder / "state")
    try:
        model = load_model(folder / "model")
    except ModelFileRefused as refused:  # the place is a copy that is gone when somebody looks for it
        raise ModelFileRefused(refused.message, where=record.model_id, cure=refused.cure) from refused
    if model.inputs.get("features") != record.ports["features"]:
        raise ModelFileRefused(
            f"the model of {record.model_id} was not made with the features of its record",
            where=record.model_id,
            cure="check it with `ml8s models verify`",
        )
    manifest = FeatureManifest.read(folder / "features")
    section = ForecastSection.of(manifest)
    if section is not None:
        return Forecaster(manifest, model, SeriesState.open(folder / "state", section))
    return Predictor(manifest, model, Lookup(folder / "state", manifest) if manifest.as_of else None)


def _fetch_state(store: Store, record: Record, state: str | None, folder: Path) -> None:
    if state is None or state == record.ports["state"]:
        fetch_artifact(store, record.ports["state"], folder)
        return
    try:
        fetch_artifact(store, state, folder)
    except (ObjectMissing, DigestMismatch) as error:  # no step makes it, so no run brings it back
        raise type(error)(
            f"the refreshed lookup state of {record.model_id} is not whole: {error.message}",
            where=error.where,
            cure=f"make it anew: `ml8s features refresh {record.model_id} --snapshot URI`",
        ) from error


def answers(
    kind: str, target: Mapping[str, Json], threshold: float | None, scores: NDArray[float64]
) -> list[dict[str, Json]]:
    """What scores say, one answer per row.

    Args:
        kind: binary, multiclass, regression or ranking.
        target: the target as ``model.json`` describes it: its sorted classes, the index of the positive one.
        threshold: from which score on a binary prediction is the positive class.
        scores: float64 [n], or [n, classes] for multiclass.
    """
    classes = target.get("classes")
    labels: Sequence[Json] = classes if isinstance(classes, Sequence) and not isinstance(classes, str) else ()
    if kind == BINARY:
        positive = target["positive"]
        assert isinstance(positive, int)
        bound = 0.5 if threshold is None else threshold
        return [_binary(labels, positive, float(score), bound) for score in scores]
    if kind == MULTICLASS:
        return [_multiclass(labels, row) for row in scores.tolist()]
    return [{"prediction": float(value), "value": float(value)} for value in scores]


def _binary(labels: Sequence[Json], positive: int, score: float, threshold: float) -> dict[str, Json]:
    chosen = labels[positive if score >= threshold else 1 - positive]
    scores = {label_text(labels[positive]): score, label_text(labels[1 - positive]): 1.0 - score}
    return {"prediction": chosen, "score": score, "scores": dict(sorted(scores.items()))}


def _multiclass(labels: Sequence[Json], row: Sequence[float]) -> dict[str, Json]:
    best = max(range(len(row)), key=lambda i: row[i])  # the first of equals, as argmax
    named: Json = {label_text(label): value for label, value in zip(labels, row, strict=True)}
    return {"prediction": labels[best], "score": row[best], "scores": named}
