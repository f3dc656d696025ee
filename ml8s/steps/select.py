"""select: the best candidate on tune becomes the model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ml8s.artifacts import Json, write_json
from ml8s.config.metrics import DEFAULT_METRIC
from ml8s.environment import require_pinned
from ml8s.scoring.member import FAMILIES
from ml8s.search.candidate import Candidate, read_candidate
from ml8s.search.choice import Choice, choose, ranked, rows_of_refit
from ml8s.search.decision import decide_threshold, learn_calibration
from ml8s.search.final import FinalModel, fit_members, write_model, write_tune_scores
from ml8s.search.judge import Judge
from ml8s.search.learners import Task
from ml8s.search.objectives import objective_of
from ml8s.search.rows import read_matrix
from ml8s.steps.context import Progress, StepContext

SCHEMA = 1


def run(
    context: StepContext,
    *,
    matrix: Path,
    candidate: Mapping[str, Path],
    model: Path,
    tune_scores: Path,
    selection: Path,
) -> Mapping[str, Json]:
    """Writes the model, its scores on tune (by members that never saw tune), and why it was chosen.

    The result depends on the matrix, the candidates and the config sections of the spec. Of equally good candidates
    the first of lgbm, xgboost, rf, extra_tree, linear is chosen, whatever their order in the config.

    Raises:
        EnvironmentNotPinned: this process lacks the environment that makes results equal everywhere.
        ModelFileRefused: a candidate's member is damaged.
    """
    require_pinned()
    config = context.config
    data = read_matrix(matrix)
    kind = data.shape.kind
    tune = data.tune
    judge = Judge.of(config.metric or DEFAULT_METRIC[kind], tune)
    candidates = [read_candidate(candidate[name]) for name in FAMILIES if name in candidate]
    choice = choose(candidates, judge, kind, blend=config.automl.blend)
    refit = rows_of_refit(config.automl.refit, config.evaluation.threshold, config.evaluation.calibration)
    calibration = learn_calibration(config.evaluation.calibration, kind, choice.scores, tune)
    scores = choice.scores if calibration is None else calibration.apply(choice.scores)
    threshold = decide_threshold(config.evaluation.threshold, kind, scores, tune)
    task = Task(data.shape, data.categorical, config.seed, context.threads, objective_of(judge.metric.name))
    members = fit_members(
        choice.chosen, data, task, refit, lambda done: context.progress(Progress(done, len(choice.chosen), "models"))
    )
    final = FinalModel(judge.metric.name, refit, members, calibration, threshold)
    write_model(model, final, data, context.inputs["matrix"])
    write_tune_scores(tune_scores, data, scores)
    _write_selection(selection / "selection.json", ranked(candidates, judge), choice, judge)
    return {"chosen": [one.estimator for one in choice.chosen], "value": choice.value}


def _write_selection(path: Path, order: list[Candidate], choice: Choice, judge: Judge) -> None:
    write_json(
        path,
        {
            "schema": SCHEMA,
            "metric": judge.metric.name,
            "candidates": [
                {"estimator": c.estimator, "value": c.value, "rounds": c.rounds, "trials": c.trials} for c in order
            ],
            "chosen": [one.estimator for one in choice.chosen],
            "value": choice.value,
            "reason": choice.reason,
        },
    )
