"""A run is a function of config, snapshot and code: where and how it runs shows in no digest.

Two runs differ from the first in every circumstance at once, which proves each axis alone: digests that agree under
all changes agree under each. ``test_controls.py`` shows for every axis that it can fail.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.determinism.conftest import First, Row
from tests.determinism.jobs import EXAMPLES, Made, Way, load, make_job, run
from tests.determinism.rules import copy_of_the_code
from tests.s3_server import make_bucket, mark_probed, s3_environment, s3_server

FAST = "species"
SLOW = [pytest.param(name, marks=() if name == FAST else (pytest.mark.slow,)) for name in EXAMPLES]
ELSEWHERE = ("other folder", "time zone", "threads", "code in another path", "locale C")
STRAINED = ("file or S3 store", "threads", "load", "--until, then resumed", "locale tr_TR")
REPLAYED = ("budget, then its replay", "locale de_DE")
BUDGET = ("automl.max_trials=null", "automl.time_budget=2")
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def compare(first: First, other: Made, axes: tuple[str, ...], row: Row) -> None:
    """Asserts that all digests of two whole runs agree, and adds a row for each axis."""
    assert first.made.differing(other) == []
    assert len(other.digests) >= 20
    assert other.model_id is not None
    for axis in axes:
        row(axis, first.job.name, len(other.digests))


@pytest.mark.parametrize("name", SLOW)
def test_a_run_elsewhere_gives_the_same_digests(
    name: str, first: Callable[[str], First], tmp_path: Path, row: Row
) -> None:
    job = make_job(name, tmp_path / "elsewhere" / "job")
    code = copy_of_the_code(tmp_path / "code")
    way = Way({"TZ": "Asia/Kolkata", **ASCII}, cpus=[0], slots=1, code=code)
    compare(first(name), run(job, tmp_path / "store", way), ELSEWHERE, row)


@pytest.mark.slow
def test_among_what_is_compared_is_a_calibrated_mean_of_two_models(first: Callable[[str], First]) -> None:
    from ml8s.storage import open_store
    from ml8s.storage.blobs import blob_key, read_manifest

    begun = first("churn")
    store = open_store(str(begun.store))
    described = read_manifest(store, begun.made.digests["artifact model"])
    files = {file.path: file.sha256 for file in described.files}
    assert {path.split("/")[1] for path in files if path.startswith("members/")} == {"lgbm", "linear"}
    model = json.loads(store.get(blob_key(files["model.json"])))
    assert model["calibration"]["maps"]


@pytest.mark.slow
@pytest.mark.parametrize("name", list(EXAMPLES))
def test_a_strained_and_interrupted_run_in_a_bucket_gives_the_same_digests(
    name: str, first: Callable[[str], First], locales: dict[str, dict[str, str]], row: Row
) -> None:
    from ml8s.storage import open_store

    begun = first(name)
    with s3_server() as endpoint, pytest.MonkeyPatch.context() as patch:
        for key, value in s3_environment(endpoint).items():
            patch.setenv(key, value)
        make_bucket(endpoint, "ml-store")
        mark_probed(open_store("s3://ml-store/team"))
        with load(4):
            half = run(begun.job, "s3://ml-store/team", Way(locales["tr_TR"], slots=3, until="featurize"))
            whole = run(begun.job, "s3://ml-store/team", Way(locales["tr_TR"], slots=3))
    assert half.steps == 3
    assert whole.steps < begun.made.steps, "what was done is not done again"
    compare(begun, whole, STRAINED, row)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(EXAMPLES))
def test_a_budgeted_run_and_its_replay_give_the_same_digests(
    name: str, first: Callable[[str], First], locales: dict[str, dict[str, str]], tmp_path: Path, row: Row
) -> None:
    job = first(name).job.but(*BUDGET)
    budgeted = run(job, tmp_path / "budgeted", Way(slots=1))
    replayed = run(job, tmp_path / "replayed", Way(locales["de_DE"], slots=2, replay=budgeted.trials))
    assert replayed.trials == budgeted.trials
    assert all(count >= 1 for count in budgeted.trials.values())
    assert budgeted.differing(replayed) == []
    assert budgeted.model_id is not None
    for axis in REPLAYED:
        row(axis, name, len(budgeted.digests))
