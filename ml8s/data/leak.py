"""Finds feature columns that are the target: a copy of it, or for classes another name of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from ml8s.data.column_types import BOOLEAN, INTEGER, NUMBER
from ml8s.data.dataset import TRAIN
from ml8s.data.hashing import floats_of, words_of
from ml8s.data.schema import Field
from ml8s.data.violations import Violation

LEAST_ROWS: Final = 50
FIRST_LOOK: Final = 256
NUMERIC: Final = (NUMBER, INTEGER, BOOLEAN)


class LeakCheck:
    """Compares features with the target, batch by batch; a column that differs once is looked at no more.

    A numeric feature is a copy where it equals the target in every row. Where the target is a class, a feature is
    also a copy where its values and the classes stand one to one. Fewer than 50 rows say nothing.
    """

    def __init__(self, target: Field, features: Sequence[Field], *, classes: bool) -> None:
        self.target = target
        self.classes = classes
        self.rows = 0
        comparable = (one for one in features if classes or (one.type in NUMERIC and target.type in NUMERIC))
        self._suspects = {one.name: one for one in comparable}
        self._pairs: dict[str, tuple[dict[int, int], dict[int, int]]] = {name: ({}, {}) for name in self._suspects}

    def take(self, file: int, first: int, batch: Mapping[str, pa.Array]) -> None:
        """Compares the next batch."""
        target = batch[self.target.name]
        self.rows += len(target)
        for name in list(self._suspects):
            values = batch[name]
            same = self._one_to_one if self.classes else _equal
            if not (same(name, values[:FIRST_LOOK], target[:FIRST_LOOK]) and same(name, values, target)):
                del self._suspects[name]

    def violations(self) -> list[Violation]:
        """One violation for each column that is the target."""
        if self.rows < LEAST_ROWS:
            return []
        return [
            Violation(
                "leak",
                TRAIN,
                name,
                f"the feature {name!r} gives the target {self.target.name!r} away: in every row one tells the other",
                f"list {name!r} in columns.ignore, or drop it",
            )
            for name in self._suspects
        ]

    def _one_to_one(self, name: str, values: pa.Array, target: pa.Array) -> bool:
        pairs = np.stack([words_of(values, self._suspects[name].type), words_of(target, self.target.type)], axis=1)
        forth, back = self._pairs[name]
        for left, right in np.unique(pairs, axis=0).tolist():
            if forth.setdefault(left, right) != right or back.setdefault(right, left) != left:
                return False
        return True


def _equal(name: str, values: pa.Array, target: pa.Array) -> bool:
    return bool(np.array_equal(floats_of(values), floats_of(target), equal_nan=True))
