"""Times as numbered periods of one regular grid, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ml8s.config.frequencies import Frequency
from ml8s.data.instants import MICROSECONDS_PER

Integers: TypeAlias = npt.NDArray[np.int64]

DAY: Final = MICROSECONDS_PER["d"]
OFF_GRID: Final = int(np.iinfo(np.int64).min)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A grid of periods through one time, its anchor, which is period 0.

    Attributes:
        frequency: the length of a period.
        anchor: µs since 1970 UTC. Months are anchored at the same day and time of each month; where the anchor is the
            last day of its month, at the last day of each.
    """

    frequency: Frequency
    anchor: int

    def periods(self, times: Integers) -> Integers:
        """The number of each time's period [n]; the smallest int64 for a time that lies between two of the grid."""
        if not self.frequency.months:
            length = self.frequency.seconds * MICROSECONDS_PER["s"]
            number, rest = np.divmod(times - self.anchor, length)
            return np.where(rest == 0, number, OFF_GRID)
        months = _months(times) - _months(np.array([self.anchor]))
        number, rest = np.divmod(months, self.frequency.months)
        on_grid = (rest == 0) & (self.times(number) == times)
        return np.where(on_grid, number, OFF_GRID)

    def times(self, periods: Integers) -> Integers:
        """The time of each period [n], µs since 1970 UTC."""
        if not self.frequency.months:
            moved: Integers = self.anchor + periods * (self.frequency.seconds * MICROSECONDS_PER["s"])
            return moved
        month = _months(np.array([self.anchor]))
        start = _start_of(month)
        time_of_day = (self.anchor - start) % DAY
        at = month + periods * self.frequency.months
        if self.anchor - start + DAY >= _start_of(month + 1) - start:
            last: Integers = _start_of(at + 1) - DAY + time_of_day
            return last
        days = np.minimum((self.anchor - start) // DAY, (_start_of(at + 1) - _start_of(at)) // DAY - 1)
        found: Integers = _start_of(at) + days * DAY + time_of_day
        return found


def _months(times: Integers) -> Integers:
    """Months since January 1970 of each time."""
    days = np.floor_divide(times, DAY).astype("datetime64[D]")
    return np.asarray(days.astype("datetime64[M]").astype(np.int64))


def _start_of(months: Integers) -> Integers:
    """The first µs of each month."""
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.asarray(days * DAY)
