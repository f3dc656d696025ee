"""The bed comes up from any state, and leaves nothing behind; these tests start and stop it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.bed import daemons, machine, network, tear_down
from tests.cluster.bed.commands import run
from tests.cluster.bed.places import NETWORK, REPOSITORY, Places, standard
from tests.cluster.bed.waiting import until

BED = [sys.executable, "-m", "tests.cluster.bed"]
OVERCOMMIT = Path("/proc/sys/vm/overcommit_memory")


def bed(verb: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a verb to its end."""
    env = {**os.environ, **environment}
    return subprocess.run([*BED, verb], cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False)


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


def interrupted(milestone: str, seconds: float, **environment: str) -> int:
    """Ctrl-C to `up` some time after it said something: to its whole group, as a terminal does. Returns its status."""
    process = subprocess.Popen(
        [*BED, "up"],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if milestone in line:
            break
    else:
        pytest.fail(f"it never said {milestone!r}:\n{''.join(said)}")
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=120)
    return process.returncode


# What is going on at each: the first daemons start; certificates are made and images loaded; the bucket is raced for;
# kinds are applied; controllers start; all is up but the wrappers.
@pytest.mark.parametrize(
    ("milestone", "seconds"),
    [
        ("starting the cluster", 0.0),
        ("starting the cluster", 0.5),
        ("starting the cluster", 1.5),
        ("the API server: yes", 0.0),
        ("the API server: yes", 1.0),
        ("CRDs established: yes", 0.1),
        ("node Ready: yes", 0.2),
    ],
)
def test_an_interrupted_start_is_cleaned_by_down(places: Places, milestone: str, seconds: float) -> None:
    assert interrupted(milestone, seconds) == 130

    done = bed("down")

    assert done.returncode == 0, done.stderr
    assert tear_down.leftovers(places) == []


@pytest.fixture
def bare_cache(tmp_path: Path, places: Places) -> Iterator[Places]:
    """The places of a bed whose cache is empty; Go's own stays where it is."""
    found = replace(places, cache=tmp_path / "ml8s")
    yield found
    tear_down.down(found)


@pytest.mark.parametrize(
    ("milestone", "kept"),
    [
        ("building etcd", ()),
        ("building image localhost/pause", ("binaries",)),
        ("building image localhost/base", ("binaries",)),
    ],
)
def test_an_interrupted_build_is_cleaned_by_down_and_leaves_nothing_half_made(
    places: Places, bare_cache: Places, milestone: str, kept: tuple[str, ...]
) -> None:
    bare_cache.cache.mkdir(parents=True)
    for name in kept:
        (bare_cache.cache / name).symlink_to(places.cache / name)
    go = {"GOCACHE": run(["go", "env", "GOCACHE"]).strip(), "XDG_CACHE_HOME": str(bare_cache.cache.parent)}
    assert interrupted(milestone, 3.0, **go) == 130

    done = bed("down", **go)

    assert done.returncode == 0, done.stderr
    assert tear_down.leftovers(bare_cache) == []
    assert not (bare_cache.cache / "work").exists()
    whole = [path.name for path in bare_cache.images.glob("*")] if bare_cache.images.exists() else []
    assert [name for name in whole if "base" in name or not name.endswith(".tar")] == []


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
