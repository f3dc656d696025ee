"""What a run tells while it works: to the terminal, to the attempt's progress file, to a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ml8s.artifacts import Json
from ml8s.runner.plan import Plan
from ml8s.runner.summary import Summary
from ml8s.steps.context import Progress

RAN: Final = "done"
CACHED: Final = "cached"
ADOPTED: Final = "adopted"
SATISFIED: Final = "satisfied"


@dataclass(frozen=True, slots=True)
class Finished:
    """How a task ended: done, cached, adopted (another run's decision) or satisfied, its wall seconds and facts."""

    how: str
    seconds: float
    facts: Mapping[str, Json]


class Listener(Protocol):
    """Who wants to know how a run goes. Tasks are named by their labels, ``step`` or ``step[item]``."""

    def planned(self, plan: Plan) -> None:
        """The plan is made; it comes again when more of it is known."""

    def started(self, label: str) -> None:
        """A task starts."""

    def progressed(self, label: str, progress: Progress) -> None:
        """A task got on."""

    def finished(self, label: str, end: Finished) -> None:
        """A task's result is there."""

    def failed(self, label: str, message: str) -> None:
        """A task gave no result."""

    def noted(self, label: str, text: str) -> None:
        """A warning of a step, or a fact about the run that its reader should know."""

    def summarised(self, summary: Summary, report: str) -> None:
        """A model was evaluated, now or before; ``report`` is where a person finds the report."""


class Audience:
    """Several listeners as one."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = tuple(listeners)

    def planned(self, plan: Plan) -> None:
        """Passed on to each."""
        for listener in self._listeners:
            listener.planned(plan)

    def started(self, label: str) -> None:
        """Passed on to each."""
        for listener in self._listeners:
            listener.started(label)

    def progressed(self, label: str, progress: Progress) -> None:
        """Passed on to each."""
        for listener in self._listeners:
            listener.progressed(label, progress)

    def finished(self, label: str, end: Finished) -> None:
        """Passed on to each."""
        for listener in self._listeners:
            listener.finished(label, end)

    def failed(self, label: str, message: str) -> None:
        """Passed on to each."""
        for listener in self._listeners:
            listener.failed(label, message)

    def noted(self, label: str, text: str) -> None:
        """Passed on to each."""
        for listener in self._listeners:
            listener.noted(label, text)

    def summarised(self, summary: Summary, report: str) -> None:
        """Passed on to each."""
        for listener in self._listeners:
            listener.summarised(summary, report)
