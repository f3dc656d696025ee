"""The confusion of classes, with precision and recall of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ml8s.evaluation.metrics import Sample, confusion_counts

MOST_CLASSES: Final = 100


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class: its weight of rows in the test fold, how often it was decided, and how well."""

    label: str
    rows: float
    decided: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """``counts[i][j]`` is the weight of rows of class i that were decided as class j; whole numbers without weights.

    ``counts`` is empty where there are more than 100 classes.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]
    classes: tuple[ClassRow, ...]


def confusion(sample: Sample, labels: Sequence[str]) -> Confusion:
    """The confusion of a sample; ``labels`` name the classes in the order of their index."""
    counts = confusion_counts(sample)
    right = counts.diagonal()
    truth, decided = counts.sum(axis=1), counts.sum(axis=0)
    rows = []
    for index, label in enumerate(labels):
        precision = float(right[index] / decided[index]) if decided[index] else 0.0
        recall = float(right[index] / truth[index]) if truth[index] else 0.0
        both = float(truth[index] + decided[index])
        f1 = float(2.0 * right[index] / both) if both else 0.0
        rows.append(ClassRow(label, float(truth[index]), float(decided[index]), precision, recall, f1))
    cells = tuple(tuple(line) for line in counts.tolist()) if len(labels) <= MOST_CLASSES else ()
    return Confusion(tuple(labels), cells, tuple(rows))
