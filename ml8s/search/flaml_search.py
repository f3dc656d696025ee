"""FLAML's cost-frugal search (CFO), asked for one point after another.

The loop is ours, so the clock decides one thing only: after how many trials it ends. A point depends on the seed, the
space and the values of the trials before it, never on how long they took, so the same number of trials gives the same
trials on any machine. (Wu, Wang and Huang: Frugal Optimization for Cost-related Hyperparameters, AAAI 2021.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from flaml import CFO, tune
from flaml.tune.sample import Domain

from ml8s.search.space import Choice, Point, Range, Space, Value

# So many suggestions in a row may be repetitions or too much work before the space counts as searched.
_FRUITLESS: Final = 100


class PointSearch:
    """A search for the point with the lowest loss.

    Args:
        space: what may be tried.
        work: the work of a point.
        limit: points of more work than this are never suggested, but for the cheapest start where all are beyond it.
        seed: of the search's random directions.
    """

    def __init__(self, space: Space, work: Callable[[Point], float], limit: float, seed: int) -> None:
        limit = max(limit, min(map(work, space.starts)))
        starts = [dict(point) for point in space.starts if work(point) <= limit]
        self._searcher = CFO(
            metric="loss",
            mode="min",
            space={name: domain(one) for name, one in space.ranges.items()},
            points_to_evaluate=starts,
            low_cost_partial_config=dict(space.cheap),
            config_constraints=[(work, "<=", limit)],
            seed=seed,
        )
        self._asked = 0

    def ask(self) -> tuple[str, Point] | None:
        """The next point with a name for it, or None when nothing new is left to try."""
        for _ in range(_FRUITLESS):
            self._asked += 1
            name = str(self._asked)
            config = self._searcher.suggest(name)
            if config is not None:
                return name, {key: _plain(value) for key, value in config.items()}
        return None

    def tell(self, name: str, point: Point, loss: float) -> None:
        """Reports a point's loss; an infinite one marks a point that gave no model."""
        # FLAML reads the point in one place as a whole and in another by its parts.
        parts = {f"config/{key}": value for key, value in point.items()}
        result: dict[str, Any] = {"loss": loss, "config": dict(point), **parts}
        self._searcher.on_trial_result(name, result)
        self._searcher.on_trial_complete(name, result)


def domain(one: Range | Choice) -> Domain:
    """A hyperparameter's range as FLAML takes it."""
    if isinstance(one, Choice):
        return tune.choice(list(one.values))
    if one.whole:
        # FLAML's integer ranges leave their upper bound out.
        make = tune.lograndint if one.log else tune.randint
        return make(int(one.lower), int(one.upper) + 1)
    return (tune.loguniform if one.log else tune.uniform)(one.lower, one.upper)


def _plain(value: float | str | np.generic) -> Value:
    """A value of Python's own type: numpy's are not JSON."""
    plain: Value = value.item() if isinstance(value, np.generic) else value
    return plain
