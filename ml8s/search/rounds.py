"""By which rows a trial is judged: the tune rows, and where they are few, the fit rows as well, part by part.

The best of hundreds of trials on a few hundred rows is mostly the luckiest one. Where tune is small and rows may change
places, a trial is therefore fitted and judged five times: the tune rows take the first turn, four parts of the fit rows
the others (cross-validation; Stone 1974), and its value is the mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml8s.config.metrics import BINARY, MULTICLASS
from ml8s.data.hashing import NULL_WORD, Words, hash_rows
from ml8s.search.judge import Judge
from ml8s.search.rows import Matrix, Rows

FEW: Final = 2_000
"""Up to so many tune rows, the fit rows take turns too."""
PARTS: Final = 4
"""How many parts the fit rows are cut into."""
EXCHANGEABLE: Final = frozenset({"random", "stratified"})
"""The strategies whose rows may change places: cut by hash, so that none lies after or belongs to another."""


@dataclass(frozen=True, slots=True)
class Round:
    """The rows that a trial is fitted on in this round, and the judge of its scores."""

    fit: Rows
    judge: Judge


def rounds_of(matrix: Matrix, metric: str, strategy: str, seed: int, *, cross_validation: bool) -> tuple[Round, ...]:
    """The rounds of every trial; the first is fit and tune themselves.

    There is one round unless ``cross_validation`` is asked for, the strategy cuts rows by hash, and tune has at most
    2,000 rows. Rows of equal values share a part, and so do the documents of a query; each class is spread evenly. It
    depends on the values of the rows and the seed, not on their order. A round whose rows lack a class, or have no
    weight but zero, is left out.
    """
    first = Round(matrix.fit, Judge.of(metric, matrix.tune))
    if not cross_validation or strategy not in EXCHANGEABLE or len(matrix.tune) > FEW:
        return (first,)
    return (first, *_further(matrix, metric, seed))


def _further(matrix: Matrix, metric: str, seed: int) -> Iterator[Round]:
    rows = matrix.all_rows
    part = np.full(len(rows), PARTS)
    part[: matrix.fit_rows] = parts_of(matrix.fit, seed, classes=matrix.shape.kind in (BINARY, MULTICLASS))
    for number in range(PARTS):
        judged = part == number
        fit, tune = rows.take(~judged), rows.take(judged)
        if len(tune) and _complete(matrix, fit, tune):
            yield Round(fit, Judge.of(metric, tune))


def _complete(matrix: Matrix, fit: Rows, tune: Rows) -> bool:
    """Whether both have rows with a weight, and every class of the matrix."""
    if any(rows.weight is not None and not rows.weight.any() for rows in (fit, tune)):
        return False
    if matrix.shape.kind not in (BINARY, MULTICLASS):
        return True
    every = np.unique(matrix.all_rows.y)
    return all(np.array_equal(np.unique(rows.y), every) for rows in (fit, tune))


def parts_of(rows: Rows, seed: int, *, classes: bool) -> NDArray[np.int64]:
    """The part of each row, 0 to 3, by the rank of its unit's hash among those of its class.

    Args:
        rows: a unit is a query's documents, or all rows of equal values.
        seed: part of the hash's key.
        classes: whether y is a class, to be spread evenly.
    """
    values = [_words(column) for column in rows.x.T]
    key = f"cross-validation {seed}"
    if rows.group is not None:
        starts = rows.group_starts
        of_rows = hash_rows([*values, _words(rows.y)], key)
        units = np.repeat(np.bitwise_xor.reduceat(of_rows, starts), np.diff(np.append(starts, len(rows))))
    else:
        units = hash_rows(values, key)
    part = np.zeros(len(rows), dtype=np.int64)
    label = rows.y if classes else np.zeros(len(rows))
    for one in np.unique(label):
        own = label == one
        part[own] = np.unique(units[own], return_inverse=True)[1] % PARTS
    return part


def _words(values: NDArray[np.float64]) -> Words:
    numbers = values + 0.0  # -0.0 + 0.0 is 0.0
    words: Words = numbers.view(np.uint64).copy()
    words[np.isnan(numbers)] = NULL_WORD
    return words
