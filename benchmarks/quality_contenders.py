"""The contenders of the quality benchmark. Each learns on fit and tune and scores test, on one thread.

``python quality_contenders.py FOLDER PROBLEM SEED CONTENDER SECONDS`` prints {score name: value} as JSON. The clock
that a search sees is the CPU time of its process, so that a busy machine takes nothing from either.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

time.time = time.monotonic = time.process_time  # before anything reads a clock

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from quality_data import PROBLEMS, Problem, folds  # noqa: E402

from ml8s.evaluation.metrics import compute  # noqa: E402

ESTIMATORS = ("lgbm", "xgboost")


def lightgbm_defaults(problem: Problem, fold: np.ndarray, seed: int, seconds: float) -> dict[str, float]:
    """LightGBM's scikit-learn classes as they come, on fit and tune together."""
    import lightgbm

    classes = {"regression": lightgbm.LGBMRegressor, "ranking": lightgbm.LGBMRanker}
    model = classes.get(problem.kind, lightgbm.LGBMClassifier)(random_state=seed, n_jobs=1, verbose=-1)
    x, learn, test = with_categories(problem.x), fold != 2, fold == 2
    more = {"group": sizes(problem.group[learn])} if problem.kind == "ranking" else {}
    model.fit(x[learn], problem.y[learn], **more)
    return {"lightgbm": judge(problem, test, predictions(model, problem, x[test]))}


def plain_flaml(problem: Problem, fold: np.ndarray, seed: int, seconds: float) -> dict[str, float]:
    """FLAML's AutoML with its defaults, on fit and tune together."""
    from flaml import AutoML

    x, learn, test = with_categories(problem.x), fold != 2, fold == 2
    task = {"binary": "classification", "multiclass": "classification", "ranking": "rank"}
    more = {"groups": problem.group[learn]} if problem.kind == "ranking" else {}
    automl = AutoML()
    automl.fit(
        x[learn].reset_index(drop=True),
        problem.y[learn],
        task=task.get(problem.kind, problem.kind),
        metric=problem.metric,
        estimator_list=list(ESTIMATORS),
        time_budget=seconds,
        n_jobs=1,
        seed=seed,
        verbose=0,
        **more,
    )
    return {"flaml": judge(problem, test, predictions(automl, problem, x[test].reset_index(drop=True)))}


def ml8s(problem: Problem, fold: np.ndarray, seed: int, seconds: float) -> dict[str, float]:
    """One search per estimator, each with its share of the seconds, then select and refit as the steps do."""
    from ml8s.search.candidate import Candidate
    from ml8s.search.choice import choose
    from ml8s.search.final import fit_members
    from ml8s.search.judge import Judge
    from ml8s.search.learners import Task, learner_of
    from ml8s.search.objectives import objective_of
    from ml8s.search.rounds import rounds_of
    from ml8s.search.search import Bounds, Turn, search
    from ml8s.search.space import work_limit
    from ml8s.search.stopping import Budget

    matrix, test_x = ml8s_matrix(problem, fold)
    judged = Judge.of(problem.metric, matrix.tune)
    task = Task(matrix.shape, matrix.categorical, seed, objective=objective_of(problem.metric))
    rounds = rounds_of(matrix, problem.metric, "random", seed, cross_validation=True)
    candidates = []
    for estimator in ESTIMATORS:
        found = search(
            [Turn(estimator, learner_of(estimator, task, one.fit), one.judge) for one in rounds],
            Bounds(work_limit(seconds), seed),
            Budget(seconds / len(ESTIMATORS)),
            lambda done, best: None,
        )
        count = len(found.trials)
        best = (found.value, len(rounds), count, found.scores, found.member)
        candidates.append(Candidate(estimator, found.configuration, problem.metric, *best))
        print(f"  {estimator}: {count} trials in {len(rounds)} rounds, {found.value:.5f}", file=sys.stderr)
    values = {}
    for name, blend in (("ml8s", False), ("ml8s blend", True)):
        chosen = choose(candidates, judged, problem.kind, blend=blend).chosen
        members = fit_members(chosen, matrix, task, "fit+tune", lambda done: None)
        scores = sum(member.score(test_x) for _, member in members) / len(members)
        values[name] = judge(problem, fold == 2, scores)
    return values


def ml8s_matrix(problem: Problem, fold: np.ndarray) -> tuple[object, np.ndarray]:
    """The matrix of fit and tune, and the test rows, by the features that ML8s learns on fit."""
    from ml8s.features.apply import feature_values
    from ml8s.features.learn import Source, learn
    from ml8s.scoring.shape import Shape
    from ml8s.search.rows import Matrix, Rows

    columns = {name: raw_column(problem.x[name]) for name in problem.x}
    sources = [Source(name, "string" if values.dtype == object else "number") for name, values in columns.items()]
    fit = np.flatnonzero(fold == 0)
    features = learn(sources, lambda name: columns[name][fit], time=None, max_features=500).features
    x = np.stack([feature_values(feature, columns) for feature in features], axis=1)
    order = np.concatenate([fit, np.flatnonzero(fold == 1)])
    group = None if problem.group is None else problem.group[order].astype(np.int64)
    classes = len(np.unique(problem.y)) if problem.kind in ("binary", "multiclass") else 0
    matrix = Matrix(
        shape=Shape(problem.kind, classes, len(features)),
        features=tuple(feature.name for feature in features),
        categorical={index: feature.codes for index, feature in enumerate(features) if feature.codes > 2},
        target={},
        inputs={},
        all_rows=Rows(np.ascontiguousarray(x[order]), problem.y[order].astype(np.float64), None, group),
        fit_rows=len(fit),
        folder=Path(),
    )
    return matrix, np.ascontiguousarray(x[fold == 2])


def raw_column(column: pd.Series) -> np.ndarray:
    """A column as ML8s reads it: float64 with NaN, or objects of str and None."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(np.float64)
    return column.astype(object).where(column.notna(), None).to_numpy()


def with_categories(x: pd.DataFrame) -> pd.DataFrame:
    """Text columns as pandas categories."""
    text = [name for name in x if not pd.api.types.is_numeric_dtype(x[name])]
    return x.astype(dict.fromkeys(text, "category"))


def predictions(model: object, problem: Problem, x: pd.DataFrame) -> np.ndarray:
    """P(positive), [n, classes] or values."""
    if problem.kind in ("regression", "ranking"):
        return model.predict(x)
    scores = model.predict_proba(x)
    return scores[:, 1] if problem.kind == "binary" else scores


def judge(problem: Problem, test: np.ndarray, scores: np.ndarray) -> float:
    """The problem's metric on the test rows."""
    group = None if problem.group is None else problem.group[test]
    return compute(problem.metric, problem.y[test], scores, group=group)


def sizes(group: np.ndarray) -> np.ndarray:
    """The sizes of consecutive groups."""
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    return np.diff(np.append(starts, len(group)))


CONTENDERS = {"lightgbm": lightgbm_defaults, "flaml": plain_flaml, "ml8s": ml8s}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    folder, name, number, contender, budget = sys.argv[1:]
    one = PROBLEMS[name](Path(folder))
    began = time.process_time()
    result = CONTENDERS[contender](one, folds(one, int(number)), int(number), float(budget))
    json.dump({"scores": result, "cpu": time.process_time() - began}, sys.stdout)
