"""One search: one estimator, trials one after another, each judged in every round."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ml8s.errors import SearchFailed
from ml8s.evaluation.metrics import UndefinedMetric
from ml8s.scoring.member import Member
from ml8s.scoring.shape import Floats
from ml8s.search.flaml_search import PointSearch
from ml8s.search.judge import Judge
from ml8s.search.learners.fitting import FitRefused, fit, quiet
from ml8s.search.learners.learner import Configuration, Learner
from ml8s.search.space import Point
from ml8s.search.stopping import NOTHING_NEW, Stop
from ml8s.search.trials import Trial


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: the best trial's configuration and value, and all trials.

    ``scores`` and ``member`` are those of the first round: on tune, by a member fitted on fit. ``stopped_by`` says
    why it ended where it did; nothing else of it depends on a clock.
    """

    configuration: Configuration
    value: float
    scores: Floats
    member: Member
    trials: tuple[Trial, ...]
    stopped_by: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """What bounds a search: the work of one trial in cell visits, and the seed of its directions."""

    work: float
    seed: int
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Turn:
    """One round of every trial: the estimator's name, what fits it, and what values its scores."""

    estimator: str
    learner: Learner
    judge: Judge


def search(turns: Sequence[Turn], bounds: Bounds, stop: Stop, told: Callable[[int, float | None], None]) -> Found:
    """Searches one estimator.

    Args:
        turns: at least one, the first on fit and tune; a trial's value is the mean over all.
        bounds: the largest work of a trial, and the seed.
        stop: asked before each trial with the number of trials done and the work of the next; the first is done anyhow.
        told: called after each trial with their number and the best value so far.

    Returns:
        The best of its trials; of equally good ones the first. It depends on turns, bounds and the number of
        trials, nothing else.

    Raises:
        SearchFailed: no trial gave a model with a value, or the estimator's library refused the first rows it saw.
    """
    learner, judge = turns[0].learner, turns[0].judge
    points = PointSearch(learner.space(), lambda point: _work(turns, point), bounds.work, bounds.seed)
    trials: list[Trial] = []
    best: Found | None = None
    reason, ended = "no point of the search space is within the bound on work", NOTHING_NEW
    while (asked := points.ask()) is not None:
        name, point = asked
        enough = stop(len(trials), _work(turns, point))
        if enough is not None and trials:
            ended = enough
            break
        configuration = learner.configuration(point)
        try:
            member, scores, value = _tried(turns, configuration, bounds.threads)
        except UndefinedMetric as undefined:
            reason = str(undefined)
            trials.append(Trial(len(trials) + 1, configuration, None))
            points.tell(name, point, math.inf)
        except FitRefused as refused:
            if best is None:  # the other trials see the same rows
                raise fit_failed(turns[0].estimator, refused) from refused
            trials.append(Trial(len(trials) + 1, configuration, None))
            points.tell(name, point, math.inf)
        else:
            trials.append(Trial(len(trials) + 1, configuration, value))
            points.tell(name, point, judge.loss(value))
            if best is None or judge.better(value, best.value):
                best = Found(configuration, value, scores, member, (), "")
        told(len(trials), None if best is None else best.value)
    if best is None:
        raise SearchFailed(
            f"no trial gave a model that {judge.metric.name} can judge: {reason}",
            where="the tune fold",
            cure="look at the rows of the tune fold (`ml8s run --until split` counts them), or choose another metric",
        )
    return Found(best.configuration, best.value, best.scores, best.member, tuple(trials), ended)


def fit_failed(estimator: str, refused: FitRefused) -> SearchFailed:
    """The error for rows that an estimator's library cannot fit."""
    return SearchFailed(
        str(refused),
        where=estimator,
        cure="look at the target, the weights and the largest values of the columns, or remove the estimator from "
        "automl.estimators",
    )


def _work(turns: Sequence[Turn], point: Point) -> float:
    """The work of a trial: that of its fits in all turns."""
    return sum(turn.learner.work(point) for turn in turns)


def _tried(turns: Sequence[Turn], configuration: Configuration, threads: int) -> tuple[Member, Floats, float]:
    """One trial: the member and the scores of the first turn, and the mean value of all."""
    members = [fit(turn.estimator, turn.learner, configuration) for turn in turns]
    with quiet():
        scores = [
            turn.judge.tune.from_units(member.score(turn.judge.tune.x, threads))
            for turn, member in zip(turns, members, strict=True)
        ]
        values = [turn.judge.value(one) for turn, one in zip(turns, scores, strict=True)]
    return members[0], scores[0], statistics.fmean(values)
