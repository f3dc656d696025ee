"""Parquet files as checked tables, read in batches of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ml8s.data.arrays import as_arrow, as_mask, as_numpy, as_texts
from ml8s.data.column_types import STRING, type_of
from ml8s.data.limits import check_ends, check_expansion, check_layout
from ml8s.errors import Problem, UnreadableTable

BATCH_ROWS: Final = 32_768
READ_BUFFER: Final = 1 << 20
CHECKED_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column as its file stores it: its type (of ``column_types``), Arrow's name for it, if its times have a zone."""

    name: str
    type: str
    stored: str
    zoned: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A Parquet file whose layout ML8s reads: where it is, its name in the snapshot, its rows and columns."""

    path: Path
    name: str
    rows: int
    columns: tuple[StoredColumn, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> StoredColumn:
        """The column of this name; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def open_table(path: Path, name: str) -> Table:
    """Reads the footer of a Parquet file.

    Raises:
        UnreadableTable: no Parquet, truncated, encrypted, or with columns of a type that ML8s does not read.
        TooLarge: beyond the limits of ``ml8s.data.limits``.
    """
    check_ends(path, name)
    try:
        with pq.ParquetFile(path) as file:
            check_layout(file, name)
            return _described(path, name, file)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableTable(
            f"{name} is no readable Parquet file: {_first_line(error)}", where=name, cure="write the file anew"
        ) from error


def _described(path: Path, name: str, file: pq.ParquetFile) -> Table:
    schema = file.schema_arrow
    columns: list[StoredColumn] = []
    problems: list[Problem] = []
    for field in schema:
        ours = type_of(field.type)
        if ours is None:
            problems.append(
                Problem(
                    f"column {field.name!r} is stored as {field.type}, which ML8s does not read",
                    where=f"{name}:{field.name}",
                    cure="drop it, or store it as a number, text, boolean, timestamp or date",
                )
            )
            continue
        zoned = pa.types.is_timestamp(field.type) and field.type.tz is not None
        columns.append(StoredColumn(field.name, ours, str(field.type), zoned))
    if problems:
        raise UnreadableTable(
            f"{name} has {len(problems)} columns of types that ML8s does not read",
            where=name,
            cure="drop or convert them before publishing",
            problems=problems,
        )
    return Table(path, name, file.metadata.num_rows, tuple(columns))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def batches(
    table: Table, columns: Sequence[str] | None = None, *, missing: Sequence[str] = (), rows: int = BATCH_ROWS
) -> Iterator[tuple[int, dict[str, pa.Array]]]:
    """The batches of a table, column by name, with the number of their first row.

    Memory does not depend on the table's rows. Texts come as dictionaries: a repeated text is held once. Texts that
    are among ``missing`` (the contract's ``missingValues``) are null.
    """
    names = list(table.names if columns is None else columns)
    texts = [name for name in names if table.column(name).type == STRING]
    first = 0
    size = table.path.stat().st_size
    try:
        with pq.ParquetFile(table.path, read_dictionary=texts, buffer_size=READ_BUFFER, pre_buffer=False) as file:
            expanded = 0
            for batch in file.iter_batches(batch_size=rows, columns=names, use_threads=False):
                expanded += sum(_text_bytes(batch.column(name)) for name in texts)
                check_expansion(expanded, size, table.name)
                yield first, {name: _known(batch.column(name), missing, name in texts) for name in names}
                first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise UnreadableTable(
            f"{table.name} cannot be read beyond row {first:,}: {_first_line(error)}",
            where=table.name,
            cure="write the file anew",
        ) from error


def _text_bytes(values: pa.Array) -> int:
    """The bytes of all texts of a batch, each as often as it stands there."""
    if not pa.types.is_dictionary(values.type) or not len(values.dictionary):
        return 0
    lengths = pc.binary_length(values.dictionary)
    if pc.max(lengths).as_py() * len(values) < CHECKED_BYTES:
        return 0
    return int(pc.sum(lengths.take(values.indices).cast(pa.int64())).as_py() or 0)


def _known(values: pa.Array, missing: Sequence[str], text: bool) -> pa.Array:
    """The values with the texts that stand for null as null; raises ArrowInvalid for bytes that are no UTF-8."""
    if not text:
        return values
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    values.dictionary.validate(full=True)
    if not missing:
        return values
    stands_for_null = pc.is_in(values.dictionary, value_set=as_texts(missing).cast(values.dictionary.type))
    if not stands_for_null.true_count:
        return values
    codes = as_numpy(values.indices, np.int32, null=0)
    known = ~as_mask(values.is_null()) & ~as_mask(stands_for_null)[codes]
    return pa.DictionaryArray.from_arrays(as_arrow(codes, known), values.dictionary)


def read_columns(table: Table, columns: Sequence[str], missing: Sequence[str] = ()) -> dict[str, pa.ChunkedArray]:
    """Whole columns [rows], by name; ``missing`` as in ``batches``."""
    parts: dict[str, list[pa.Array]] = {name: [] for name in columns}
    for _, batch in batches(table, columns, missing=missing):
        for name, values in batch.items():
            parts[name].append(values)
    return {
        name: pa.chunked_array(chunks) if chunks else pa.chunked_array([], pa.null()) for name, chunks in parts.items()
    }
