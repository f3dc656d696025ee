"""featurize: learns the feature manifest on the fit rows and applies it to fit and tune."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from ml8s.artifacts import Json, describe_folder
from ml8s.data.dataset import FEATURE, KEY, TIME_ROLE, Dataset, read_dataset
from ml8s.data.folds import FIT, read_folds
from ml8s.errors import NoFeatures
from ml8s.features import learn as learning
from ml8s.features.manifest import FeatureManifest
from ml8s.features.matrix import Source, matrix_rows, write_matrix
from ml8s.steps.context import Progress, StepContext

NOT_MADE: Final = (
    "feature_engineering asks for aggregates over earlier rows, which this version does not make yet: "
    "the model learns from each row's own columns alone"
)
NO_KEY: Final = (
    "feature_engineering asks for aggregates over earlier rows, but schema.json names no key to make them by "
    "(primaryKey, foreignKeys or `ml8s:role: key`): the model learns from each row's own columns alone"
)
MOST_WARNINGS: Final = 5


def run(
    context: StepContext, *, snapshot: Path, dataset: Path, folds: Path, features: Path, matrix: Path
) -> Mapping[str, Json]:
    """Writes ``features.json`` and the matrix of fit and tune.

    The manifest depends on the fit rows alone, the matrix on fit and tune; test rows are not read. Memory: one source
    column at a time, beside the rows' numbers; the matrix is filled in its file.

    Raises:
        NoFeatures: no column is left to learn from.
    """
    with Source(snapshot, read_dataset(dataset)) as source:
        return _featurize(context, source, folds, features, matrix)


def _featurize(context: StepContext, source: Source, folds: Path, features: Path, matrix: Path) -> Mapping[str, Json]:
    rows = matrix_rows(read_folds(folds), source)
    fit = rows.of_fold(FIT)
    learned = learning.learn(
        [learning.Source(c.name, c.type) for c in source.dataset.columns if c.role in (FEATURE, TIME_ROLE)],
        lambda name: source.column(name, fit),
        time=next(iter(source.dataset.names(TIME_ROLE)), None),
        max_features=context.config.feature_engineering.max_features,
    )
    if not learned.features:
        raise _nothing_left(learned)
    manifest = _manifest(context, source.dataset, learned)
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
    return {"features": total, "degraded": list(manifest.degraded)}


def _manifest(context: StepContext, dataset: Dataset, learned: learning.Learned) -> FeatureManifest:
    used = {column.name for column in learned.columns}
    aggregates, not_made = _aggregates(context, dataset)
    warnings = [*([not_made] if not_made else []), *_left_out(learned, used)]
    for warning in warnings:
        context.warn(warning)
    return FeatureManifest(
        inputs={port: context.inputs[port] for port in ("snapshot", "dataset", "folds")},
        kind=dataset.kind,
        target=asdict(dataset.target),
        columns=learned.columns,
        ignored=tuple(column.name for column in dataset.columns if column.name not in used),
        features=learned.features,
        dropped=learned.dropped,
        aggregates=aggregates,
        degraded=("aggregates",) if not_made else (),
        warnings=tuple(warnings),
        missing_values=dataset.missing_values,
    )


def _aggregates(context: StepContext, dataset: Dataset) -> tuple[str, str]:
    """What became of the aggregates that the config asks for, and the warning; an empty one where it asks for none."""
    if not context.config.feature_engineering.enabled:
        return "off", ""
    if dataset.primary_key or dataset.foreign_keys or dataset.names(KEY):
        return "not made", NOT_MADE
    return "none (no key)", NO_KEY


def _left_out(learned: learning.Learned, used: set[str]) -> list[str]:
    """A warning for each column of which no feature is left; the first few by name, the others by number."""
    lost = [dropped for dropped in learned.dropped if dropped.name in learned.sources and dropped.name not in used]
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
