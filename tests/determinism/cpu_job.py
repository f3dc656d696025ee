"""A tiny job that fits, scores and measures with every kind of model; prints the digest of each result as JSON.

It is small enough for an emulated CPU: a few hundred rows made of integers, so that the rows themselves need no
function that differs between CPUs.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from ml8s.artifacts import describe_folder, json_digest, sha256
from ml8s.data.parquet import write_table
from ml8s.scoring.shape import Floats, Shape
from ml8s.search.decision import fit_sigmoid
from ml8s.search.learners import Task, learner_of
from ml8s.search.rows import Rows

ESTIMATORS = ("lgbm", "xgboost", "rf", "extra_tree", "linear")


def rows_of(kind: str, count: int) -> Rows:
    """Rows of four features whose target is 0 or 1 (binary) or a number."""
    random = np.random.default_rng(3)
    x = random.integers(-400, 400, (count, 4)) / 7.0
    signal = x[:, 0] - 2 * x[:, 1] + random.integers(-200, 200, count) / 3.0
    return Rows(x, (signal > 0).astype(np.float64) if kind == "binary" else signal)


def main(folder: Path, count: int) -> dict[str, str]:
    """The digests of models, predictions, a calibration, a metric and a table."""
    found: dict[str, str] = {}
    for kind in ("binary", "regression"):
        rows = rows_of(kind, count)
        task = Task(Shape(kind, 2 if kind == "binary" else 0, 4), {}, seed=1)
        for estimator in ESTIMATORS:
            learner = learner_of(estimator, task, rows)
            member = learner.fit(learner.configuration(learner.space().starts[0]))
            place = folder / f"{kind}-{estimator}"
            place.mkdir()
            member.write(place)
            scores = member.score(rows.x)
            found[f"{kind} {estimator} model"] = describe_folder("model", place).digest
            found[f"{kind} {estimator} predictions"] = digest_of(scores)
            if kind == "binary":
                learned = fit_sigmoid(scores, rows.y, np.ones(count))
                found[f"{estimator} calibration"] = json_digest([learned.slope, learned.intercept])
                inside = np.clip(scores, 1e-9, 1 - 1e-9)
                loss = -np.where(rows.y > 0.5, np.log(inside), np.log(1 - inside)).sum()
                found[f"{estimator} log loss"] = json_digest(float(loss))
            write_table(pa.table({"score": scores}), folder / "scores.parquet")
            found[f"{kind} {estimator} table"] = sha256((folder / "scores.parquet").read_bytes())
    return found


def digest_of(values: Floats) -> str:
    """The sha256 of an array's bytes."""
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return sha256(buffer.getvalue())


if __name__ == "__main__":
    with TemporaryDirectory() as scratch:
        sys.stdout.write(json.dumps(main(Path(scratch), int(sys.argv[1]))))
