"""The control groups below which all pods live, on cgroup v1 and v2."""

import time
from pathlib import Path

from tests.cluster.bed.settings import CGROUP

_ROOT = Path("/sys/fs/cgroup")


def _hierarchies() -> list[Path]:
    """Return the roots: one on v2, one for each controller on v1."""
    if (_ROOT / "cgroup.controllers").exists():
        return [_ROOT]
    return [path for path in sorted(_ROOT.iterdir()) if path.is_dir() and (path / "cgroup.procs").exists()]


def create() -> None:
    """Make the bed's group in every hierarchy, as kubelet wants to find it."""
    for root in _hierarchies():
        group = root / CGROUP.strip("/")
        group.mkdir(exist_ok=True)
        for name in ("cpuset.cpus", "cpuset.mems"):
            # On v1 a group without processors and memory can hold no process.
            if (root / name).exists() and (group / name).exists() and not (group / name).read_text().strip():
                (group / name).write_text((root / name).read_text())


def groups() -> list[Path]:
    """Return the bed's groups that exist, the deepest first."""
    found = []
    for root in _hierarchies():
        top = root / CGROUP.strip("/")
        if top.exists():
            found += [top, *(path for path in top.rglob("*") if path.is_dir())]
    return sorted(found, key=lambda path: len(path.parts), reverse=True)


def processes() -> set[int]:
    """Return the processes of all pods."""
    pids: set[int] = set()
    for group in groups():
        try:
            pids |= {int(pid) for pid in (group / "cgroup.procs").read_text().split()}
        except OSError:
            continue
    return pids


def remove(seconds: float = 10) -> None:
    """Remove the groups; an ended process may hold one for a moment longer."""
    deadline = time.monotonic() + seconds
    while left := groups():
        for group in left:
            try:
                group.rmdir()
            except OSError:
                continue
        if time.monotonic() > deadline:
            return
        time.sleep(0.05)
