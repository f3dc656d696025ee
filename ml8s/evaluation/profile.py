"""The profile: how source columns and scores are distributed on the test fold, for monitoring to compare with.

It holds bins and, for a bounded choice of rows, the code of each row's bin; it holds no raw row. Bin edges are
quantiles of the column. A text value is named only where at least ``NAMED_ROWS`` of the rows have it, among the
``MOST_CATEGORIES`` most frequent ones; a column logged as ``hash`` names digests instead, one logged as ``drop`` is
left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml8s.artifacts import Json, write_json
from ml8s.evaluation.frequency import by_frequency
from ml8s.features.apply import nulls

SCHEMA: Final = 1
FILE_NAME: Final = "profile.json"
CODES_NAME: Final = "codes.parquet"
MOST_ROWS: Final = 50_000
BINS: Final = 20
MOST_CATEGORIES: Final = 50
NAMED_ROWS: Final = 10
NULL_CODE: Final = -1

Codes = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class ProfileColumn:
    """One source column or score.

    Attributes:
        name: the column's name, or ``score``, ``score_0``, ….
        type: number, integer, boolean, string, time or date.
        edges: for all but strings: code i holds edges[i - 1] <= value < edges[i], the first and last code are open.
            Times are text, UTC.
        categories: for strings: code i is the i-th; the next code is every other value.
        hashed: whether categories are the first 16 hex digits of the value's sha256.
        codes: int16 [rows], -1 where the value is missing.
    """

    name: str
    type: str
    edges: tuple[float | str, ...]
    categories: tuple[str, ...]
    hashed: bool
    codes: Codes


def profile_column(name: str, type_: str, values: NDArray[Any], *, hashed: bool = False) -> ProfileColumn:
    """Bins one column of the chosen rows, [rows], as ``read_columns`` gives it."""
    missing = nulls(values)
    codes = np.full(values.size, NULL_CODE, dtype=np.int16)
    present = values[~missing]
    if type_ == "string":
        categories = _categories(present)
        position = {value: code for code, value in enumerate(categories)}
        codes[~missing] = [position.get(value, len(categories)) for value in present.tolist()]
        named = tuple(_digest(value) for value in categories) if hashed else categories
        return ProfileColumn(name, type_, (), named, hashed, codes)
    edges = _edges(present)
    codes[~missing] = np.searchsorted(edges, present, side="right")
    shown: tuple[float | str, ...] = tuple(edges.tolist())
    if type_ in ("time", "date"):
        shown = tuple(str(np.datetime64(int(edge), "us")) for edge in edges)
    return ProfileColumn(name, type_, shown, (), False, codes)


def _edges(present: NDArray[Any]) -> NDArray[Any]:
    """At most 19 cuts between values: every distinct value but the first where there are few, else quantiles."""
    distinct = np.unique(present)
    if distinct.size <= BINS:
        return distinct[1:]
    ranked = np.sort(present)
    cuts = np.unique([ranked[ranked.size * part // BINS] for part in range(1, BINS)])
    return np.asarray(cuts[cuts > ranked[0]])


def _categories(present: NDArray[Any]) -> tuple[str, ...]:
    frequent = (value for value, rows in by_frequency(present.tolist()) if rows >= NAMED_ROWS)
    return tuple(islice(frequent, MOST_CATEGORIES))


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def write_profile(
    folder: Path, columns: list[ProfileColumn], *, rows: int, inputs: Mapping[str, str], left_out: list[str]
) -> None:
    """Writes ``profile.json`` and ``codes.parquet``.

    Args:
        folder: where to.
        columns: source columns and then scores, all of the same chosen rows, in the order of file and row.
        rows: the rows of the whole test fold.
        inputs: the digests of what it was made from.
        left_out: columns that are not profiled, by the snapshot's wish.
    """
    import pyarrow as pa

    from ml8s.data.parquet import write_table

    described: list[Json] = [
        {
            "name": column.name,
            "type": column.type,
            "codes": f"column_{index}",
            "edges": None if column.type == "string" else list(column.edges),
            "categories": list(column.categories) if column.type == "string" else None,
            "hashed": column.hashed,
        }
        for index, column in enumerate(columns)
    ]
    chosen = columns[0].codes.size if columns else 0
    write_json(
        folder / FILE_NAME,
        {
            "schema": SCHEMA,
            "inputs": dict(inputs),
            "rows": rows,
            "chosen": chosen,
            "null_code": NULL_CODE,
            "columns": described,
            "left_out": list(left_out),
        },
    )
    table = pa.table({f"column_{index}": pa.array(column.codes) for index, column in enumerate(columns)})
    write_table(table, folder / CODES_NAME)
