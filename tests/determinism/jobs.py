"""The micro jobs of the determinism matrix, and the circumstances in which they run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from ml8s.environment import PIN
from ml8s.examples.generate import publish
from ml8s.examples.snapshot import fields, write_snapshot

ROOT = Path(__file__).parents[2]
ONE_RUN = Path(__file__).with_name("one_run.py")
EXAMPLES = {
    "churn": (1500, "[lgbm, linear]"),
    "demand": (1600, "[lgbm, xgboost]"),
    "fraud": (4000, "[lgbm]"),
    "pricing": (1000, "[rf]"),
    "ranking": (2000, "[lgbm]"),
    "species": (900, "[linear]"),
}
MORE = {"churn": ("automl.blend=true", "evaluation.calibration=isotonic", "evaluation.threshold=f1")}
"""On top of a job's config: the mean of two models, which wins on these rows, its calibration and its threshold."""

SPECIES = """\
dataset_uri: data/
task: classification
target_column: species
seed: 7
split: {strategy: stratified}
"""


@dataclass(frozen=True)
class Job:
    """A config with its snapshot beside it, and what is set over the config."""

    name: str
    config: Path
    overrides: tuple[str, ...]

    def but(self, *overrides: str) -> Job:
        """The job with more overrides; of two for one key the later counts."""
        return Job(self.name, self.config, (*self.overrides, *overrides))


@dataclass(frozen=True)
class Way:
    """In what circumstances a job runs; none of them may show in a digest."""

    environment: Mapping[str, str] = field(default_factory=dict)
    cpus: Sequence[int] | None = None
    slots: int | None = None
    until: str | None = None
    replay: Mapping[str, int] | None = None
    code: Path = ROOT

    def by(self, code: Path) -> Way:
        """The same circumstances, with another copy of the code."""
        return replace(self, code=code)


@dataclass(frozen=True)
class Made:
    """What a run made: every digest by name, the trials of each estimator, the model's id, how many steps ran."""

    digests: Mapping[str, str]
    trials: Mapping[str, int]
    model_id: str | None
    steps: int

    def differing(self, other: Made) -> list[str]:
        """The names whose digests differ, or that only one of the two has."""
        names = sorted({*self.digests, *other.digests})
        return [name for name in names if self.digests.get(name) != other.digests.get(name)]


def make_job(name: str, folder: Path, rows: int | None = None) -> Job:
    """Publishes the snapshot of an example, or of the multiclass one that is made here, beside its config."""
    usual, estimators = EXAMPLES[name]
    folder.mkdir(parents=True)
    config = folder / f"{name}.yaml"
    if name == "species":
        _publish_species(folder / "data", rows or usual)
        config.write_text(SPECIES, encoding="utf-8")
    else:
        publish(name, folder / "data", rows=rows or usual)
        config.write_bytes((ROOT / "ml8s/examples" / f"{name}.yaml").read_bytes())
    usual_overrides = (f"automl.estimators={estimators}", "automl.max_trials=2", "evaluation.gates={}")
    return Job(name, config, (*usual_overrides, *MORE.get(name, ())))


def _publish_species(folder: Path, rows: int) -> None:
    """Three classes whose names are beyond ASCII, from two measures and a habitat."""
    random = np.random.default_rng(5)
    names = np.array(["Grünspecht", "İshakkuşu", "Weißstorch"])
    kind = random.integers(0, 3, rows)
    table = pa.table(
        {
            "wing": np.round(random.normal(20.0 + 6.0 * kind, 4.0), 2),
            "weight": np.round(random.gamma(3.0 + kind, 40.0), 1),
            "habitat": pa.array(np.array(["Wald", "köy", "Wiese"])[(kind + random.integers(0, 2, rows)) % 3]),
            "species": pa.array(names[kind]),
        }
    )
    write_snapshot(folder, {"train": table}, {"ml8s:version": 1, "fields": fields(table, {})})


def start(job: Job, store: str, way: Way) -> subprocess.Popen[str]:
    """Starts a run of a job in a pinned process."""
    asked = {
        "config": str(job.config), "overrides": job.overrides, "store": store, "until": way.until,
        "replay": way.replay, "slots": way.slots,
    }  # fmt: skip
    left_out = ("ML8S_STORE", "LOCPATH", "LC_ALL", "TZ")
    inherited = {name: value for name, value in os.environ.items() if name not in left_out}
    environment = {**inherited, **PIN, "PYTHONPATH": str(way.code), **way.environment}
    command = [sys.executable, "-P", str(ONE_RUN), json.dumps(asked)]
    if way.cpus is not None:
        command = ["taskset", "--cpu-list", ",".join(map(str, way.cpus)), *command]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> Made:
    """What a started run made; the test fails where the run did."""
    made = outcome(process)
    assert isinstance(made, Made), made[-3000:]
    return made


def outcome(process: subprocess.Popen[str]) -> Made | str:
    """What a started run made, or the words of its error."""
    out, err = process.communicate(timeout=600)
    if process.returncode:
        return err
    value = json.loads(out.splitlines()[-1])
    return Made(value["digests"], value["trials"], value["model_id"], value["steps"])


def run(job: Job, store: Path | str, way: Way | None = None) -> Made:
    """Runs a job to its end."""
    return finish(start(job, str(store), way or Way()))


@contextmanager
def load(burners: int = 4) -> Iterator[None]:
    """Processes that keep every CPU busy as long as the block lasts, and at most two minutes."""
    burn = "import time\nend = time.monotonic() + 120\nwhile time.monotonic() < end: sum(range(10000))"
    started = [subprocess.Popen([sys.executable, "-c", burn]) for _ in range(burners)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()
