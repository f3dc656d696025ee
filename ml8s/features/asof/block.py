"""Some keys' events and queries, sorted by key and time: what every primitive works on.

Positions are places in the block's events. The queries of a key ascend in their cutoff, so the bounds of windows
ascend over the whole block, which is what makes each primitive one sweep.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml8s.features.asof.rows import Floats, Ints
from ml8s.features.asof.wide import Wide, between, from_floats, from_ints, multiplied, prefix_sums

FARTHEST: Final = 1 << 62


class Block:
    """Some keys' events and queries.

    Args:
        keys: codes of the events [n], ascending.
        time: microseconds [n], ascending within a key.
        column: gives a value column of these events [n] by name.
        query_keys: codes of the queries [q], ascending.
        cutoff: microseconds [q], ascending within a key; no two queries equal in both.
        children: gives the codes of another entity of these events [n]; -1 for none.
    """

    def __init__(
        self,
        *,
        keys: Ints,
        time: Ints,
        column: Callable[[str], Floats],
        query_keys: Ints,
        cutoff: Ints,
        children: Callable[[tuple[str, ...]], Ints] | None = None,
    ) -> None:
        self.keys = keys
        self.time = time
        self.query_keys = query_keys
        self.cutoff = cutoff
        self.column = column
        self.children = children
        self.start: Ints = np.searchsorted(keys, query_keys, side="left")
        self.end: Ints = np.searchsorted(keys, query_keys, side="right")
        self.longest = int((self.end - self.start).max(initial=0))
        self._kept: dict[object, Any] = {}

    def __len__(self) -> int:
        """The number of events."""
        return len(self.time)

    def kept(self, name: object, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - each name has its own type
        """What ``make`` gave the first time for this name."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    def window(self, length: int | None, delay: int) -> tuple[Ints, Ints]:
        """The positions [low, high) of the events that each query sees [q], by window and delay in microseconds."""
        high = self._position(delay)
        return (self.start if length is None else self._position(min(delay + length, FARTHEST))), high

    def _position(self, before: int) -> Ints:
        """For each query the first of its key's events at or after cutoff - before, or the key's end [q]."""
        found: Ints = self.kept(("position", before), lambda: self._searched(self.cutoff - before))
        return found

    def _searched(self, instants: Ints) -> Ints:
        line = self.kept("line", self._line)
        if line is None:
            return self._bisected(instants)
        events, origin, first, span = line
        found: Ints = np.searchsorted(events, origin + np.clip(instants - first, 0, span), side="left")
        return found

    def _line(self) -> tuple[Ints, Ints, Ints, Ints] | None:
        """Keys laid one after the other on one line of time, so that one ascending search serves all of them.

        Returns:
            The events' places on it [n]; for each query its key's origin, first time and span [q]. None where the
            keys' spans together are beyond 2**62 microseconds.
        """
        empty = self.start == self.end
        if not len(self.keys):
            zeros = np.zeros_like(self.cutoff)
            return np.empty(0, dtype=np.int64), zeros, zeros, zeros
        head = np.flatnonzero(np.concatenate([[True], self.keys[1:] != self.keys[:-1]]))
        tail = np.append(head[1:], len(self.keys))
        span = self.time[tail - 1] - self.time[head] + 1
        if float(span.sum(dtype=np.float64)) + 2 * len(span) >= FARTHEST:
            return None
        origin = np.concatenate([[0], np.cumsum(span + 1)])[:-1]
        counts = tail - head
        events = np.repeat(origin - self.time[head], counts) + self.time
        which = np.minimum(np.searchsorted(self.keys[head], self.query_keys), len(head) - 1)
        # A query of a key without events lies at the place where that key would begin.
        place = np.where(empty, np.append(events, events[-1] + 1)[self.start], origin[which])
        return events, place, self.time[head][which], np.where(empty, 0, span[which])

    def _bisected(self, instants: Ints) -> Ints:
        """The same search by halving each key's range at once, whatever the times."""
        low, high = self.start.copy(), self.end.copy()
        while (open_ := low < high).any():
            middle = (low + high) >> 1
            later = open_ & (self.time[np.minimum(middle, len(self.time) - 1)] < instants)
            low = np.where(later, middle + 1, low)
            high = np.where(open_ & ~later, middle, high)
        return low

    def values(self, name: str) -> Floats:
        """A value column, with -0.0 as 0.0, so that equal numbers have equal bits [n]."""
        found: Floats = self.kept(("values", name), lambda: self.column(name) + 0.0)
        return found

    def tally(self, name: str, kind: str) -> Ints:
        """How many of the first 0, 1, …, n events have a value of this kind [n + 1].

        Args:
            name: the value column.
            kind: ``valid`` (not null), ``true`` (1), ``plus`` or ``minus`` (infinite).
        """
        test: Callable[[Floats], NDArray[np.bool_]] = {
            "valid": lambda values: ~np.isnan(values),
            "true": lambda values: values == 1.0,
            "plus": lambda values: values == np.inf,
            "minus": lambda values: values == -np.inf,
        }[kind]
        found: Ints = self.kept((kind, name), lambda: np.concatenate([[0], np.cumsum(test(self.values(name)))]))
        return found

    def rows(self, low: Ints, high: Ints) -> Ints:
        """The number of events that each query sees [q]."""
        return high - low

    def number(self, name: str, kind: str, low: Ints, high: Ints) -> Ints:
        """The number of values of a kind of ``tally`` that each query sees [q]."""
        tally = self.tally(name, kind)
        found: Ints = tally[high] - tally[low]
        return found

    def sum_of(self, name: str, factors: str, low: Ints, high: Ints) -> Wide:
        """The exact sums of a product of ``sums`` over what each query sees [q]."""
        return between(self.sums(name, factors), low, high)

    def infinite(self, name: str) -> bool:
        """Whether any event of the block has an infinite value there."""
        return bool(self.tally(name, "plus")[-1] or self.tally(name, "minus")[-1])

    def sums(self, name: str, factors: str) -> Wide:
        """Prefix sums [n + 1] over the events with a finite value of a product.

        Args:
            name: the value column x.
            factors: ``x``, ``t`` (the time in microseconds), ``xx``, ``tx`` or ``tt``.
        """
        found: Wide = self.kept(("sums", name, factors), lambda: prefix_sums(self._product(name, factors)))
        return found

    def _product(self, name: str, factors: str) -> Wide:
        finite = np.isfinite(self.values(name))
        first, *others = (
            from_ints(np.where(finite, self.time, 0))
            if factor == "t"
            else from_floats(np.where(finite, self.values(name), 0.0), self.longest)
            for factor in factors
        )
        return multiplied(first, others[0]) if others else first
