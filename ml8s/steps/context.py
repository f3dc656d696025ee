"""What a step is told beside its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ml8s.config.model import Config


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is: work done of the total (None while unknown), and the best metric so far in words.

    ``stopped_by`` stands in the last one of a search: what ended it.
    """

    done: int
    total: int | None = None
    unit: str = ""
    best: str = ""
    stopped_by: str = ""


def _silent(_: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class StepContext:
    """What a step is told beside its files.

    Attributes:
        config: the resolved config; a step uses only the sections that its spec declares.
        inputs: the digest of each input port; a ``many`` port has one entry per item, ``port[item]``.
        item: which item of the fan-out this is (an estimator), or None.
        threads: threads that it may use; they change speed only, never a result.
        budget: seconds of wall time for a budgeted step, None where only the number of trials bounds it.
        replay: the exact number of trials to run instead of any budget, or None.
        progress: called now and then with the progress.
        warn: called with each warning, in one plain sentence.
    """

    config: Config
    inputs: Mapping[str, str]
    item: str | None = None
    threads: int = 1
    budget: float | None = None
    replay: int | None = None
    progress: Callable[[Progress], None] = field(default=_silent)
    warn: Callable[[str], None] = field(default=_silent)
