"""Accumulators: what is left of a key's rows once they are so old that features only need them summed up.

They hold the very quantities that the primitives are made of, exact sums as wide integers, so that a feature made of
accumulators and the rows after them has the bits of the feature made of all rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml8s.features.asof.block import Block
from ml8s.features.asof.feature import AsOfFeature
from ml8s.features.asof.keys import open_array
from ml8s.features.asof.primitives import PRIMITIVE, SECOND
from ml8s.features.asof.rows import Floats, Ints
from ml8s.features.asof.wide import Wide, added, canonical
from ml8s.plain_arrays import write_array

Need: TypeAlias = tuple[str, str]

SUMS: Final = ("x", "xx", "t", "tx", "tt")
COUNTS: Final = ("rows", "valid", "true", "plus", "minus", "last_time")
VALUES: Final = frozenset({"min", "max", "first", "last"})
"""Quantities that are one of the column's values."""
_SUM: Final = ("valid", "plus", "minus", "x")

# What each primitive needs to know of the rows before; those that are missing need the rows.
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "count": (),
    "sum": _SUM,
    "mean": _SUM,
    "min": ("min",),
    "max": ("max",),
    "std": (*_SUM, "xx"),
    "first": ("first",),
    "last": ("last",),
    "trend": (*_SUM, "t", "tx", "tt"),
    "time_since_last": ("last_time",),
    "percent_true": ("true",),
}
_WITHOUT_COLUMN: Final = frozenset({"rows", "last_time"})


def foldable(feature: AsOfFeature) -> bool:
    """Whether accumulators can stand for a feature's older rows: all history, depth 1, and no need of each value."""
    return feature.window is None and feature.child is None and feature.primitive in NEEDS


def needs(features: Sequence[AsOfFeature]) -> tuple[Need, ...]:
    """What the foldable ones among the features need to know, sorted: a quantity and its column."""
    found = {
        (what, "" if what in _WITHOUT_COLUMN else feature.column or "")
        for feature in features
        if foldable(feature)
        for what in ("rows", *NEEDS[feature.primitive])
    }
    return tuple(sorted(found))


@dataclass(frozen=True)
class Accumulators:
    """What some keys' older rows amount to: numbers [k], or wide integers [k], by need."""

    numbers: Mapping[Need, NDArray[Any]]
    sums: Mapping[Need, Wide]

    @classmethod
    def nothing(cls, wanted: Sequence[Need], keys: int) -> Accumulators:
        """The accumulators of no rows."""
        return cls(
            {need: np.full(keys, _default(need)) for need in wanted if need[0] not in SUMS},
            {need: Wide(np.zeros((1, keys), dtype=np.int64), 0) for need in wanted if need[0] in SUMS},
        )

    def of(self, keys: Ints) -> Accumulators:
        """Those of some keys, in this order; -1 stands for a key without rows."""
        return Accumulators(
            {need: np.append(values, _default(need))[keys] for need, values in self.numbers.items()},
            {need: Wide(np.pad(wide.digits, ((0, 0), (0, 1)))[:, keys], wide.low) for need, wide in self.sums.items()},
        )

    def write(self, folder: Path, prefix: str) -> None:
        """Writes ``<prefix>-<number>.npy`` in the order of the needs, and the exponents of the sums."""
        for index, need in enumerate(sorted([*self.numbers, *self.sums])):
            values = self.numbers[need] if need in self.numbers else self.sums[need].digits
            write_array(folder / f"{prefix}-{index}.npy", values)
        lows = np.array([self.sums[need].low for need in sorted(self.sums)], dtype=np.int64)
        write_array(folder / f"{prefix}-exponents.npy", lows)

    @classmethod
    def open(cls, folder: Path, prefix: str, wanted: Sequence[Need]) -> Accumulators:
        """Maps what ``write`` wrote for these needs."""
        arrays = {need: open_array(folder / f"{prefix}-{index}.npy") for index, need in enumerate(wanted)}
        lows = open_array(folder / f"{prefix}-exponents.npy").tolist()
        sums = [need for need in wanted if need[0] in SUMS]
        return cls(
            {need: values for need, values in arrays.items() if need[0] not in SUMS},
            {need: Wide(arrays[need], low) for need, low in zip(sums, lows, strict=True)},
        )


def _default(need: Need) -> np.int64 | np.float64:
    return np.int64(0) if need[0] in COUNTS else np.float64(np.nan)


class Continued(Block):
    """A block whose queries, one for each key, go on from accumulators of that key's rows before the block's."""

    before: Accumulators

    def rows(self, low: Ints, high: Ints) -> Ints:
        """With the rows before [q]."""
        found: Ints = super().rows(low, high) + self._before("rows", "")
        return found

    def number(self, name: str, kind: str, low: Ints, high: Ints) -> Ints:
        """With the values before [q]."""
        found: Ints = super().number(name, kind, low, high) + self._before(kind, name)
        return found

    def sum_of(self, name: str, factors: str, low: Ints, high: Ints) -> Wide:
        """With the sums before [q]."""
        return added(super().sum_of(name, factors, low, high), self.before.sums[factors, name])

    def infinite(self, name: str) -> bool:
        """Also where one came before."""
        return super().infinite(name) or any(self._before(kind, name).any() for kind in ("plus", "minus"))

    def _before(self, what: str, name: str) -> NDArray[Any]:
        return self.before.numbers[what, name]

    def value(self, primitive: str, name: str, low: Ints, high: Ints) -> Floats:
        """A primitive over the rows before and those that the queries see [q]."""
        seen = PRIMITIVE[primitive](self, name, low, high)
        if primitive in ("min", "max"):
            extreme = np.fmin if primitive == "min" else np.fmax
            return np.asarray(extreme(seen, self._before(primitive, name)), dtype=np.float64)
        if primitive == "first":
            return np.where(self._before("rows", "") > 0, self._before("first", name), seen)
        if primitive == "last":
            return np.where(high > low, seen, self._before("last", name))
        if primitive == "time_since_last":
            older = np.where(self._before("rows", "") > 0, self.cutoff - self._before("last_time", ""), np.nan) / SECOND
            return np.where(high > low, seen, older)
        return seen

    def folded(self, wanted: Sequence[Need]) -> Accumulators:
        """The accumulators with all of the block's rows taken in."""
        low, high = self.window(None, 0)
        numbers: dict[Need, NDArray[Any]] = {}
        for what, name in wanted:
            if what == "rows":
                numbers[what, name] = self.rows(low, high)
            elif what == "last_time":
                last = np.append(self.time, 0)[high - 1]
                numbers[what, name] = np.where(high > low, last, self._before(what, name))
            elif what in COUNTS:
                numbers[what, name] = self.number(name, what, low, high)
            elif what not in SUMS:
                values = self.value(what, name, low, high)
                numbers[what, name] = np.where(np.isnan(values), np.nan, values)
        sums = {need: canonical(self.sum_of(need[1], need[0], low, high)) for need in wanted if need[0] in SUMS}
        return Accumulators(numbers, sums)


def continued(block: Mapping[str, Any], before: Accumulators) -> Continued:
    """A block of these arguments that goes on from accumulators."""
    found = Continued(**block)
    found.before = before
    return found
