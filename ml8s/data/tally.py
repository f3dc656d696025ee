"""Counts the rows that break one rule and keeps the first of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ml8s.data.violations import FIRST_ROWS, Violation, json_value

Mask = npt.NDArray[np.bool_]

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
        self.rows: list[int] = []
        self.values: list[object] = []

    def add(self, broken: Mask, first: int, values: pa.Array) -> None:
        """Counts the rows of a batch where ``broken`` [rows of the batch] holds; ``first`` is its first row."""
        count = int(np.count_nonzero(broken))
        if not count:
            return
        self.count += count
        room = FIRST_ROWS - len(self.rows)
        if room > 0:
            at = np.flatnonzero(broken)[:room]
            self.rows.extend((at + first).tolist())
            if self.log == KEEP:
                self.values.extend(values[int(index)].as_py() for index in at)

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
            tuple(self.rows),
            tuple(json_value(value) for value in self.values),
        )


def null_mask(values: pa.Array) -> Mask:
    """Where values are null [n]."""
    if not values.null_count:
        return np.zeros(len(values), dtype=bool)
    mask: Mask = values.is_null().to_numpy(zero_copy_only=False)
    return mask


def mask_of(values: pa.Array, test: Callable[[pa.Array], pa.Array]) -> Mask:
    """Where a test holds [n]; for dictionaries each distinct value is tested once. Null is False."""
    if not pa.types.is_dictionary(values.type):
        mask: Mask = pc.fill_null(test(values), False).to_numpy(zero_copy_only=False)
        return mask
    tested = pc.fill_null(test(values.dictionary), False)
    if not tested.true_count:
        return np.zeros(len(values), dtype=bool)
    chosen: Mask = pc.fill_null(tested.take(values.indices), False).to_numpy(zero_copy_only=False)
    return chosen
