"""What every learner is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ml8s.artifacts import Json
from ml8s.scoring.member import Member
from ml8s.scoring.shape import Shape
from ml8s.search.objectives import SQUARED, Objective
from ml8s.search.space import Point, Space

Configuration = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be learned: the shape, which columns are categories (column -> codes), and the seed.

    ``objective`` is the loss of a regression's boosted trees. ``threads`` changes speed only.
    """

    shape: Shape
    categorical: Mapping[int, int]
    seed: int
    threads: int = 1
    objective: Objective = SQUARED


class Learner(Protocol):
    """Fits one estimator on some rows.

    A fitted member depends on the rows, the task's shape, categories and seed, and the configuration alone: not on
    earlier fits of the same learner, the number of threads, the load or the clock.
    """

    def space(self) -> Space:
        """What a search may try."""

    def work(self, point: Point) -> float:
        """The work of a fit, in cell visits (rows x columns x passes); it bounds what a trial may be."""

    def configuration(self, point: Point) -> Configuration:
        """A point of the space as the learner's own hyperparameters, which ``fit`` takes and the log shows."""

    def fit(self, configuration: Configuration) -> Member:
        """Fits a member on all rows."""
