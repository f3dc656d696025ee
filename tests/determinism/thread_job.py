"""A job that fits and scores with one, two and three threads; prints a digest for each, by family, as JSON.

The rows are hard: gradients of many sizes, so that sums in another order differ in their last bits.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ml8s.artifacts import describe_folder, sha256
from ml8s.scoring.shape import Shape
from ml8s.search.learners import Task, learner_of
from ml8s.search.rows import Rows

THREADS = (1, 2, 3)
FEATURES = 30


def hard_rows(count: int) -> Rows:
    """A regression whose target has heavy tails."""
    random = np.random.default_rng(0)
    x = random.normal(size=(count, FEATURES))
    signal = 2 * x[:, 0] + x[:, 1] * x[:, 2] + 2 * random.normal(size=count)
    return Rows(x, signal * np.exp(3 * random.normal(size=count)))


def main(folder: Path, estimator: str, count: int) -> list[str]:
    """The digests of model and predictions, for each number of threads."""
    rows, found = hard_rows(count), []
    for threads in THREADS:
        learner = learner_of(estimator, Task(Shape("regression", 0, FEATURES), {}, 1, threads), rows)
        member = learner.fit(learner.configuration(learner.space().starts[0]))
        place = folder / str(threads)
        place.mkdir()
        member.write(place)
        scores = member.score(rows.x[:2000], threads)
        found.append(sha256((describe_folder("model", place).digest + sha256(scores.tobytes())).encode()))
    return found


if __name__ == "__main__":
    with TemporaryDirectory() as scratch:
        sys.stdout.write(json.dumps(main(Path(scratch), sys.argv[1], int(sys.argv[2]))))
