"""A machine that cannot carry the bed is named in one line: the command itself, on a machine that lacks something."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cluster.bed.places import REPOSITORY

BED = [sys.executable, "-m", "tests.cluster.bed"]
# Inside mount namespaces of their own, whose mounts end with the command.
NO_OVERLAY = 'mount -t tmpfs none /sys/module && exec "$@"'
SMALL_DISK = 'mount -t tmpfs -o size=64m none "$XDG_CACHE_HOME" && exec "$@"'


def bed(verb: str, around: Sequence[str] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a verb with something taken away."""
    argv, env = [*around, *BED, verb], {**os.environ, **environment}
    return subprocess.run(argv, cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False)


def with_mounts(script: str) -> list[str]:
    """The words that run a command after a script in a mount namespace."""
    return ["unshare", "--mount", "sh", "-c", script, "sh"]


@pytest.fixture
def path_without(tmp_path: Path) -> Path:
    """A PATH of links to what the check itself runs; a test removes one."""
    for program in ("go", "unshare", "true", "mount", "umount"):
        found = shutil.which(program)
        assert found is not None
        (tmp_path / program).symlink_to(found)
    return tmp_path


@pytest.mark.parametrize(
    ("around", "reason"),
    [
        (["unshare", "--user"], "root is needed (network namespaces, mounts, cgroups)"),
        (["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"], "no network namespaces: unshare: "),
    ],
    ids=["no root", "no network namespaces"],
)
def test_without_root_or_namespaces_the_tests_are_excused_and_the_bed_is_not(around: list[str], reason: str) -> None:
    excused = bed("smoke", around)
    assert excused.returncode == 0, excused.stderr
    assert excused.stdout.startswith(f"cluster: impossible here: {reason}")
    assert excused.stdout.count("\n") == 1
    refused = bed("up", around)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == excused.stdout


@pytest.mark.parametrize(
    ("program", "reason"),
    [("go", "Go is not on PATH (the cluster is built from Go modules)"), ("unshare", "unshare (util-linux) is not on")],
)
def test_without_go_or_unshare_the_tests_are_excused(path_without: Path, program: str, reason: str) -> None:
    (path_without / program).unlink()
    excused = bed("smoke", PATH=str(path_without))
    assert excused.returncode == 0, excused.stderr
    assert excused.stdout.startswith(f"cluster: impossible here: {reason}")
    assert excused.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("script", "reason"),
    [(NO_OVERLAY, "the kernel has no overlay file systems"), (SMALL_DISK, "GB of disk are needed at")],
    ids=["no kernel feature", "no disk"],
)
def test_a_kernel_or_disk_that_lacks_something_is_a_failure_in_one_line(
    tmp_path: Path, script: str, reason: str
) -> None:
    refused = bed("smoke", with_mounts(script), XDG_CACHE_HOME=str(tmp_path))
    assert refused.returncode == 1, refused.stdout
    assert refused.stdout.startswith("cluster: impossible here: ")
    assert reason in refused.stdout
    assert refused.stdout.count("\n") == 1


def test_missing_packages_are_named_with_the_command_that_installs_them(path_without: Path) -> None:
    refused = bed("smoke", PATH=str(path_without), XDG_CACHE_HOME=str(path_without))
    assert refused.returncode == 1
    assert "run `make cluster-deps`, packages are missing: buildah" in refused.stdout
    assert refused.stdout.count("\n") == 1
