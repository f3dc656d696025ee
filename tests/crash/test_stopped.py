"""Runs that are stopped by a signal, a full or read-only disk, a quota or a failing device: the exit status says so."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time

import pytest

from ml8s.errors import AccessDenied, ML8sError
from ml8s.storage import open_store
from tests.crash.mortal import at_operation, in_a_fork
from tests.crash.soundness import assert_sound, results
from tests.runner import stub
from tests.runner.desk import Desk

PROGRAM = """
import sys
from pathlib import Path
import ml8s.cli
from tests.runner.desk import Desk

ml8s.cli._invoke = lambda _: print(Desk(Path(sys.argv[1])).train(slots=1).model_id) or 0
sys.exit(ml8s.cli.main([]))
"""


def started(desk: Desk, slow: str) -> subprocess.Popen[str]:
    """A run behind the command line's own handling of exceptions, once it is in its slow step."""
    run = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(desk.root)],
        env={**os.environ, "STUB_SLOW": slow},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while slow not in stub.calls(desk.root / "calls"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return run


@pytest.mark.parametrize(
    ("number", "times", "status"),
    [(signal.SIGINT, 1, 130), (signal.SIGINT, 2, 130), (signal.SIGTERM, 1, 143)],
    ids=["ctrl-c", "ctrl-c twice", "sigterm"],
)
def test_a_signal_ends_a_run_with_its_status_and_the_next_goes_on(
    desk: Desk, number: signal.Signals, times: int, status: int
) -> None:
    run = started(desk, "judge")
    for _ in range(times):
        run.send_signal(number)
        time.sleep(0.01)
    _, said = run.communicate(timeout=60)
    assert run.returncode == status, said
    assert "Traceback" not in said
    store = open_store(str(desk.store))
    assert_sound(store)
    desk.calls()
    assert desk.train(slots=1).model_id is not None
    assert desk.calls() == ["enroll", "judge"]
    assert_sound(store)


def status_where_an_operation_fails(desk: Desk, number: int, code: int) -> int:
    """The exit status of a run whose n-th operation on a file of the store fails; 0 where it could do without."""

    def fail() -> None:
        raise OSError(code, os.strerror(code), str(desk.store))

    def run() -> int:
        at_operation(desk.store, number, fail)
        try:
            desk.train(slots=1)
        except ML8sError as error:
            assert error.cure
            assert str(desk.store) in f"{error.message}{error.where}"
            return error.exit_status
        return 0

    answer = in_a_fork(run)
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    ("code", "status"),
    [(errno.ENOSPC, 3), (errno.EDQUOT, 3), (errno.EIO, 3), (errno.EROFS, 4), (errno.EACCES, 4)],
    ids=["full", "quota", "broken", "read-only", "forbidden"],
)
def test_a_disk_that_fails_inside_a_write_is_named_and_the_next_run_goes_on(desk: Desk, code: int, status: int) -> None:
    reference = desk.train(slots=1, store=str(desk.root / "reference"))
    expected = results(open_store(str(desk.root / "reference")))
    found = set()
    for number in (2, 40, 90, 170, 260, 380):
        found.add(status_where_an_operation_fails(desk, number, code))
        assert_sound(open_store(str(desk.store)))
    assert found <= {0, status}
    assert status in found
    assert desk.train(slots=1).run_key == reference.run_key
    assert results(open_store(str(desk.store))) == expected
    assert assert_sound(open_store(str(desk.store)))["records"] == 1


def test_a_store_that_is_read_only_is_refused_before_any_step(desk: Desk) -> None:
    with pytest.raises(AccessDenied) as caught:
        desk.train(slots=1, store="/sys/ml8s-store")
    assert caught.value.exit_status == 4
    assert desk.calls() == []
