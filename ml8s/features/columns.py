"""Source columns as numpy arrays, from a snapshot's Parquet files or from rows of JSON.

Both give the same: number, integer and boolean as float64 with NaN for null, string as an object array of str or
None, time and date as int64 microseconds since 1970 UTC with the smallest int64 for null.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ml8s.errors import InvalidRows, Problem
from ml8s.features.apply import NULL_TIME
from ml8s.features.manifest import FeatureManifest, SourceColumn

if TYPE_CHECKING:
    import pyarrow
    from pyarrow import parquet

    from ml8s.data.dataset import Dataset

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MOST_PROBLEMS: Final = 20


def read_columns(
    snapshot: Path, file: int, names: Sequence[str], rows: NDArray[np.int64] | None, dataset: Dataset
) -> dict[str, NDArray[Any]]:
    """Some columns of one file of a snapshot, read one at a time.

    Args:
        snapshot: the snapshot's folder.
        file: the position of the file in ``dataset.files``.
        names: the columns.
        rows: the row numbers to keep, in the order wanted; None keeps all.
        dataset: the checked contract, for the columns' types.

    Returns:
        One array per column, of ``len(rows)`` values.
    """
    from pyarrow import parquet

    with parquet.ParquetFile(dataset.places(snapshot)[file][0]) as table:
        return {name: read_column(table, name, rows, dataset) for name in names}


def read_column(
    table: parquet.ParquetFile, name: str, rows: NDArray[np.int64] | None, dataset: Dataset
) -> NDArray[Any]:
    """One column of an open file, as ``read_columns`` gives it."""
    values = table.read(columns=[name], use_threads=False).column(0)
    type_ = dataset.column(name).type
    return _strings(values, rows, dataset.missing_values) if type_ == "string" else column_values(values, type_, rows)


def column_values(values: pyarrow.ChunkedArray, type_: str, rows: NDArray[np.int64] | None = None) -> NDArray[Any]:
    """One Arrow column of a source type (number, integer, boolean, string, time, date) as numpy."""
    if type_ == "string":
        return _strings(values, rows, ())
    if type_ in ("time", "date"):
        return _pick(_times(values), rows)
    return _pick(_floats(values), rows)


def _pick(values: NDArray[Any], rows: NDArray[np.int64] | None) -> NDArray[Any]:
    return values if rows is None else values[rows]


def _floats(values: pyarrow.ChunkedArray) -> NDArray[np.float64]:
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_boolean(values.type):
        values = compute.cast(values, pa.uint8())
    numbers = compute.cast(values, pa.float64(), safe=False).to_numpy()
    return np.where(np.isnan(numbers), np.nan, numbers)


def _times(values: pyarrow.ChunkedArray) -> NDArray[np.int64]:
    import pyarrow as pa
    from pyarrow import compute

    unit = pa.timestamp("us", tz=getattr(values.type, "tz", None))
    numbers = compute.cast(compute.cast(values, unit, safe=False), pa.int64())
    return np.asarray(compute.fill_null(numbers, NULL_TIME).to_numpy(), dtype=np.int64)


def _strings(
    values: pyarrow.ChunkedArray, rows: NDArray[np.int64] | None, missing: Sequence[str]
) -> NDArray[np.object_]:
    """Texts, None for those that count as missing. Equal values share one object: a row costs 8 bytes."""
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    encoded = values.dictionary_encode().unify_dictionaries()
    distinct = encoded.chunk(0).dictionary.to_pylist() if encoded.num_chunks else []
    table = np.array([None if value in missing else value for value in [*distinct, None]], dtype=object)
    chunks = [compute.fill_null(chunk.indices, len(distinct)).to_numpy() for chunk in encoded.chunks]
    codes = np.concatenate(chunks) if chunks else np.empty(0, dtype=np.int64)
    return np.asarray(table[_pick(codes, rows)], dtype=object)


def columns_from_rows(rows: Sequence[Mapping[str, object]], manifest: FeatureManifest) -> dict[str, NDArray[Any]]:
    """The source columns of rows of JSON, for ``apply``.

    A column that a row leaves out, or gives as null, is null where the fit rows held nulls. Times are ISO 8601 texts,
    UTC where they name no offset, or ``datetime`` values; dates are ``YYYY-MM-DD`` or ``date`` values. Other columns
    are ignored; ``unknown_columns`` names those that the snapshot does not have either.

    Raises:
        InvalidRows: values of another type, infinite numbers, nulls where training saw none: all of them at once, up
            to 20, each with its row (from 1) and column.
    """
    problems: list[tuple[int, Problem]] = []
    columns = {
        column.name: _column_from_rows(rows, column, manifest.missing_values, problems) for column in manifest.columns
    }
    if problems:
        problems.sort(key=lambda found: found[0])
        more = f" (the first {MOST_PROBLEMS} are shown)" if len(problems) > MOST_PROBLEMS else ""
        noun = "value does" if len(problems) == 1 else "values do"
        raise InvalidRows(
            f"{len(problems)} {noun} not fit the model's features{more}",
            cure="send each column with the type it had in training",
            problems=[problem for _, problem in problems[:MOST_PROBLEMS]],
        )
    return columns


def unknown_columns(rows: Sequence[Mapping[str, object]], manifest: FeatureManifest) -> list[str]:
    """Columns of the rows that the snapshot never had, sorted: likely misspelt, and ignored."""
    known = {column.name for column in manifest.columns} | set(manifest.ignored)
    return sorted({name for row in rows for name in row} - known)


def _column_from_rows(
    rows: Sequence[Mapping[str, object]],
    column: SourceColumn,
    missing: Sequence[str],
    problems: list[tuple[int, Problem]],
) -> NDArray[Any]:
    convert, null, dtype, expected = _READERS[column.type]
    values: NDArray[Any] = np.empty(len(rows), dtype=dtype)
    for index, row in enumerate(rows):
        value = row.get(column.name)
        wrong = ""
        values[index] = null
        if value is None or value != value or (column.type == "string" and value in missing):  # noqa: PLR0124 - NaN
            if not column.nullable:
                wrong = f"{'is missing' if column.name not in row else 'is null'}; no row of training was without it"
        else:
            try:
                values[index] = convert(value)
            except (TypeError, ValueError, OverflowError):
                wrong = f"is {_shown(value)}, expected {expected}"
        if wrong:
            where = f"row {index + 1}"
            problems.append((index, Problem(f"{column.name} {wrong}", where, f"send {expected}")))
    return values


def _shown(value: object) -> str:
    text = repr(value)
    return f"{text if len(text) <= 40 else text[:37] + '...'} ({type(value).__name__})"


def _number(value: object) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _integer(value: object) -> float:
    number = _number(value)
    if not number.is_integer():
        raise ValueError
    return number


def _boolean(value: object) -> float:
    if not isinstance(value, bool | np.bool_):
        raise TypeError
    return float(value)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _time(value: object) -> int:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise TypeError
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(microseconds=1)


def _date(value: object) -> int:
    if isinstance(value, str):
        value = date.fromisoformat(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError
    return (value - EPOCH.date()) // timedelta(microseconds=1)


_Reader = tuple[Callable[[object], object], object, type, str]
_READERS: Final[Mapping[str, _Reader]] = {
    "number": (_number, math.nan, np.float64, "a finite number"),
    "integer": (_integer, math.nan, np.float64, "a whole number"),
    "boolean": (_boolean, math.nan, np.float64, "true or false"),
    "string": (_string, None, object, "a text"),
    "time": (_time, NULL_TIME, np.int64, "an ISO 8601 time such as 2026-01-31T08:30:00Z"),
    "date": (_date, NULL_TIME, np.int64, "a date such as 2026-01-31"),
}
