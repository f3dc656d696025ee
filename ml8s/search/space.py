"""Search spaces: what a search may try of one estimator, and how much work one trial may be.

The ranges are those that FLAML 2.7 ships for these estimators, with upper bounds of our own. They and the work of a
configuration depend on the number of rows and columns, never on a clock, so a trial is bounded and repeatable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Value = int | float | str
Point = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Range:
    """One hyperparameter's range: lower and upper bound, both included, on a linear or logarithmic scale."""

    lower: float
    upper: float
    log: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One hyperparameter that takes one of a few values without an order."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Space:
    """What a search may try.

    Attributes:
        ranges: the hyperparameters by name.
        starts: points to try first, in order.
        cheap: the cheapest values of the hyperparameters that decide what a trial costs.
    """

    ranges: Mapping[str, Range | Choice]
    starts: Sequence[Point]
    cheap: Point


def work_limit(time_budget: float) -> float:
    """The largest work of one trial, in cell visits.

    One quarter of the config's ``automl.time_budget``, at least 2 and at most 60 seconds, at a nominal 200 million
    visits a second. It is the budget as written in the config, not the time that is left.
    """
    return 2e8 * min(max(time_budget / 4, 2.0), 60.0)
