"""Checks foreign keys with 16 bytes a row of the table referred to: its keys' 128-bit hashes, sorted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from ml8s.data.arrays import Mask
from ml8s.data.hashing import Words, hash_rows, words_of
from ml8s.data.schema import ForeignKey, TableSchema
from ml8s.data.tables import Table, batches
from ml8s.data.tally import KEEP, Tally, null_mask
from ml8s.data.violations import Violation

ROWS_AT_ONCE: Final = 16 << 20  # 256 MB of hashes
KEYS: Final = ("ml8s reference, first half", "ml8s reference, second half")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a foreign key: the files that hold it together, their contract and the columns."""

    tables: Sequence[Table]
    schema: TableSchema
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Hashed:
    """A batch of one side: the first column's values, where all columns are known, both halves of the hash [rows]."""

    table: Table
    first: int
    values: pa.Array
    known: Mask
    left: Words
    right: Words


def check_reference(key: ForeignKey, child: Side, parent: Side) -> list[Violation]:
    """Rows of the child whose key is not found in the parent; rows with a null in the key are left out.

    Beyond 16 million rows of the parent both sides are read once per 16 million, by ranges of the hash.
    """
    total = sum(table.rows for table in parent.tables)
    passes = max(1, -(-total // ROWS_AT_ONCE))
    columns = ", ".join(key.fields)
    resource = key.resource or "this table"
    message = f"the foreign key {columns} is not found in {resource} ({', '.join(key.reference)})"
    log = next((one.log for one in map(child.schema.find, key.fields) if one is not None and one.log != KEEP), KEEP)
    tallies = {
        table.name: Tally("foreign_key", message, f"add the missing rows to {resource}, or drop these", log)
        for table in child.tables
    }
    for number in range(passes):
        left, right = _sorted_parent(parent, number, passes)
        for batch in _hashed(child):
            mine = batch.known & _in_range(batch.left, number, passes)
            missing = mine & ~_found(batch, left, right)
            tallies[batch.table.name].add(missing, batch.first, batch.values)
    found = (tally.violation(name, columns) for name, tally in tallies.items())
    return [violation for violation in found if violation is not None]


def _hashed(side: Side) -> Iterator[_Hashed]:
    types = [field.type for name in side.columns if (field := side.schema.find(name)) is not None]
    for table in side.tables:
        for first, batch in batches(table, side.columns, missing=side.schema.missing_values):
            words = [words_of(batch[name], type_) for name, type_ in zip(side.columns, types, strict=True)]
            known = ~np.logical_or.reduce([null_mask(batch[name]) for name in side.columns])
            left, right = (hash_rows(words, key) for key in KEYS)
            yield _Hashed(table, first, batch[side.columns[0]], known, left, right)


def _in_range(hashes: Words, number: int, passes: int) -> Mask:
    if passes == 1:
        return np.ones(len(hashes), dtype=bool)
    step = 2**64 // passes
    low, high = np.uint64(number * step), np.uint64((number + 1) * step - 1 if number + 1 < passes else 2**64 - 1)
    return (hashes >= low) & (hashes <= high)


def _sorted_parent(parent: Side, number: int, passes: int) -> tuple[Words, Words]:
    """Both halves of the hashes of one range, sorted by the first."""
    lefts, rights = [], []
    for batch in _hashed(parent):
        mine = batch.known & _in_range(batch.left, number, passes)
        lefts.append(batch.left[mine])
        rights.append(batch.right[mine])
    left = np.concatenate(lefts) if lefts else np.empty(0, dtype=np.uint64)
    right = np.concatenate(rights) if rights else left
    order = np.argsort(left, kind="stable")
    return left[order], right[order]


def _found(batch: _Hashed, left: Words, right: Words) -> Mask:
    if not len(left):
        return np.zeros(len(batch.left), dtype=bool)
    place = np.minimum(np.searchsorted(left, batch.left), len(left) - 1)
    found: Mask = (left[place] == batch.left) & (right[place] == batch.right)
    # Equal first halves with different second halves stand side by side: look at those few one by one.
    for row in np.flatnonzero((left[place] == batch.left) & ~found):
        low, high = np.searchsorted(left, batch.left[row], "left"), np.searchsorted(left, batch.left[row], "right")
        found[row] = bool((right[low:high] == batch.right[row]).any())
    return found
