"""Counts the rows that break one rule and keeps the first of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa

from ml8s.data.arrays import Mask, as_mask
from ml8s.data.violations import FIRST_ROWS, Violation, json_value

KEEP: Final = "keep"


class Tally:
    """Rows of one table that break one rule of one column.

    ``log`` is the column's ``ml8s:log``: values are shown for ``keep`` only.
    """

    def __init__(self, rule: str, message: str, cure: str, log: str = KEEP) -> None:
        self.rule = rule
        self.message = message
        self.cure = cure
        self.log = log
        self.count = 0
        self.first: list[tuple[int, object]] = []

    def add(self, broken: Mask, first: int, values: pa.Array) -> None:
        """Counts the rows of a batch where ``broken`` [rows of the batch] holds; ``first`` is its first row."""
        count = int(np.count_nonzero(broken))
        if not count:
            return
        self.count += count
        if len(self.first) == FIRST_ROWS and first > self.first[-1][0]:
            return
        for index in np.flatnonzero(broken)[:FIRST_ROWS].tolist():
            self.first.append((index + first, values[index].as_py() if self.log == KEEP else None))
        # A table may be read more than once, so a later batch may hold earlier rows.
        self.first.sort(key=lambda one: one[0])
        del self.first[FIRST_ROWS:]

    def violation(self, table: str, column: str) -> Violation | None:
        """The violation, None where no row breaks the rule."""
        if not self.count:
            return None
        return Violation(
            self.rule,
            table,
            column,
            self.message,
            self.cure,
            self.count,
            tuple(row for row, _ in self.first),
            tuple(json_value(value) for _, value in self.first) if self.log == KEEP else (),
        )


def null_mask(values: pa.Array) -> Mask:
    """Where values are null [n]."""
    if not values.null_count:
        return np.zeros(len(values), dtype=bool)
    return as_mask(values.is_null())


def mask_of(values: pa.Array, test: Callable[[pa.Array], pa.Array]) -> Mask:
    """Where a test holds [n]; for dictionaries each distinct value is tested once. Null is False."""
    if not pa.types.is_dictionary(values.type):
        return as_mask(test(values))
    tested = test(values.dictionary)
    if not tested.true_count:
        return np.zeros(len(values), dtype=bool)
    return as_mask(tested.take(values.indices))
