"""A snapshot that changes behind its validation, seen by each later step that reads it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bad_input.case import Case, run_case
from tests.bad_input.child import run_bounded
from tests.bad_input.snapshots import write_config, write_snapshot
from tests.bad_input.tally import measured
from tests.data.conftest import sound_rows

STEPS = ("validate", "split", "featurize", "search", "select")
"""In the order of flow; those after a stop, and evaluate, meet the changed file."""


def changed_after(step: str) -> Callable[[Path], object]:
    """A run that stopped after a step, whose train.parquet then got another byte, with its size and time kept."""

    def make(folder: Path) -> None:
        path = write_snapshot(folder, sound_rows(rows=400)) / "train.parquet"
        write_config(folder, automl={"max_trials": 1, "estimators": ["linear"]}, evaluation={"gates": {}})
        said = run_bounded(["run", "config.yaml", "--until", step], folder)
        assert said.status == 0, said.words
        before, content = path.stat(), path.read_bytes()
        middle = len(content) // 2
        with path.open("r+b") as file:
            file.seek(middle)
            file.write(bytes([content[middle] ^ 1]))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    return make


@pytest.mark.parametrize(
    "step", ["validate", *(pytest.param(one, marks=pytest.mark.slow) for one in ("split", "select"))]
)
def test_a_snapshot_that_changed_is_refused_by_the_next_step_that_reads_it(
    step: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    case = Case(
        f"a snapshot that changed after {step}", "run config.yaml", "ML8S-D008", ("changed", "immutable"),
        "train.parquet", make=changed_after(step), before=STEPS[: STEPS.index(step) + 1],
    )  # fmt: skip
    said = run_case(case, tmp_path / "case")
    record_property(*measured("data: changed snapshots", said.seconds, said.megabytes))
