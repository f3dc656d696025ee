"""The two tables of the as-of engine: events, whose past is summed up, and queries, which ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml8s.features.asof.feature import Entity

Ints: TypeAlias = NDArray[np.int64]
Places: TypeAlias = NDArray[np.int32] | NDArray[np.int64]
"""Row numbers or codes, in half the memory where they fit."""
Floats: TypeAlias = NDArray[np.float64]
NO_KEY = -1


def narrowed(numbers: Ints) -> Places:
    """The same numbers in 32 bits where they fit, with one more above the largest."""
    if max(-int(numbers.min(initial=0)), int(numbers.max(initial=0))) < np.iinfo(np.int32).max:
        return numbers.astype(np.int32)
    return numbers


@dataclass(frozen=True)
class Events:
    """n rows that happened, in any order.

    Attributes:
        keys: for each entity the code of the row's key [n], 0 and up; -1 where a key column is null: such a row is
            nobody's history.
        time: microseconds since 1970 UTC [n], no nulls; within 2**60 of zero.
        identity: a number [n] that orders rows of equal key and time, for ``first`` and ``last``; rows with equal key,
            time and identity must be equal rows. None stands for "no two such rows differ".
        columns: value columns [n] as float64 with NaN for null: numbers, booleans as 0 and 1, categories as codes
            (below 2**53, in the order of their values, so that the smaller of two modes is the smaller value).
    """

    keys: Mapping[Entity, Ints]
    time: Ints
    columns: Mapping[str, Floats] = field(default_factory=dict)
    identity: NDArray[Any] | None = None

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.time)


@dataclass(frozen=True)
class Queries:
    """m rows that ask what was known before them; the arrays may be the very arrays of the events.

    Attributes:
        keys: as in ``Events`` [m]; a code that no event has is a key without history, -1 gives null everywhere.
        time: microseconds since 1970 UTC [m], no nulls; within 2**60 of zero.
    """

    keys: Mapping[Entity, Ints]
    time: Ints

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.time)
