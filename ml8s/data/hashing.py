"""A keyed 64-bit hash of table rows, vectorised and the same for ever.

The construction, on unsigned 64-bit integers modulo 2**64, with ``mix`` the finalizer of SplitMix64 (Steele, Lea,
Flood: Fast splittable pseudorandom number generators, 2014):

- A key text gives two words k0, k1: the first 16 bytes of its BLAKE2b, little-endian.
- A value gives a word: an integer, time (µs) or day itself; a float its IEEE 754 bits, with -0 as 0; a boolean 0 or
  1; a text starts at ``mix(its length in bytes + N)`` and takes in its UTF-8 bytes, 8 at a time, little-endian and
  padded with zeros: ``w = mix(w ^ chunk)``; null and NaN are N, which is 0x9E3779B97F4A7C15.
- A row starts at k0 and takes in its columns in order, ``h = mix(h ^ word)``; its hash is ``mix(h ^ k1)``.

It spreads well and is no cryptography: equal rows have equal hashes, and what must not confuse two rows that only
share a hash compares their values.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ml8s.data.arrays import as_mask, as_numpy
from ml8s.data.column_types import BOOLEAN, DATE, INTEGER, NUMBER, STRING, TIME

Words: TypeAlias = npt.NDArray[np.uint64]

NULL_WORD: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_MICROSECONDS: Final = {"s": 10**6, "ms": 1000, "us": 1}
_MASKS: Final = np.array([2 ** (8 * n) - 1 for n in range(9)], dtype=np.uint64)


def key_words(key: str) -> tuple[np.uint64, np.uint64]:
    """The two words of a key text."""
    first, second = np.frombuffer(hashlib.blake2b(key.encode(), digest_size=16).digest(), dtype="<u8")
    return np.uint64(first), np.uint64(second)


def mix(words: Words) -> Words:
    """SplitMix64's finalizer, a bijection of 64-bit words [n]; the argument is overwritten."""
    words ^= words >> np.uint64(30)
    words *= _FIRST
    words ^= words >> np.uint64(27)
    words *= _SECOND
    words ^= words >> np.uint64(31)
    return words


def hash_rows(columns: Sequence[Words], key: str) -> Words:
    """The hash of each row [n] from the words of its columns, in order."""
    first, second = key_words(key)
    state = np.full(len(columns[0]), first, dtype=np.uint64)
    for words in columns:
        state ^= words
        mix(state)
    state ^= second
    return mix(state)


def words_of(values: pa.Array, type_: str) -> Words:
    """The word of each value [n] of an Arrow array whose column has this type (of ``column_types``)."""
    if pa.types.is_dictionary(values.type):
        return _dictionary_words(values, type_)
    words = _text_words(values) if type_ == STRING else _plain_words(values, type_)
    if values.null_count:
        words[as_mask(values.is_null())] = NULL_WORD
    return words


def _dictionary_words(values: pa.DictionaryArray, type_: str) -> Words:
    known = np.append(words_of(values.dictionary, type_), NULL_WORD)
    chosen: Words = known[as_numpy(values.indices, np.int64, null=len(known) - 1)]
    return chosen


def _plain_words(values: pa.Array, type_: str) -> Words:
    if type_ == NUMBER:
        return _float_words(values)
    numbers = integers_of(values, type_)
    return numbers.view(np.uint64).copy()


def integers_of(values: pa.Array, type_: str) -> npt.NDArray[np.int64]:
    """Integers, booleans, times (µs since 1970 UTC) and dates (days) as int64 [n]; 0 stands for null.

    A time finer than a microsecond is rounded down; an unsigned integer beyond 2**63 wraps around.
    """
    if type_ == TIME:
        unit = values.type.unit
        values = values.cast(pa.int64())
    elif type_ == DATE:
        values = values.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
    elif type_ == BOOLEAN:
        values = values.cast(pa.uint8()).cast(pa.int64())
    elif type_ == INTEGER:
        values = values.cast(pa.int64(), safe=False)
    numbers = as_numpy(values, np.int64, null=0)
    if type_ != TIME:
        return numbers
    return np.floor_divide(numbers, 1000) if unit == "ns" else numbers * _MICROSECONDS[unit]


def floats_of(values: pa.Array) -> npt.NDArray[np.float64]:
    """Numbers, integers and booleans as float64 [n], with NaN for null; a decimal becomes the nearest float."""
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.uint8())
    return as_numpy(values.cast(pa.float64(), safe=False), np.float64, null=math.nan)


def _float_words(values: pa.Array) -> Words:
    numbers = floats_of(values) + 0.0  # -0.0 + 0.0 is 0.0
    words = numbers.view(np.uint64)
    missing = np.isnan(numbers)
    if missing.any():
        words[missing] = NULL_WORD
    return words


def _text_words(values: pa.Array) -> Words:
    if not len(values):
        return np.empty(0, dtype=np.uint64)
    large = values.cast(pa.large_string())
    _, offsets, data = large.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64)[large.offset : large.offset + len(large) + 1]
    start, length = bounds[:-1], np.diff(bounds)
    # Eight spare bytes make every load of a word lie inside; a view with a stride of 1 loads at any byte.
    text = np.zeros(bounds[-1] - bounds[0] + 8, dtype=np.uint8)
    if data is not None:
        text[:-8] = np.frombuffer(data, dtype=np.uint8)[bounds[0] : bounds[-1]]
    chunks = np.ndarray((len(text) - 7,), dtype="<u8", buffer=text, strides=(1,))
    start = start - bounds[0]
    words: Words = mix(length.astype(np.uint64) + NULL_WORD)
    longest = int(length.max())
    rows = np.arange(len(words))
    for taken in range(0, longest, 8):
        rows = rows[length[rows] > taken]
        chunk = chunks[start[rows] + taken] & _MASKS[np.minimum(length[rows] - taken, 8)]
        words[rows] = mix(words[rows] ^ chunk)
    return words
