"""Which candidates make the model: the best on tune, or the mean of the two best where that is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml8s.config.metrics import RANKING
from ml8s.evaluation.metrics import UndefinedMetric
from ml8s.scoring.shape import Floats
from ml8s.search.candidate import Candidate
from ml8s.search.judge import Judge


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen candidates in their given order, their value and scores on tune, and why in one sentence."""

    chosen: tuple[Candidate, ...]
    value: float
    scores: Floats
    reason: str


def ranked(candidates: Sequence[Candidate], judge: Judge) -> list[Candidate]:
    """Candidates from best to worst; equally good ones in their given order."""
    return sorted(candidates, key=lambda candidate: judge.loss(candidate.value))


def choose(candidates: Sequence[Candidate], judge: Judge, kind: str, *, blend: bool) -> Choice:
    """Chooses among candidates; of equally good ones the first.

    The plain mean of the two best wins only if the metric calls it better on tune than the best alone, on tune too.
    Scores of rankings have no common unit and are never blended.
    """
    order = ranked(candidates, judge)
    best = order[0]
    name = judge.metric.name
    where = "on tune" if best.rounds == 1 else f"in {best.rounds} rounds of cross-validation"
    alone = Choice((best,), best.value, best.tune_scores, f"{best.estimator} has the best {name} {where}")
    if not blend or len(order) < 2 or kind == RANKING:
        return alone
    pair = tuple(candidate for candidate in candidates if candidate in order[:2])
    scores = 0.5 * pair[0].tune_scores + 0.5 * pair[1].tune_scores
    try:
        value = judge.value(scores)
        if not judge.better(value, judge.value(best.tune_scores)):
            return alone
    except UndefinedMetric:
        return alone
    names = " and ".join(candidate.estimator for candidate in pair)
    return Choice(pair, value, scores, f"the mean of {names} has the best {name} on tune")


def rows_of_refit(refit: str, threshold: float | str | None, calibration: str) -> str:
    """The rows that the final model is fitted on: ``fit`` or ``fit+tune``.

    ``auto`` is fit+tune, except where a threshold or a calibration is learned on tune: what they are learned on must
    not have been fitted.
    """
    if refit != "auto":
        return refit
    learned = isinstance(threshold, str) or calibration != "off"
    return "fit" if learned else "fit+tune"
