"""search: one estimator's best hyperparameters, trained on fit, judged on tune."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ml8s.artifacts import Json
from ml8s.config.metrics import DEFAULT_METRIC, RANKING
from ml8s.config.model import Config
from ml8s.environment import require_pinned
from ml8s.errors import UnsuitableTarget
from ml8s.search.candidate import Candidate, write_candidate
from ml8s.search.learners import Task, learner_of
from ml8s.search.objectives import objective_of
from ml8s.search.rounds import rounds_of
from ml8s.search.rows import Matrix, read_matrix
from ml8s.search.search import Bounds, Turn, search
from ml8s.search.space import work_limit
from ml8s.search.stopping import MAX_TRIALS, REPLAY, Budget, Stop, after, first_of
from ml8s.search.trials import write_trial_count, write_trial_log
from ml8s.steps.context import Progress, StepContext

LARGEST_GRADE: Final = 30
LARGEST_QUERY: Final = 10_000


def run(context: StepContext, *, matrix: Path, candidate: Path, trials: Path, trial_log: Path) -> Mapping[str, Json]:
    """Writes the candidate of the estimator ``context.item``, how many trials were done, and their log.

    The result depends on the matrix, the config and the number of trials; the clock decides that number and nothing
    else, and not even that in a replay or where the config gives ``max_trials`` alone.

    Raises:
        EnvironmentNotPinned: this process lacks the environment that makes results equal everywhere.
        SearchFailed: no trial gave a model.
        UnsuitableTarget: a ranking's grade is beyond 30, or a query has more rows than LightGBM ranks.
    """
    require_pinned()
    estimator = str(context.item)
    data = read_matrix(matrix)
    _check_grades(data, context.config.target_column)
    if estimator == "lgbm":
        _check_queries(data, context.config)
    metric = context.config.metric or DEFAULT_METRIC[data.shape.kind]
    rounds = rounds_of(
        data,
        metric,
        context.config.split.strategy,
        context.config.seed,
        cross_validation=context.config.automl.cross_validation == "auto",
    )
    task = Task(data.shape, data.categorical, context.config.seed, context.threads, objective_of(metric))
    bounds = Bounds(work_limit(context.config.automl.time_budget), context.config.seed, context.threads)
    total = context.replay or context.config.automl.max_trials

    def told(done: int, best: float | None) -> None:
        words = "" if best is None else f"{metric} {best:.5g}"
        context.progress(Progress(done, total, "trials", words))

    turns = [
        Turn(estimator, learner_of(estimator, task, one.fit.in_units(absolute=task.objective.absolute)), one.judge)
        for one in rounds
    ]
    found = search(turns, bounds, stop_rule(context), told)
    count = len(found.trials)
    words = f"{metric} {found.value:.5g}"
    context.progress(Progress(count, total, "trials", words, found.stopped_by))
    offered = Candidate(
        estimator, found.configuration, metric, found.value, len(rounds), count, found.scores, found.member
    )
    write_candidate(candidate, offered, data.shape, context.inputs["matrix"])
    write_trial_count(trials, estimator, count)
    write_trial_log(trial_log, estimator, metric, rounds[0].judge.metric.greater_is_better, found.trials)
    return {"trials": count, "value": found.value}


def _check_grades(data: Matrix, column: str) -> None:
    """The gain of a grade is 2**grade - 1, which LightGBM and XGBoost hold up to 30."""
    if data.shape.kind != RANKING or len(data.all_rows) == 0:
        return
    grade = float(data.all_rows.y.max())
    if grade > LARGEST_GRADE:
        raise UnsuitableTarget(
            f"the target {column!r} of a ranking holds the grade {grade:g}; the largest is {LARGEST_GRADE}",
            where=f"train.parquet:{column}",
            cure="bring the grades to a few levels, for example 0 to 4",
        )


def _check_queries(data: Matrix, config: Config) -> None:
    """LightGBM ranks at most 10,000 rows of one query."""
    sizes = data.all_rows.group_sizes if data.shape.kind == RANKING else None
    if sizes is None or not len(sizes) or sizes.max() <= LARGEST_QUERY:
        return
    raise UnsuitableTarget(
        f"a query has {int(sizes.max()):,} rows, and lgbm ranks at most {LARGEST_QUERY:,} of one query",
        where=f"train.parquet:{config.columns.group or 'the group column'}",
        cure="publish fewer rows of such a query, name a finer column in columns.group, or leave lgbm out of "
        "automl.estimators",
    )


def stop_rule(context: StepContext) -> Stop:
    """When the search ends: after the replayed number of trials, else at ``max_trials`` or when the budget is spent."""
    if context.replay is not None:
        return after(context.replay, REPLAY)
    most = context.config.automl.max_trials
    trials = [] if most is None else [after(most, MAX_TRIALS)]
    seconds = [] if context.budget is None else [Budget(context.budget)]
    return first_of(*trials, *seconds)
