"""Several processes with one config on one store, and one that sleeps while another finishes its work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from ml8s.storage import open_store
from tests.crash.soundness import assert_sound, results
from tests.runner import stub
from tests.runner.desk import Desk

PROGRAM = """
import sys
from pathlib import Path
from tests.runner.desk import Desk
print(Desk(Path(sys.argv[1])).train(slots=1).model_id)
"""


def run(desk: Desk, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(desk.root)]
    return subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)


def assert_one_model(desk: Desk, answers: set[str]) -> None:
    store = open_store(str(desk.store))
    assert len(answers) == 1
    kinds = assert_sound(store)
    assert (kinds["claims"], kinds["records"], kinds["events"]) == (1, 1, 1)
    before = results(store)
    desk.calls()
    assert {f"{desk.train(slots=1).model_id}\n"} == answers
    assert desk.calls() == []
    assert results(store) == before


@pytest.mark.parametrize("processes", [3, pytest.param(8, marks=pytest.mark.slow)])
def test_processes_at_once_end_at_one_model(desk: Desk, processes: int) -> None:
    runs = [run(desk) for _ in range(processes)]
    answers = {each.communicate(timeout=240)[0] for each in runs}
    assert [each.returncode for each in runs] == [0] * processes
    assert_one_model(desk, answers)


@pytest.mark.parametrize("seconds", [1, pytest.param(60, marks=pytest.mark.slow)])
def test_a_process_that_slept_while_another_finished_ends_at_the_same_model(desk: Desk, seconds: int) -> None:
    sleeper = run(desk)
    deadline = time.monotonic() + 60
    while "read" not in stub.calls(desk.root / "calls"):
        assert time.monotonic() < deadline
        time.sleep(0.002)
    sleeper.send_signal(signal.SIGSTOP)
    try:
        other = desk.train(slots=1)
        time.sleep(seconds)
    finally:
        sleeper.send_signal(signal.SIGCONT)
    answer = sleeper.communicate(timeout=240)[0]
    assert sleeper.returncode == 0
    assert_one_model(desk, {answer, f"{other.model_id}\n"})
