"""Finds repeated keys with 16 bytes a row: 64-bit hashes by row, and values compared where hashes are equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ml8s.data.arrays import as_arrow, as_mask, as_numpy
from ml8s.data.distinct import LOOKED_UP_AT_ONCE, distinct_of_sorted, holds, in_both
from ml8s.data.hashing import Words, floats_of, hash_rows, mix, words_of
from ml8s.data.schema import Field
from ml8s.data.tables import Table, batches
from ml8s.data.tally import null_mask
from ml8s.data.violations import FIRST_ROWS

MEMORY_BYTES: Final = 256 << 20
BYTES_PER_ROW: Final = 16  # a hash, and its copy to sort or its row number
PARTITIONS: Final = 64
KEY: Final = "ml8s uniqueness"
COMPARED_AT_ONCE: Final = 500_000

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Repeats:
    """Rows of one file that repeat an earlier row: their count, some of their numbers, and the values."""

    count: int
    rows: tuple[int, ...]
    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Row numbers over all files, ascending: those that share a hash, and of these all but the first of each hash."""

    rows: Rows
    later: Rows


class KeyCheck:
    """Finds rows whose values of some columns stand in an earlier row of the same or an earlier file.

    Rows with a null among these columns are left out, unless ``across`` asks for equal rows. Memory is 16 bytes a row
    up to 256 MB; beyond, hashes lie in 64 files of a temporary folder and are sorted one file at a time.

    Args:
        fields: the key's columns.
        rows: how many rows each file has; files are train.parquet and validation.parquet, or one further table.
        across: count only rows of a later file that stand in an earlier one.
        memory: bytes of hashes to hold before they are spilled.

    """

    def __init__(
        self, fields: Sequence[Field], rows: Sequence[int], *, across: bool = False, memory: int = MEMORY_BYTES
    ) -> None:
        self.fields = tuple(fields)
        self.names = [one.name for one in fields]
        self.across = across
        self._starts = np.cumsum([0, *rows])
        total = int(self._starts[-1])
        self._hashes = _Spilled() if total * BYTES_PER_ROW > memory else _Held(total)

    def take(self, file: int, first: int, batch: Mapping[str, pa.Array]) -> None:
        """Takes in the next batch; ``first`` is the number of its first row within its file."""
        hashes = hash_rows([words_of(batch[one.name], one.type) for one in self.fields], KEY)
        start = int(self._starts[file]) + first
        missing = None if self.across else _any_null(batch, self.names)
        if missing is not None:
            # A hash of the row's own number: it meets another one by chance only, and is left out when compared.
            rows = np.flatnonzero(missing)
            hashes[rows] = mix((rows + start).astype(np.uint64) ^ np.uint64(2**63))
        self._hashes.add(start, hashes)

    def repeats(self, tables: Sequence[Table], missing: Sequence[str]) -> list[Repeats]:
        """The repeated rows of each file; reads the key columns once more where hashes are equal."""
        found = [_Found() for _ in tables]
        border = int(self._starts[1]) if self.across else None
        for candidates in self._hashes.candidates(border):
            self._compare(candidates, tables, missing, found)
        self._hashes.close()
        return [one.repeats() for one in found]

    def _compare(
        self, candidates: Candidates, tables: Sequence[Table], missing: Sequence[str], found: Sequence[_Found]
    ) -> None:
        parts: list[pa.Table] = []
        groups: list[pa.Table] = []
        for file, table in enumerate(tables):
            start, end = (int(bound) for bound in self._starts[file : file + 2])
            wanted = candidates.rows[(candidates.rows >= start) & (candidates.rows < end)] - start
            later = candidates.later[(candidates.later >= start) & (candidates.later < end)] - start
            for part in _chosen(table, self.names, missing, wanted):
                part = part if self.across else part.drop_null()  # noqa: PLW2901
                found[file].note(part, later[:FIRST_ROWS])
                parts.append(_placed(part, file))
                if sum(map(len, parts)) > COMPARED_AT_ONCE:
                    groups = [_merged([*groups, *parts])]
                    parts.clear()
        if groups or parts:
            self._count(_merged([*groups, *parts]), found)

    def _count(self, groups: pa.Table, found: Sequence[_Found]) -> None:
        """Adds the repeated rows of groups of equal keys."""
        train, validation = (as_numpy(groups[f"count{file}"], np.int64) for file in (0, 1))
        if not self.across:
            found[0].count += int(np.maximum(train - 1, 0).sum())
        if len(found) > 1:
            again = 0 if self.across else np.maximum(validation - 1, 0)
            found[1].count += int(np.where(train > 0, validation, again).sum())


def _any_null(batch: Mapping[str, pa.Array], names: Sequence[str]) -> npt.NDArray[np.bool_] | None:
    found = None
    for name in names:
        values = batch[name]
        mask = null_mask(values)
        if pa.types.is_floating(values.type):
            mask = mask | as_mask(pc.is_nan(values))
        if mask.any():
            found = mask if found is None else found | mask
    return found


class _Held:
    """Hashes of all rows in memory: 8 bytes a row, 8 more while they are sorted."""

    def __init__(self, total: int) -> None:
        self.hashes: Words = np.zeros(total, dtype=np.uint64)
        self.taken = 0

    def add(self, start: int, hashes: Words) -> None:
        self.hashes[start : start + len(hashes)] = hashes
        self.taken += len(hashes)

    def candidates(self, border: int | None) -> Iterator[Candidates]:
        """Rows whose hash stands elsewhere too; a bounded number of distinct hashes at a time."""
        yield from _in_parts(self.hashes, None, border)

    def close(self) -> None:
        self.hashes = np.empty(0, dtype=np.uint64)


class _Spilled:
    """Hashes with their row numbers in files by the first bits of the hash."""

    def __init__(self) -> None:
        self.folder = TemporaryDirectory(prefix="ml8s-keys-")
        self.files = [(Path(self.folder.name) / str(part)).open("w+b") for part in range(PARTITIONS)]

    def add(self, start: int, hashes: Words) -> None:
        part = (hashes >> np.uint64(58)).astype(np.int64)
        order = np.argsort(part, kind="stable")
        records = np.empty((len(hashes), 2), dtype=np.uint64)
        records[:, 0] = hashes[order]
        records[:, 1] = order + start
        bounds = np.searchsorted(part[order], np.arange(PARTITIONS + 1))
        for index, file in enumerate(self.files):
            if bounds[index] < bounds[index + 1]:
                file.write(records[bounds[index] : bounds[index + 1]].tobytes())

    def candidates(self, border: int | None) -> Iterator[Candidates]:
        for file in self.files:
            file.seek(0)
            records = np.fromfile(file, dtype=np.uint64).reshape(-1, 2)
            yield from _in_parts(records[:, 0].copy(), records[:, 1].astype(np.int64), border)

    def close(self) -> None:
        for file in self.files:
            file.close()
        self.folder.cleanup()


def _in_parts(hashes: Words, rows: Rows | None, border: int | None) -> Iterator[Candidates]:
    """Rows of equal hashes, for at most 500,000 distinct hashes at a time.

    ``rows`` are the hashes' row numbers, where they are not 0, 1, 2, …. With a border only hashes are of interest
    that stand before it and from it on.
    """
    repeated = _repeated(hashes) if border is None else in_both(*_cut(hashes, rows, border))
    for start in range(0, len(repeated), COMPARED_AT_ONCE):
        part = repeated[start : start + COMPARED_AT_ONCE]
        chosen = np.concatenate(
            [
                np.flatnonzero(holds(part, hashes[first : first + LOOKED_UP_AT_ONCE])) + first
                for first in range(0, len(hashes), LOOKED_UP_AT_ONCE)
            ]
        )
        if rows is not None:
            chosen = chosen[np.argsort(rows[chosen], kind="stable")]
        _, first = np.unique(hashes[chosen], return_index=True)
        numbers = chosen if rows is None else rows[chosen]
        yield Candidates(numbers, np.delete(numbers, first))


def _repeated(hashes: Words) -> Words:
    ordered = np.sort(hashes)
    return distinct_of_sorted(ordered[1:][ordered[1:] == ordered[:-1]])


def _cut(hashes: Words, rows: Rows | None, border: int) -> tuple[Words, Words]:
    """The hashes of rows before the border, and of the others."""
    if rows is None:
        return hashes[:border], hashes[border:]
    before = rows < border
    return hashes[before], hashes[~before]


def _chosen(table: Table, names: Sequence[str], missing: Sequence[str], wanted: Rows) -> Iterator[pa.Table]:
    """The key columns, named by their index, and the numbers of some rows."""
    if not len(wanted):
        return
    for first, batch in batches(table, names, missing=missing):
        low, high = np.searchsorted(wanted, [first, first + len(batch[names[0]])])
        if low < high:
            at = as_arrow(wanted[low:high] - first)
            columns = {str(index): _plain(batch[name].take(at)) for index, name in enumerate(names)}
            yield pa.table({**columns, "row": as_arrow(wanted[low:high])})


def _plain(values: pa.Array) -> pa.Array:
    """Values that Arrow groups by value: no dictionaries, no -0, NaN as null."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_floating(values.type):
        numbers = floats_of(values) + 0.0  # -0.0 + 0.0 is 0.0
        values = as_arrow(numbers, ~np.isnan(numbers))
    return values


def _placed(rows: pa.Table, file: int) -> pa.Table:
    """Each row as a group of one: its key, and how often it stands in each file."""
    columns = {name: rows[name] for name in rows.column_names if name.isdigit()}
    for here in (0, 1):
        columns[f"count{here}"] = as_arrow(np.full(len(rows), int(here == file), dtype=np.int64))
    return pa.table(columns)


def _merged(groups: Sequence[pa.Table]) -> pa.Table:
    """One line per distinct key, compared by value."""
    table = pa.concat_tables(groups)
    keys = [name for name in table.column_names if name.isdigit()]
    merged = table.group_by(keys, use_threads=False).aggregate([("count0", "sum"), ("count1", "sum")])
    return merged.rename_columns([name.removesuffix("_sum") for name in merged.column_names])


class _Found:
    """Repeated rows of one file: how many, and the first of them with their values."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[tuple[int, object]] = []

    def note(self, part: pa.Table, rows: Rows) -> None:
        """Notes those of ``rows`` that are in this part of the file."""
        chosen = part.take(as_arrow(np.flatnonzero(np.isin(as_numpy(part["row"], np.int64), rows))))
        keys = [chosen[name].to_pylist() for name in chosen.column_names if name.isdigit()]
        values = keys[0] if len(keys) == 1 else [list(key) for key in zip(*keys, strict=True)]
        self.first = sorted([*self.first, *zip(chosen["row"].to_pylist(), values, strict=True)], key=lambda one: one[0])
        del self.first[FIRST_ROWS:]

    def repeats(self) -> Repeats:
        """The count, and the first rows where there are any."""
        first = self.first if self.count else []
        return Repeats(self.count, tuple(row for row, _ in first), tuple(value for _, value in first))
