"""A fingerprint of the past: whether two snapshots tell the same of all rows up to an instant.

It decides whether a refresh may go on from the sums of an earlier state. Keys and texts count by their values, not by
their codes, and rows as a multiset: neither their order nor the file that they lie in plays a part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from ml8s.artifacts import Json
from ml8s.data.hashing import NULL_WORD, Words, hash_rows
from ml8s.features.asof.keys import key_bytes, key_hash
from ml8s.features.asof.rows import Floats, Ints
from ml8s.features.past import Past

KEYS: Final = ("ml8s as-of history 1", "ml8s as-of history 2")


def fingerprint(past: Past, until: int) -> dict[str, Json]:
    """The number of rows with a time up to ``until`` (microseconds since 1970 UTC), and 128 bits of what they hold.

    It depends on what the features in use read: the keys, the time, the value columns, and the identity where it
    orders rows of one time.
    """
    rows = past.events.time <= until
    words = [word[rows] for word in _words(past)]
    sums = [int(hash_rows(words, key).sum(dtype=np.uint64)) for key in KEYS]
    return {"rows": int(rows.sum()), "last": str(until), "digest": "".join(f"{one:016x}" for one in sums)}


def _words(past: Past) -> Iterator[Words]:
    events = past.events
    yield events.time.astype(np.int64).view(np.uint64)
    for entity in sorted(events.keys):
        yield _chosen([key_bytes(label) for label in past.labels[entity]], events.keys[entity])
    for name in sorted(events.columns):
        values = events.columns[name]
        if name in past.texts:
            codes = np.where(np.isnan(values), -1.0, values).astype(np.int64)
            yield _chosen([text.encode("utf-8", "surrogatepass") for text in past.texts[name]], codes)
        else:
            yield _float_words(values)
    if events.identity is not None:
        yield events.identity.view(np.uint64)


def _chosen(names: Sequence[bytes], codes: Ints) -> Words:
    """The word of each row's name [n]; that of a null for code -1."""
    known = np.array([*map(key_hash, names), int(NULL_WORD)], dtype=np.uint64)
    chosen: Words = known[codes]
    return chosen


def _float_words(values: Floats) -> Words:
    words = (values + 0.0).view(np.uint64)  # -0.0 + 0.0 is 0.0
    words[np.isnan(values)] = NULL_WORD
    return words
