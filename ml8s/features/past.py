"""The past of a snapshot's rows: keys as codes, times and values of all rows, as the as-of engine reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ml8s.data.hashing import hash_rows, words_of
from ml8s.data.instants import instant_of
from ml8s.errors import AggregatesRefused
from ml8s.features.apply import NULL_TIME
from ml8s.features.asof.feature import AsOfFeature
from ml8s.features.asof.feature import Entity as KeyColumns
from ml8s.features.asof.keys import Key, key_text
from ml8s.features.asof.rows import NO_KEY, Events, Ints, Queries
from ml8s.features.entities import EntitySet
from ml8s.features.matrix import Source
from ml8s.features.target import encode_target

_IDENTITY: Final = "ml8s as-of identity 1"
_ORDERED: Final = frozenset({"first", "last"})


@dataclass(frozen=True)
class Past:
    """All rows as history.

    Attributes:
        events: keys and texts as codes.
        labels: the values of each entity's keys by code, as ``key_text`` writes them.
        nulls: for each entity how many rows have no key.
        texts: for each value column of texts its distinct values by code, ascending.
    """

    events: Events
    labels: Mapping[KeyColumns, Sequence[Key]]
    nulls: Mapping[KeyColumns, int]
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def queries(self) -> Queries:
        """The same rows as those that ask."""
        return Queries(self.events.keys, self.events.time)


def read_times(source: Source, time_column: str) -> Ints:
    """When each row of both files happened, microseconds since 1970 UTC.

    Raises:
        AggregatesRefused: a time is null, or later than the snapshot's ``ml8s:as_of``.
    """
    time = source.column(time_column, source.all_rows())
    missing = int((time == NULL_TIME).sum())
    if missing:
        raise AggregatesRefused(
            f"{missing:,} rows have no {time_column}: nobody knows what was earlier than they are",
            where=f"train.parquet:{time_column}",
            cure="publish rows with a time, or name another `feature_engineering.time_column`",
        )
    as_of = source.dataset.as_of
    late = 0 if as_of is None else int((time > instant_of(as_of)).sum())
    if late:
        raise AggregatesRefused(
            f"{late:,} rows lie after ml8s:as_of ({as_of}) by their {time_column}",
            where=f"train.parquet:{time_column}",
            cure="correct the times, or `ml8s:as_of` of schema.json",
        )
    return np.asarray(time, dtype=np.int64)


def read_past(source: Source, entities: EntitySet, features: Sequence[AsOfFeature]) -> Past:
    """What the features need of all rows; parents must be attached to the source where a key lies in one.

    Codes number the distinct keys in the order of their values, so that they do not depend on the order of rows.
    """
    wanted = {feature.entity for feature in features} | {f.child.entity for f in features if f.child}
    keys: dict[KeyColumns, Ints] = {}
    labels: dict[KeyColumns, Sequence[Key]] = {}
    for entity in entities.entities:
        if entity.key in wanted:
            keys[entity.key], values = key_codes([key_column(source, name) for name in entity.key])
            labels[entity.key] = [key_text(key) for key in values]
    columns: dict[str, NDArray[np.float64]] = {}
    texts: dict[str, Sequence[str]] = {}
    for name in sorted({feature.column for feature in features if feature.column is not None}):
        columns[name], known = _values(source, name)
        if known is not None:
            texts[name] = known
    events = Events(
        keys,
        read_times(source, entities.time_column),
        columns,
        _identity(source) if any(feature.primitive in _ORDERED for feature in features) else None,
    )
    return Past(events, labels, {key: int((codes == NO_KEY).sum()) for key, codes in keys.items()}, texts)


def key_column(source: Source, name: str) -> pa.ChunkedArray:
    """A key column of all rows: texts with what counts as missing as null, or whole numbers, exact to 64 bits."""
    if name not in {column.name for column in source.dataset.columns}:
        values = source.column(name, source.all_rows())
        if values.dtype == object:
            return pa.chunked_array([pa.array(values.tolist(), pa.string())])
        return pa.chunked_array([pa.array(values, mask=np.isnan(values)).cast(pa.int64())])
    chunks: list[pa.Array] = []
    for table in source.tables:
        values = table.read(columns=[name], use_threads=False).column(0)
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        chunks += values.chunks
    kind = pa.string() if source.dataset.column(name).type == "string" else pa.int64()
    return nulled(pa.chunked_array([chunk.cast(kind) for chunk in chunks], kind), source.dataset.missing_values)


def nulled(values: pa.ChunkedArray, missing: Sequence[str]) -> pa.ChunkedArray:
    """Texts with those that count as missing as null; other values as they are."""
    from pyarrow import compute

    if not missing or not pa.types.is_string(values.type):
        return values
    stands_for_null = compute.is_in(values, value_set=pa.array(missing, pa.string()))
    return compute.if_else(stands_for_null, pa.scalar(None, pa.string()), values)


def key_codes(columns: Sequence[pa.ChunkedArray]) -> tuple[Ints, list[Key]]:
    """The code of each row's key [n], -1 where a part is null, and the keys by code, in the order of their values."""
    parts = [_part_codes(column) for column in columns]
    present = np.logical_and.reduce([codes >= 0 for codes, _ in parts])
    joined = np.zeros(len(present), dtype=np.int64)
    for codes, values in parts:
        joined = joined * max(len(values), 1) + codes
    distinct, inverse = np.unique(joined[present], return_inverse=True)
    codes = np.full(len(present), NO_KEY, dtype=np.int64)
    codes[present] = inverse
    return codes, [_key(int(number), parts) for number in distinct]


def _key(number: int, parts: Sequence[tuple[Ints, list[str | int]]]) -> Key:
    values: list[str | int] = []
    for _, known in reversed(parts):
        number, place = divmod(number, max(len(known), 1))
        values.append(known[place])
    return tuple(reversed(values))


def _part_codes(column: pa.ChunkedArray) -> tuple[Ints, list[str | int]]:
    """The rank of each value among the sorted distinct ones [n], -1 for null, and those values."""
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    values = encoded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=lambda place: values[place])
    rank = np.full(len(values) + 1, NO_KEY, dtype=np.int64)
    rank[order] = np.arange(len(values))
    indices = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
    return rank[indices], [values[place] for place in order]


def _values(source: Source, name: str) -> tuple[NDArray[np.float64], Sequence[str] | None]:
    """A value column of all rows as float64: the target as it is learned, texts as codes, with the texts by code."""
    rows = source.all_rows()
    if name == source.dataset.target.column:
        return encode_target(source.column(name, rows), source.dataset.target), None
    values: NDArray[Any] = source.column(name, rows)
    if values.dtype != object:
        return np.asarray(values, dtype=np.float64), None
    codes, known = _part_codes(pa.chunked_array([pa.array(values.tolist(), pa.string())]))
    return np.where(codes < 0, np.nan, codes.astype(np.float64)), [str(text) for text in known]


def _identity(source: Source) -> NDArray[np.uint64]:
    """A hash of each row's identity, the same wherever the row stands."""
    dataset = source.dataset
    types = {column.name: column.type for column in dataset.columns}
    hashes = []
    for table in source.tables:
        words = []
        for name in dataset.primary_key or sorted(types):
            chunks = table.read(columns=[name], use_threads=False).column(0).chunks
            words.append(np.concatenate([words_of(chunk, types[name]) for chunk in chunks]))
        hashes.append(hash_rows(words, _IDENTITY))
    return np.concatenate(hashes)
