"""Threads and the order of rows, where they would show first: in the learners and in the folds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ml8s.environment import PIN
from tests.determinism import rules
from tests.determinism.conftest import Row
from tests.determinism.jobs import ROOT
from tests.determinism.rules import copy_of_the_code

THREAD_JOB = Path(__file__).with_name("thread_job.py")
FOLD_JOB = Path(__file__).with_name("fold_job.py")
SIZES = (20_000, 60_000, 180_000)
FEW = 1000


def answer(script: Path, code: Path, *arguments: str) -> object:
    """What a script prints, run with the package of a folder."""
    environment = {**os.environ, **PIN, "PYTHONPATH": f"{code}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-P", str(script), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def by_threads(code: Path, estimator: str, rows: int) -> list[str]:
    """The digests with 1, 2 and 3 threads."""
    found = answer(THREAD_JOB, code, estimator, str(rows))
    assert isinstance(found, list)
    return [str(digest) for digest in found]


@pytest.mark.slow
def test_the_number_of_threads_shows_in_lightgbm_without_its_rules(tmp_path: Path, row: Row) -> None:
    without = copy_of_the_code(tmp_path / "code", rules.COLUMN_WISE, rules.EXACT_HISTOGRAMS)
    for size in SIZES:
        digests = by_threads(without, "lgbm", size)
        if len(set(digests)) > 1:
            break
    assert len(set(digests)) > 1
    assert len(set(by_threads(ROOT, "lgbm", size))) == 1, "with the rules in place the same rows agree"
    row("threads", f"lgbm, {size:,} rows", 3)
    names = f"{rules.COLUMN_WISE.name} and {rules.EXACT_HISTOGRAMS.name}"
    row("threads", "lgbm", 0, f"without '{names}' {len(set(digests))} digests of 1, 2 and 3 threads, {size:,} rows")


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "rows"), [("xgboost", SIZES[0]), ("rf", FEW), ("extra_tree", FEW)])
def test_the_number_of_threads_does_not_show_in_other_families(estimator: str, rows: int, row: Row) -> None:
    assert len(set(by_threads(ROOT, estimator, rows))) == 1
    row("threads", f"{estimator}, {rows:,} rows", 3)


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ["rf", "extra_tree"])
def test_forests_show_the_order_in_which_threads_finish(estimator: str, tmp_path: Path, row: Row) -> None:
    code = copy_of_the_code(tmp_path / "code", rules.ORDER_OF_TREES)
    digests = by_threads(code, estimator, FEW)
    assert len(set(digests)) == 3
    row("threads", estimator, 0, f"{estimator} without '{rules.ORDER_OF_TREES.name}': 3 digests of 3 runs")


def test_the_order_of_rows_shows_where_a_fold_is_no_hash(tmp_path: Path, row: Row) -> None:
    assert answer(FOLD_JOB, ROOT) == {"random": 0, "stratified": 0}
    moved = answer(FOLD_JOB, copy_of_the_code(tmp_path / "code", rules.HASHED_ROWS))
    assert isinstance(moved, dict)
    assert min(moved.values()) > 0
    row("order of rows", "folds of 1,200 rows", 2)
    row("order of rows", "folds", 0, f"without '{rules.HASHED_ROWS.name}' {moved['random']} of 1,200 rows move")
