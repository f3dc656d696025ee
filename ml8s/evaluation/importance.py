"""Permutation importance of source columns: how much worse the metric is when a column's values are shuffled.

The raw column is shuffled among the rows and the features that read it are made anew (Breiman 2001; Fisher, Rudin and
Dominici 2019), so a column that became several features has one importance. It says what this model uses, not what
causes the target; of columns that carry the same information each may look unimportant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml8s.artifacts import Json
from ml8s.config.metrics import find_metric
from ml8s.evaluation.metrics import Sample, compute_sample
from ml8s.features.apply import feature_values
from ml8s.features.manifest import FeatureManifest

Floats = NDArray[np.float64]
Scorer = Callable[[Floats], Floats]

MOST_ROWS: Final = 20_000
FEWEST_ROWS: Final = 2_000
MOST_SCORED: Final = 3_000_000
REPEATS: Final = 3


@dataclass(frozen=True, slots=True)
class ColumnImportance:
    """One source column: by how much shuffling it makes the metric worse, in the metric's unit.

    ``mean``, ``lowest`` and ``highest`` are over the repeats; zero or less means that the model does not gain from it.
    """

    column: str
    features: int
    mean: float
    lowest: float
    highest: float

    def to_json(self) -> dict[str, Json]:
        """The importance as the report holds it."""
        return {
            "column": self.column,
            "features": self.features,
            "mean": self.mean,
            "lowest": self.lowest,
            "highest": self.highest,
        }


def rows_afforded(columns: int, repeats: int = REPEATS) -> int:
    """How many rows are shuffled: at most 20,000, and fewer where there are many columns.

    Columns x repeats x rows stay below about three million scored rows, so that the cost is bounded; never below 2,000.
    """
    return min(MOST_ROWS, max(FEWEST_ROWS, MOST_SCORED // max(columns * repeats, 1)))


def permutation_importance(
    name: str,
    sample: Sample,
    columns: Mapping[str, NDArray[Any]],
    manifest: FeatureManifest,
    score: Scorer,
    *,
    x: Floats,
    seed: int,
    repeats: int = REPEATS,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[ColumnImportance, ...]:
    """The importance of every source column of the model, the most important first, then by name.

    Args:
        name: the metric.
        sample: the rows, with the model's scores of them.
        columns: the source columns of these rows.
        manifest: how features are made from them.
        score: scores of a matrix [rows, features]; a row's score must not depend on other rows.
        x: the matrix of these rows; it is put back as it was.
        seed: of the shuffles, each of which depends on the seed, the column's name and the repeat only.
        repeats: how often each column is shuffled.
        progress: told after each column how many are done.

    Raises:
        UndefinedMetric: the metric has no value on these rows.
    """
    metric = find_metric(name)
    if metric is None:
        raise KeyError(name)
    sign = 1.0 if metric.greater_is_better else -1.0
    unshuffled = compute_sample(name, sample)
    importances = []
    for done, source in enumerate(sorted(column.name for column in manifest.columns), start=1):
        made = [index for index, feature in enumerate(manifest.features) if source in feature.source]
        kept = x[:, made].copy()
        drops = []
        for repeat in range(repeats if made else 0):
            order = shuffle_generator(seed, source, repeat).permutation(sample.y.size)
            shuffled = {**columns, source: columns[source][order]}
            for index in made:
                x[:, index] = feature_values(manifest.features[index], shuffled)
            value = compute_sample(name, replace(sample, scores=score(x)))
            drops.append(sign * (unshuffled - value))
        x[:, made] = kept
        if drops:
            mean = float(sum(drops)) / len(drops)
            importances.append(ColumnImportance(source, len(made), mean, min(drops), max(drops)))
        progress(done)
    return tuple(sorted(importances, key=lambda importance: (-importance.mean, importance.column)))


def shuffle_generator(seed: int, column: str, repeat: int) -> np.random.Generator:
    """The generator of one shuffle: the same whichever other columns there are."""
    name = hashlib.sha256(column.encode("utf-8", "surrogatepass")).digest()
    return np.random.Generator(np.random.PCG64([seed, repeat, int.from_bytes(name[:16], "big")]))
