"""What stands for missing values where a learner cannot take them."""

from __future__ import annotations

import numpy as np

from ml8s.scoring.shape import Floats


def medians(x: Floats) -> Floats:
    """The median of each column's finite values [features]; 0 for a column that has none."""
    found = np.zeros(x.shape[1])
    for column in range(x.shape[1]):
        values = x[:, column]
        finite = values[np.isfinite(values)]
        if len(finite):
            found[column] = np.median(finite)
    return found
