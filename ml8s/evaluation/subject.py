"""What is evaluated: a model, and the test rows with the scores that it gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml8s.config.metrics import BINARY
from ml8s.data.dataset import Dataset
from ml8s.data.folds import NAMES, TEST, Folds
from ml8s.evaluation.baseline import Baseline, learn_baseline, naive_baseline
from ml8s.evaluation.fold_rows import (
    FoldRows,
    FoldTargets,
    class_labels,
    identity_hashes,
    read_fold_rows,
    read_fold_targets,
    rows_of_fold,
)
from ml8s.evaluation.importance import ColumnImportance, permutation_importance, rows_afforded
from ml8s.evaluation.metrics import Sample, UndefinedMetric
from ml8s.evaluation.report import ImportanceTable
from ml8s.evaluation.row_choice import choose_rows
from ml8s.features.aggregates import attach_aggregates
from ml8s.features.apply import apply
from ml8s.features.manifest import FeatureManifest
from ml8s.features.matrix import Source
from ml8s.scoring import Model

Floats = NDArray[np.float64]

DEFAULT_THRESHOLD = 0.5
REPEATS = 3


@dataclass(frozen=True)
class Subject:
    """A model and the test rows.

    Attributes:
        snapshot: the snapshot's folder.
        dataset: its checked contract.
        manifest: how features are made.
        model: what is judged.
        targets: target and weight of each fold, by its name.
        test: the test rows, sorted by file and row.
        x: their features [rows, features].
        scores: the model's scores of them, [rows] or [rows, classes].
        threads: how many threads scoring may use.
    """

    snapshot: Path
    dataset: Dataset
    manifest: FeatureManifest
    model: Model
    targets: Mapping[str, FoldTargets]
    test: FoldRows
    x: Floats
    scores: Floats
    threads: int

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes as text, the positive one of two last."""
        return class_labels(self.dataset)

    @property
    def threshold(self) -> float | None:
        """The decision threshold of a binary model, else None."""
        if self.dataset.kind != BINARY:
            return None
        return DEFAULT_THRESHOLD if self.model.threshold is None else self.model.threshold

    @property
    def sample(self) -> Sample:
        """The test rows as metrics take them."""
        threshold = DEFAULT_THRESHOLD if self.threshold is None else self.threshold
        points = self.test.points
        return Sample(
            self.test.y,
            self.scores,
            self.test.weight,
            self.test.group,
            threshold,
            series=None if points is None else points.series,
            scale=None if points is None else points.scale,
        )

    @cached_property
    def hashes(self) -> NDArray[np.uint64]:
        """A hash of each test row's identity, read when first asked for."""
        return identity_hashes(self.snapshot, self.dataset, self.test.rows)

    def chosen(self, at_most: int, group: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """The positions of at most so many test rows, chosen by identity hash, ascending."""
        if len(self.test.rows) <= at_most:
            return np.arange(len(self.test.rows))
        return choose_rows(self.hashes, at_most, group)

    @cached_property
    def baseline(self) -> Baseline:
        """What the model must beat: constants learned from the fit rows, or the seasonal naive forecast."""
        if self.test.points is not None:
            return naive_baseline(self.test.points.naive)
        fit = self.targets[NAMES[0]]
        return learn_baseline(self.dataset.kind, fit.y, fit.weight, len(self.labels))

    def importance(self, metric: str, seed: int, told: Callable[[int], None]) -> ImportanceTable | None:
        """Permutation importance of the source columns; None where the metric has no value on the rows chosen."""
        rows = self.chosen(rows_afforded(len(self.manifest.columns), REPEATS), self.test.group)
        columns = {column.name: self.test.columns[column.name][rows] for column in self.manifest.columns}
        try:
            found: tuple[ColumnImportance, ...] = permutation_importance(
                metric,
                self.sample.take(rows),
                columns,
                self.manifest,
                partial(self.model.score, threads=self.threads),
                x=self.x[rows],
                seed=seed,
                repeats=REPEATS,
                progress=told,
            )
        except UndefinedMetric:
            return None
        return ImportanceTable(metric, rows.size, REPEATS, found)


def read_subject(
    snapshot: Path,
    dataset: Dataset,
    folds: Folds,
    manifest: FeatureManifest,
    model: Model,
    *,
    aggregates: Path | None = None,
    more_columns: Sequence[str] = (),
    threads: int = 1,
) -> Subject:
    """Reads the test rows and scores them.

    Args:
        snapshot: the snapshot's folder.
        dataset: its checked contract.
        folds: which rows are test rows.
        manifest: the model's features.
        model: what is judged.
        aggregates: the artifact with what the manifest's aggregates are for each row; needed where it has some.
        more_columns: columns to read beside those that features are made from.
        threads: how many threads scoring may use; no result depends on it.
    """
    names = list(dict.fromkeys([*(column.name for column in manifest.columns), *more_columns]))
    with Source(snapshot, dataset) as source:
        if aggregates is not None:
            attach_aggregates(source, manifest, aggregates)
        targets = read_fold_targets(source, folds)
        test = read_fold_rows(source, rows_of_fold(folds, TEST), names, targets[NAMES[TEST]])
    x = apply(manifest, {column.name: test.columns[column.name] for column in manifest.columns})
    return Subject(snapshot, dataset, manifest, model, targets, test, x, model.score(x, threads), threads)
