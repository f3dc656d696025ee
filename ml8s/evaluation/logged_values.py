"""Values of columns that a snapshot does not want kept in logs, as people may see them."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml8s.data.dataset import Column
from ml8s.evaluation.slices import MISSING, shown_value
from ml8s.features.apply import nulls

KEEP: Final = "keep"
HASH: Final = "hash"
DIGITS: Final = 12


def shown_column(column: Column, values: NDArray[Any]) -> tuple[str, NDArray[Any]] | None:
    """Type and values of a column of a report; digests as text for ``hash``, None for ``drop``.

    ``values`` [n] are as ``ml8s.features.columns.read_columns`` gives them.
    """
    if column.log == KEEP:
        return column.type, values
    return ("string", _digests(column, values)) if column.log == HASH else None


def shown_names(column: Column, values: NDArray[Any]) -> list[str]:
    """The values [n] of a column that names series; of one logged as ``drop`` numbers that tell one from the other."""
    if column.log == KEEP:
        missing = nulls(values).tolist()
        return [
            MISSING if null else shown_value(value, column.type)
            for value, null in zip(values.tolist(), missing, strict=True)
        ]
    digests = [str(value) for value in _digests(column, values)]
    if column.log == HASH:
        return digests
    # By digest, so that the numbers do not tell the order of the values.
    number = {value: at for at, value in enumerate(sorted(set(digests)), start=1)}
    return [f"no. {number[value]}" for value in digests]


def digest_of(shown: str) -> str:
    """What stands for a value: the first digits of the sha256 of its text."""
    return hashlib.sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def _digests(column: Column, values: NDArray[Any]) -> NDArray[Any]:
    known: dict[Any, str] = {}
    digests: list[str | None] = []
    for value, null in zip(values.tolist(), nulls(values).tolist(), strict=True):
        if not null and value not in known:
            known[value] = digest_of(shown_value(value, column.type))
        digests.append(None if null else known[value])
    return np.array(digests, dtype=object)
