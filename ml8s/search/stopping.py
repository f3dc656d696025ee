"""When a search ends, and why: after a number of trials, or when its time is spent."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

MAX_TRIALS: Final = "max_trials"
TIME_BUDGET: Final = "time_budget"
REPLAY: Final = "replay"
NOTHING_NEW: Final = "nothing_new"

LATE: Final = 0.1
"""How late a search may end, as a fraction of its seconds, by what its next trial is expected to take."""

Stop = Callable[[int, float], str | None]
"""Asked before each trial with the number of trials done and the work of the next: why to end now, or None."""


def after(trials: int, reason: str) -> Stop:
    """Ends after exactly so many trials."""
    return lambda done, work: reason if done >= trials else None


def first_of(*rules: Stop) -> Stop:
    """Ends as soon as one of the rules says so."""

    def stop(done: int, work: float) -> str | None:
        # All are asked: a budget counts the work of every trial.
        reasons = [rule(done, work) for rule in rules]
        return next((reason for reason in reasons if reason is not None), None)

    return stop


@dataclass(slots=True)
class Budget:
    """Seconds of wall time, from when it is made; the pace of the trials so far says what the next one will take."""

    seconds: float
    began: float = field(default_factory=time.monotonic)
    work: float = 0.0

    def __call__(self, done: int, work: float) -> str | None:
        """``time_budget`` where the seconds are spent, or the next trial would end more than a tenth of them late."""
        elapsed = time.monotonic() - self.began
        expected = work * elapsed / self.work if self.work > 0 else 0.0
        if elapsed >= self.seconds or elapsed + expected > (1 + LATE) * self.seconds:
            return TIME_BUDGET
        self.work += work
        return None
