"""A catalogue of tiny steps with the shape of the real one: read, tune (fanned out, budgeted), judge, register.

Each call writes a line into the folder named by STUB_CALLS, so that a test counts them; further variables make a step
slow, fail or lie.
"""

from __future__ import annotations

import errno
import os
import time
import uuid
from pathlib import Path

from ml8s.catalogue import Port, StepSpec
from ml8s.pipelines.pipeline import Pipeline
from ml8s.runner.program import Program

SNAPSHOT = Port("snapshot", "snapshot", "")
DATASET = Port("dataset", "dataset", "")
CATALOGUE = (
    StepSpec("read", "Reads.", (SNAPSHOT,), (DATASET,), reads=("target_column",)),
    StepSpec(
        "tune",
        "Tunes.",
        (DATASET,),
        (Port("candidate", "candidate", ""), Port("trials", "trials", "")),
        reads=("seed", "automl.time_budget", "automl.max_trials"),
        fan_out="automl.estimators",
        budgeted=True,
    ),
    StepSpec(
        "judge",
        "Judges.",
        (SNAPSHOT, DATASET, Port("candidate", "candidate", "", many=True)),
        (Port("verdict", "verdict", ""), Port("metrics", "metrics", ""), Port("report", "report", "")),
        reads=("evaluation",),
    ),
    StepSpec("enroll", "Registers.", (DATASET, Port("verdict", "verdict", "")), (), reads=("name",), effect=True),
)
PROGRAM = Program(Pipeline("stub", ("read", "tune", "judge", "enroll")), CATALOGUE, "tests.runner.stub")


def called(label: str) -> None:
    """Leaves a trace of a call, then does what the environment asks of this step."""
    Path(os.environ["STUB_CALLS"], f"{label}~{uuid.uuid4().hex}").touch()
    if os.environ.get("STUB_SLOW") == label:
        time.sleep(60)
    if label.startswith(os.environ.get("STUB_LACK_IN", "")):
        lack(os.environ.get("STUB_LACK", ""))
    if os.environ.get("STUB_BUG") == label:
        raise ZeroDivisionError(f"division by zero in {label} with {os.environ.get('AWS_SECRET_ACCESS_KEY')}")
    if os.environ.get("STUB_EXIT") == label:
        os._exit(9)
    if os.environ.get("STUB_DIE") == label:
        os.kill(os.getpid(), 9)


def lack(what: str) -> None:
    """Fails as a machine does that has no more of something."""
    if what == "space":
        raise OSError(errno.ENOSPC, "No space left on device")
    if what == "file":
        raise OSError(errno.EFBIG, "File too large")
    if what == "memory":
        raise MemoryError


def calls(folder: Path) -> list[str]:
    """Which steps were called, sorted."""
    return sorted(path.name.partition("~")[0] for path in folder.iterdir())
