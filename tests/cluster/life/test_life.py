"""The bed comes up from any state, and leaves nothing behind; these tests start and stop it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.bed import daemons, machine, network, tear_down
from tests.cluster.bed.commands import run
from tests.cluster.bed.places import NETWORK, REPOSITORY, Places, standard
from tests.cluster.bed.waiting import until

BED = [sys.executable, "-m", "tests.cluster.bed"]
OVERCOMMIT = Path("/proc/sys/vm/overcommit_memory")


def bed(verb: str) -> subprocess.CompletedProcess[str]:
    """Run a verb to its end."""
    return subprocess.run([*BED, verb], cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.fixture
def places() -> Iterator[Places]:
    """The places of a bed that is down, before and after the test."""
    found = standard()
    tear_down.down(found)
    yield found
    tear_down.down(found)


def test_a_bed_that_went_down_leaves_no_process_mount_namespace_cgroup_or_file(places: Places) -> None:
    before = OVERCOMMIT.read_text()
    strays = [Path(folder) for folder in machine.STRAY_FOLDERS if not Path(folder).exists()]
    assert bed("up").returncode == 0
    assert bed("status").returncode == 0

    done = bed("down")

    assert done.returncode == 0, done.stderr
    assert tear_down.leftovers(places) == []
    assert [folder for folder in strays if folder.exists()] == []
    assert OVERCOMMIT.read_text() == before


def test_a_half_dead_bed_is_named_by_status_and_replaced_by_up(places: Places) -> None:
    assert bed("up").returncode == 0
    for name in ("containerd", "etcd"):
        os.kill(daemons.read(places)[name].pid, signal.SIGKILL)
    until("their end", lambda: len(daemons.dead(places)) >= 2, seconds=10)

    told = bed("status")
    assert told.returncode == 1
    assert "containerd               DEAD" in told.stdout

    again = bed("up")
    assert again.returncode == 0, again.stderr
    assert "taking it down first" in again.stderr
    assert bed("status").returncode == 0


@pytest.mark.parametrize("milestone", ["starting the cluster", "the API server: yes"])
def test_an_interrupted_start_is_cleaned_by_down(places: Places, milestone: str) -> None:
    process = subprocess.Popen([*BED, "up"], cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if milestone in line:
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode != 0

    done = bed("down")

    assert done.returncode == 0, done.stderr
    assert tear_down.leftovers(places) == []


def test_a_namespace_name_taken_by_something_else_is_named_and_left_alone(places: Places) -> None:
    run(["ip", "netns", "add", NETWORK])
    try:
        refused = bed("up")
        assert refused.returncode == 1
        assert f"network namespace {NETWORK} exists and no bed recorded it" in refused.stderr
        assert network.exists()
    finally:
        network.delete()


def test_a_second_up_leaves_a_whole_bed_alone(places: Places) -> None:
    assert bed("up").returncode == 0
    first = {name: started.pid for name, started in daemons.read(places).items()}

    assert bed("up").returncode == 0

    assert {name: started.pid for name, started in daemons.read(places).items()} == first
