"""Which loss a boosted tree makes small for which metric of a regression or a forecast.

A mean makes squared errors small and a median absolute ones, so a tree that is judged by absolute errors is grown on
them; where errors count relative to the true value, each row weighs the inverse of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ml8s.scoring.shape import Floats
from ml8s.search.rows import Rows


@dataclass(frozen=True, slots=True)
class Objective:
    """A loss by the name that each library has for it.

    ``absolute`` where absolute errors count and not squared ones; ``relative`` where errors count per unit of the
    true value.
    """

    lightgbm: str
    xgboost: str
    absolute: bool = False
    relative: bool = False


SQUARED: Final = Objective("regression", "reg:squarederror")
ABSOLUTE: Final = Objective("regression_l1", "reg:absoluteerror", absolute=True)
RELATIVE: Final = Objective("regression_l1", "reg:absoluteerror", absolute=True, relative=True)

_BY_METRIC: Final = {"mae": ABSOLUTE, "wape": ABSOLUTE, "mase": ABSOLUTE, "mape": RELATIVE}


def objective_of(metric: str) -> Objective:
    """The loss that fits a regression's or forecast's metric; squared errors where no other is known to fit better."""
    return _BY_METRIC.get(metric, SQUARED)


def row_weights(rows: Rows, objective: Objective) -> Floats | None:
    """The weight of each row [n] in a fit, or None where all weigh the same.

    For a relative loss it is the row's own weight over |y|, with a mean of 1 so that penalties keep their meaning; a
    true value of zero weighs as much as the smallest other one.
    """
    if not objective.relative:
        return rows.weight
    size = np.abs(rows.y)
    if not (size > 0).any():
        return rows.weight
    share = 1.0 / np.maximum(size, size[size > 0].min())
    weight = share if rows.weight is None else share * rows.weight
    mean = float(weight.mean())
    return weight / mean if 0 < mean < np.inf else rows.weight
