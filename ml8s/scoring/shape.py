"""What a model takes and gives: the kind of task, how many classes and features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml8s.config.metrics import MULTICLASS

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a model.

    Attributes:
        kind: binary, multiclass, regression or ranking.
        classes: number of classes (2 for binary, 0 for regression and ranking).
        features: number of features, the columns of the matrix to score.
    """

    kind: str
    classes: int
    features: int

    def empty(self) -> Floats:
        """The scores of no row: [0], or [0, classes] for multiclass."""
        return np.empty((0, self.classes) if self.kind == MULTICLASS else 0)


def within_float32(x: Floats) -> Floats:
    """The matrix with values beyond the float32 range brought to its ends; NaN stays.

    XGBoost and forests compare in float32, where such a value would become an infinity, which they refuse.
    """
    bound = float(np.finfo(np.float32).max)
    return np.clip(x, -bound, bound) if bool((np.abs(x) > bound).any()) else x
