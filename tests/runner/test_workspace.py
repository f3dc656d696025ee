"""Scratch: gone when a run ends, also after it was killed, and never a living run's."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pyarrow as pa
import pytest

from ml8s.data.parquet import write_table
from ml8s.errors import InputMissing, InvalidConfig, Problem, StepDied, StoreFull
from ml8s.runner.exhaustion import exhausted
from ml8s.runner.relay import error_from_json, error_to_json
from ml8s.runner.replay import recorded_trials
from ml8s.runner.workspace import LOCK, PREFIX, Scratch, Workspace
from ml8s.storage import open_store
from tests.runner.desk import Desk

HOLD = """
import sys, time
from pathlib import Path
from ml8s.runner.workspace import Scratch
with Scratch(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_scratch_of_a_killed_run_is_removed_and_that_of_a_living_one_kept(tmp_path: Path) -> None:
    living, killed = (
        subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) for _ in range(2)
    )
    for process in (living, killed):
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
    killed.kill()
    killed.wait()
    (tmp_path / f"{PREFIX}young").mkdir()  # made a moment ago, its lock is still to come
    assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 3
    with Scratch(tmp_path) as workspace:
        assert workspace.root.is_dir()
        assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 3
    assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 2
    living.kill()
    living.wait()


def test_scratch_is_removed_whatever_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Scratch(tmp_path) as workspace:
        (workspace.fresh("step") / "file").write_text("content")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_runs_that_start_at_once_leave_each_others_scratch_alone(tmp_path: Path) -> None:
    def start_often(_: int) -> int:
        for _ in range(100):
            with Scratch(tmp_path) as workspace:
                workspace.fresh("step")
        return 100

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(start_often, range(6))) == [100] * 6
    assert list(tmp_path.iterdir()) == []


def test_scratch_whose_removal_is_interrupted_is_removed_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second Ctrl-C anywhere in the removal; when the lock goes, only the empty folder is left to remove."""
    for place in range(3):  # a file, its folder, the folder of all such: what goes before the lock
        left = [place]

        def unless_interrupted(remove: Callable[..., None], left: list[int] = left) -> Callable[..., None]:
            def call(*arguments: object, **named: object) -> None:
                if not left[0]:
                    raise KeyboardInterrupt
                left[0] -= 1
                remove(*arguments, **named)

            return call

        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt), Scratch(tmp_path) as workspace:
            (workspace.fresh("step") / "file").write_text("content")
            for name in ("unlink", "rmdir"):
                patched.setattr(os, name, unless_interrupted(getattr(os, name)))
        [folder] = tmp_path.iterdir()
        assert (folder / LOCK).exists()
        with Scratch(tmp_path):
            assert not folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_a_child_is_the_same_error_in_its_parent() -> None:
    several = InvalidConfig("bad", where="a.yaml", cure="mend", problems=[Problem("x", "a.yaml:1:1", "y", "z")])
    found = error_from_json(error_to_json(several))
    assert (type(found), found.message, found.where, found.cure) == (InvalidConfig, "bad", "a.yaml", "mend")
    assert found.problems == several.problems
    missing = error_from_json(error_to_json(InputMissing("gone", producer="split", cure="again")))
    assert isinstance(missing, InputMissing)
    assert missing.producer == "split"


def test_the_trials_of_a_run_are_known_by_its_attempt_and_its_run_key(desk: Desk) -> None:
    trained = desk.train("automl.max_trials=5")
    store = open_store(str(desk.store))
    assert recorded_trials(store, trained.attempt) == {"lgbm": 5, "rf": 5}
    assert recorded_trials(store, str(trained.run_key)[:12]) == {"lgbm": 5, "rf": 5}


@pytest.mark.parametrize("step", ["read", "tune[rf]"], ids=["here", "in a child"])
@pytest.mark.parametrize(("lack", "expected"), [("space", StoreFull), ("file", StoreFull), ("memory", StepDied)])
def test_a_machine_without_space_or_memory_is_no_bug(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, lack: str, expected: type[Exception], step: str
) -> None:
    monkeypatch.setenv("STUB_LACK", lack)
    monkeypatch.setenv("STUB_LACK_IN", step)
    with pytest.raises(expected) as caught:
        desk.train()
    assert getattr(caught.value, "exit_status", None) == 3
    monkeypatch.delenv("STUB_LACK")
    assert desk.train().model_id is not None


def write_by_numpy(path: Path) -> None:
    np.save(path, np.zeros(10_000), allow_pickle=False)


def write_by_python(path: Path) -> None:
    path.write_bytes(bytes(80_000))


def write_by_arrow(path: Path) -> None:
    write_table(pa.table({"x": np.random.default_rng(0).random(10_000)}), path)


@pytest.mark.parametrize("write", [write_by_numpy, write_by_python, write_by_arrow])
def test_a_file_beyond_the_limit_of_the_system_is_no_bug(tmp_path: Path, write: Callable[[Path], None]) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OSError) as caught:
            write(tmp_path / "file")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(exhausted(caught.value, "featurize"), StoreFull)
    assert exhausted(FileNotFoundError(2, "no such file"), "featurize") is None
    assert exhausted(ValueError("8 requested and 4 written"), "featurize") is None


def test_processes_that_make_the_same_artifact_at_once_keep_one_folder_of_it(tmp_path: Path) -> None:
    workspace, rounds, writers = Workspace(tmp_path), 150, 4
    barrier = Barrier(writers)

    def keep_all() -> None:
        for number in range(rounds):
            folder = workspace.fresh("candidate")
            (folder / "file").write_text("content")
            barrier.wait(60)
            workspace.keep(f"{number:064x}", folder)

    with ThreadPoolExecutor(writers) as pool:
        for done in [pool.submit(keep_all) for _ in range(writers)]:
            done.result()
    kept = sorted((tmp_path / "artifacts").iterdir())
    assert len(kept) == rounds
    assert all((folder / "file").read_text() == "content" for folder in kept)
    assert list((tmp_path / "out").iterdir()) == []
