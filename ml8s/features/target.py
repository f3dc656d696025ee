"""The target column as float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml8s.data.dataset import Label, Target
from ml8s.errors import UnsuitableTarget


def encode_target(values: NDArray[Any], target: Target) -> NDArray[np.float64]:
    """The target of n rows: 1 for a binary one's positive class, the class index of a multiclass one, else the value.

    Args:
        values: the target column as ``read_columns`` gives it, n rows.
        target: classes and positive class; both None where the target is a number.

    Raises:
        UnsuitableTarget: a null, or a label that is none of the classes.
    """
    if target.classes is None:
        encoded: NDArray[np.float64] = values.astype(np.float64)
    else:
        code_of = {_raw(label): float(code) for code, label in enumerate(target.classes)}
        encoded = np.array([code_of.get(value, np.nan) for value in values.tolist()], dtype=np.float64)
    if np.isnan(encoded).any():
        row = int(np.isnan(encoded).argmax())
        raise UnsuitableTarget(
            f"target {target.column} has {values[row]!r}, which validation did not find there",
            where=target.column,
            cure="run `ml8s validate CONFIG --data` on this snapshot",
        )
    if target.positive is not None:
        encoded = (encoded == target.positive).astype(np.float64)
    return encoded


def _raw(label: Label) -> object:
    """A label as ``read_columns`` gives it: booleans and numbers as floats."""
    return label if isinstance(label, str) else float(label)
