"""Scratch: gone when a run ends, also after it was killed, and never a living run's."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from ml8s.errors import InputMissing, InvalidConfig, Problem, StepDied, StoreFull
from ml8s.runner.relay import error_from_json, error_to_json
from ml8s.runner.replay import recorded_trials
from ml8s.runner.workspace import PREFIX, Scratch, Workspace
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


@pytest.mark.parametrize(("lack", "expected"), [("space", StoreFull), ("memory", StepDied)])
def test_a_machine_without_space_or_memory_is_no_bug(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, lack: str, expected: type[Exception]
) -> None:
    monkeypatch.setenv("STUB_LACK", lack)
    with pytest.raises(expected) as caught:
        desk.train()
    assert getattr(caught.value, "exit_status", None) == 3
    monkeypatch.delenv("STUB_LACK")
    assert desk.train().model_id is not None


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
