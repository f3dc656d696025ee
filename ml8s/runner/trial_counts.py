"""The exact numbers of trials that a replay asks for, by estimator: as one word, and against what a store holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml8s.errors import InvalidUsage
from ml8s.pipelines.pipeline import Task
from ml8s.runner.cache import Result
from ml8s.runner.execution import FACT_TRIALS
from ml8s.step_variables import REPLAY


def write_counts(counts: Mapping[str, int]) -> str:
    """Trial counts as one word, ``lgbm=12,xgboost=9``; estimators have plain names."""
    return ",".join(f"{item}={trials}" for item, trials in sorted(counts.items()))


def read_counts(text: str) -> dict[str, int]:
    """The counts that ``write_counts`` wrote.

    Raises:
        InvalidUsage: the text is none of its kind.
    """
    counts = {}
    for word in filter(None, text.split(",")):
        item, _, trials = word.partition("=")
        if not item or not trials.isdecimal():
            raise InvalidUsage(f"{word!r} is no number of trials", where=REPLAY, cure="write lgbm=12,xgboost=9")
        counts[item] = int(trials)
    return counts


def check_counts(tasks: Sequence[Task], replay: Mapping[str, int]) -> None:
    """Refuses a replay that has no count for some search: it would be a new one, by the clock.

    Raises:
        InvalidUsage: names the estimators; an empty ``replay`` is none.
    """
    lacking = [task.item for task in tasks if task.spec.budgeted and task.item and task.item not in replay]
    if replay and lacking:
        raise InvalidUsage(
            f"the replay has no number of trials for {', '.join(lacking)}, only for {', '.join(sorted(replay))}",
            where="automl.estimators",
            cure="replay a run that finished the searches of all estimators, or set automl.estimators to those it has",
        )


def check_replay(store: str, task: Task, result: Result, wanted: int | None) -> None:
    """Refuses a cached search with another number of trials than a replay asks for.

    Raises:
        InvalidUsage: it has another.
    """
    had = result.facts.get(FACT_TRIALS)
    if wanted is not None and task.spec.budgeted and had != wanted:
        raise InvalidUsage(
            f"the store holds {task.label} with {had} trials, and the replay asks for {wanted}",
            where=store,
            cure="replay into an empty store: name one with --store",
        )
