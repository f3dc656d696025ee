"""The public data sets of the quality benchmark: read from a folder, cut into fit, tune and test by a seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Problem:
    """One data set: features, target (0/1, class index, value or grade), queries of a ranking, and the metric."""

    name: str
    kind: str
    metric: str
    x: pd.DataFrame
    y: np.ndarray
    group: np.ndarray | None = None
    fixed_test: np.ndarray | None = None


def adult(folder: Path) -> Problem:
    """Census income, both files together."""
    frame = pd.concat([pd.read_csv(folder / f"adult_{part}.csv", na_values=["?", " ?"]) for part in ("train", "test")])
    frame = frame.reset_index(drop=True)
    y = frame.pop("class").str.strip().str.rstrip(".") == ">50K"
    return Problem("adult", "binary", "roc_auc", frame, y.to_numpy(np.float64))


def churn(folder: Path) -> Problem:
    """Bank churn without its identifiers."""
    frame = pd.read_csv(folder / "churn.csv").drop(columns=["RowNumber", "CustomerId", "Surname"])
    return Problem("churn", "binary", "roc_auc", frame, frame.pop("Exited").to_numpy(np.float64))


def german_credit(folder: Path) -> Problem:
    """Credit risk; the last column is the target, its less frequent value the positive class."""
    frame = pd.read_csv(folder / "german_credit.csv")
    target = frame.pop(frame.columns[-1])
    return Problem(
        "german credit", "binary", "roc_auc", frame, (target == target.value_counts().index[-1]).to_numpy(np.float64)
    )


def letters(folder: Path) -> Problem:
    """26 letters from measurements of their images."""
    frame = pd.read_csv(folder / "letters.csv")
    return Problem("letters", "multiclass", "log_loss", frame, np.unique(frame.pop("lettr"), return_inverse=True)[1])


def diamonds(folder: Path) -> Problem:
    """Prices of diamonds."""
    frame = pd.read_csv(folder / "diamonds.csv")
    return Problem("diamonds", "regression", "rmse", frame, frame.pop("price").to_numpy(np.float64))


def rank(folder: Path) -> Problem:
    """Graded documents of queries; the test file's queries are the test fold of every seed."""
    parts = [_libsvm(folder / f"rank.{part}") for part in ("train", "test")]
    width = max(max(row) for rows, _ in parts for row in rows if row)
    x = np.full((sum(len(rows) for rows, _ in parts), width), 0.0)
    for number, row in enumerate(row for rows, _ in parts for row in rows):
        for column, value in row.items():
            x[number, column - 1] = value
    sizes = np.concatenate([np.loadtxt(folder / f"rank.{p}.query", dtype=np.int64) for p in ("train", "test")])
    test = np.arange(len(x)) >= len(parts[0][0])
    frame = pd.DataFrame(x, columns=[f"f{column}" for column in range(width)])
    y = np.concatenate([grades for _, grades in parts])
    return Problem("rank", "ranking", "ndcg@10", frame, y, np.repeat(np.arange(len(sizes)), sizes), test)


PROBLEMS = {
    "adult": adult,
    "churn": churn,
    "german_credit": german_credit,
    "letters": letters,
    "diamonds": diamonds,
    "rank": rank,
}


def folds(problem: Problem, seed: int) -> np.ndarray:
    """The fold of each row, 0 fit (64 %), 1 tune (16 %), 2 test (20 %), by a seed; queries are never cut."""
    random = np.random.default_rng(seed)
    units = np.arange(len(problem.y)) if problem.group is None else problem.group
    if problem.fixed_test is None:
        draw = random.permutation(units.max() + 1)[units] / (units.max() + 1)
        return np.where(draw < 0.64, 0, np.where(draw < 0.8, 1, 2))
    draw = random.permutation(units.max() + 1)[units] / (units.max() + 1)
    return np.where(problem.fixed_test, 2, np.where(draw < 0.8, 0, 1))


def _libsvm(path: Path) -> tuple[list[dict[int, float]], np.ndarray]:
    rows, grades = [], []
    for line in path.read_text().splitlines():
        first, *pairs = line.split()
        grades.append(float(first))
        rows.append({int(column): float(value) for column, value in (pair.split(":") for pair in pairs)})
    return rows, np.array(grades)
