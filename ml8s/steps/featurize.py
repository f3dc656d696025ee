"""featurize: learns the feature manifest on the fit rows and applies it to fit and tune."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from ml8s.artifacts import Json, describe_folder
from ml8s.data.dataset import FEATURE, TIME_ROLE, Dataset, read_dataset
from ml8s.data.folds import FIT, read_folds
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
    they are in, and on targets older than the label's delay; no other target of a test row is read. Memory: the
    aggregates, and beside them one source column at a time.

    Raises:
        NoFeatures: no column is left to learn from.
        AggregatesRefused: ``feature_engineering`` asks for what cannot be made.
        LibraryMissing: aggregates are asked for, and featuretools is not installed.
    """
    with Source(snapshot, read_dataset(dataset)) as source:
        past = _past(context, source)
        rows = matrix_rows(read_folds(folds), source)
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
        write_lookup(state, source, manifest, None if past.made is None else past.made.past, inputs)
    return {"features": total, "aggregates": manifest.aggregates, "degraded": list(manifest.degraded)}


@dataclass(frozen=True)
class _Past:
    """What became of the aggregates that the config asks for: in words, with a warning where there are none."""

    said: str
    made: Aggregates | None = None
    warning: str = ""


def _past(context: StepContext, source: Source) -> _Past:
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
        [*_columns(source.dataset), *_made(past.made)],
        lambda name: source.column(name, fit),
        time=next(iter(source.dataset.names(TIME_ROLE)), None),
        max_features=context.config.feature_engineering.max_features,
        comparisons=() if past.made is None else compare_with_history(past.made.entities, past.made.features),
    )
    if not learned.features:
        raise _nothing_left(learned)
    return _manifest(context, source.dataset, learned, past)


def _columns(dataset: Dataset) -> list[learning.Source]:
    return [learning.Source(c.name, c.type) for c in dataset.columns if c.role in (FEATURE, TIME_ROLE)]


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
