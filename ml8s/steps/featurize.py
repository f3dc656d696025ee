"""featurize: learns the feature manifest on the fit rows and applies it to fit and tune."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from ml8s.artifacts import Json, describe_folder
from ml8s.config.metrics import FORECASTING
from ml8s.data.dataset import FEATURE, SERIES, TIME_ROLE, Column, Dataset, read_dataset
from ml8s.data.folds import FIT, Folds, read_folds
from ml8s.errors import NoFeatures
from ml8s.features import learn as learning
from ml8s.features.aggregates import (
    Aggregates,
    compare_with_history,
    entity_set,
    gives_text,
    in_words,
    make_aggregates,
    write_aggregates,
)
from ml8s.features.entities import key_candidates
from ml8s.features.forecast.rows import ForecastRows, forecast_rows
from ml8s.features.forecast.section import ForecastSection
from ml8s.features.forecast.state import write_series_state
from ml8s.features.lookup_writing import write_lookup
from ml8s.features.manifest import Dropped, FeatureManifest
from ml8s.features.matrix import Rows, Source, matrix_rows, write_matrix
from ml8s.steps.context import Progress, StepContext

NO_KEY: Final = (
    "feature_engineering asks for aggregates over earlier rows, but schema.json names no key to make them by "
    "(foreignKeys or `ml8s:role: key`; a primary key of one column names the row itself): the model learns from each "
    "row's own columns alone. Columns that could be a key: {candidates}"
)
MOST_WARNINGS: Final = 5


def run(
    context: StepContext,
    *,
    snapshot: Path,
    dataset: Path,
    folds: Path,
    features: Path,
    matrix: Path,
    aggregates: Path,
    state: Path,
) -> Mapping[str, Json]:
    """Writes ``features.json``, the matrix of fit and tune, the aggregates of all rows and the lookup state.

    What is learned depends on the fit rows alone. Aggregates of a row depend on the rows before it, whichever fold
    they are in, and on targets older than the label's delay; features of a forecast on the rows of its series up to
    its origin. No other target of a test row is read. Memory: the aggregates, and beside them one source column at a
    time.

    Raises:
        NoFeatures: no column is left to learn from.
        AggregatesRefused: ``feature_engineering`` asks for what cannot be made.
        LibraryMissing: aggregates are asked for, and featuretools is not installed.
    """
    with Source(snapshot, read_dataset(dataset)) as source:
        assigned = read_folds(folds)
        past = _past(context, snapshot, source, assigned)
        rows = matrix_rows(assigned, source)
        manifest = _learn(context, source, rows.of_fold(FIT), past)
        manifest.write(features)
        digest = describe_folder("features", features).digest
        total = len(manifest.features)
        write_matrix(
            matrix,
            manifest,
            rows,
            source,
            digest,
            progress=lambda done: context.progress(Progress(done, total, "features")),
        )
        write_aggregates(aggregates, source, manifest, digest)
        inputs = {**manifest.inputs, "features": digest}
        section = ForecastSection.of(manifest)
        if past.forecasts is not None and section is not None:
            write_series_state(state, source, section, past.forecasts.series, past.forecasts.history, inputs=inputs)
        else:
            write_lookup(state, source, manifest, None if past.made is None else past.made.past, inputs)
    return {"features": total, "aggregates": manifest.aggregates, "degraded": list(manifest.degraded)}


@dataclass(frozen=True)
class _Past:
    """What became of the features of past rows: in words, with a warning where there are none that were asked for."""

    said: str
    made: Aggregates | None = None
    warning: str = ""
    forecasts: ForecastRows | None = None


def _past(context: StepContext, snapshot: Path, source: Source, folds: Folds) -> _Past:
    if source.dataset.kind == FORECASTING:
        return _Past("of each series", forecasts=forecast_rows(snapshot, source, folds, context.config))
    config = context.config.feature_engineering
    if not config.enabled:
        return _Past("off")
    entities = entity_set(source, config)
    if not entities.entities:
        candidates = ", ".join(key_candidates(source.dataset)) or "none"
        return _Past("none (no key)", None, NO_KEY.format(candidates=candidates))
    return _Past("made", make_aggregates(source, entities, config))


def _learn(context: StepContext, source: Source, fit: Rows, past: _Past) -> FeatureManifest:
    learned = learning.learn(
        _offered(source.dataset, past),
        lambda name: source.column(name, fit),
        time=next(iter(source.dataset.names(TIME_ROLE)), None),
        max_features=context.config.feature_engineering.max_features,
        comparisons=() if past.made is None else compare_with_history(past.made.entities, past.made.features),
    )
    if not learned.features:
        raise _nothing_left(learned)
    return _manifest(context, source.dataset, learned, past)


def _offered(dataset: Dataset, past: _Past) -> list[learning.Source]:
    """What features may be made from: of a series, only what is known at the origin of its forecast."""
    if past.forecasts is None:
        return [*_columns(dataset.columns, FEATURE, TIME_ROLE), *_made(past.made)]
    known = [column for column in dataset.columns if column.name in past.forecasts.section.known]
    columns = [*_columns(dataset.columns, SERIES, TIME_ROLE), *_columns(known, FEATURE)]
    return [*past.forecasts.offered, *columns]


def _columns(columns: Sequence[Column], *roles: str) -> list[learning.Source]:
    return [learning.Source(column.name, column.type) for column in columns if column.role in roles]


def _made(made: Aggregates | None) -> list[learning.Source]:
    """The columns of parents and the aggregates, as columns to learn from."""
    if made is None:
        return []
    attributes = [
        learning.Source(parent.attribute(name), type_, optional=True)
        for parent in made.entities.parents
        for name, type_ in parent.attributes
    ]
    aggregates = [
        learning.Source(
            feature.name,
            "string" if gives_text(feature, made.past) else "number",
            in_words(feature, made.entities),
            optional=True,
        )
        for feature in made.features
    ]
    return attributes + aggregates


def _manifest(context: StepContext, dataset: Dataset, learned: learning.Learned, past: _Past) -> FeatureManifest:
    used = {column.name for column in learned.columns}
    warnings = [*([past.warning] if past.warning else []), *(past.made.warnings if past.made else ())]
    warnings += _left_out(learned, used, {column.name for column in dataset.columns})
    for warning in warnings:
        context.warn(warning)
    kept = [feature for feature in past.made.features if feature.name in used] if past.made else []
    section: dict[str, Json] | None = None
    dropped: tuple[Dropped, ...] = learned.dropped
    said = past.said
    if past.made is not None:
        section = {**past.made.entities.to_json(), "features": [feature.to_json() for feature in kept]}
        dropped += past.made.dropped
        count = len({feature.entity for feature in kept})
        said = f"{len(kept)} by {count} {'entity' if count == 1 else 'entities'}"
    forecast = None if past.forecasts is None else past.forecasts.kept(used)
    if forecast is not None:
        said = f"{len(forecast.features) + len(forecast.past)} of each series"
    return FeatureManifest(
        inputs={port: context.inputs[port] for port in ("snapshot", "dataset", "folds")},
        kind=dataset.kind,
        target=asdict(dataset.target),
        columns=learned.columns,
        ignored=tuple(column.name for column in dataset.columns if column.name not in used),
        features=learned.features,
        dropped=dropped,
        aggregates=said,
        degraded=("aggregates",) if past.warning else (),
        warnings=tuple(warnings),
        missing_values=dataset.missing_values,
        as_of=section,
        forecast=None if forecast is None else forecast.to_json(),
    )


def _left_out(learned: learning.Learned, used: set[str], columns: set[str]) -> list[str]:
    """A warning for each column of which no feature is left; the first few by name, the others by number."""
    lost = [dropped for dropped in learned.dropped if dropped.name in (columns & learned.sources) - used]
    shown = [f"the model does not see {dropped.name}: {dropped.reason}" for dropped in lost[:MOST_WARNINGS]]
    if len(lost) > MOST_WARNINGS:
        shown.append(f"the model does not see {len(lost) - MOST_WARNINGS} more columns: features.json says why")
    return shown


def _nothing_left(learned: learning.Learned) -> NoFeatures:
    reasons = "; ".join(f"{dropped.name}: {dropped.reason}" for dropped in learned.dropped[:5])
    return NoFeatures(
        f"no column is left to learn from ({reasons or 'none has the role of a feature'})",
        where="train.parquet",
        cure="publish a snapshot with a column that varies, or shorten `columns.ignore`",
    )
