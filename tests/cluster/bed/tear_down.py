"""Taking the bed down, whatever state it is in, and asserting that nothing is left."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.cluster.bed import cgroups, daemons, images, machine, network
from tests.cluster.bed.commands import run
from tests.cluster.bed.places import NETWORK, Places
from tests.cluster.bed.problem import BedError

# The control plane first, so that nothing starts pods while they are ended;
# containerd last, because it is asked to forget its containers.
_LAST = "containerd"


def down(places: Places) -> None:
    """End every process of the bed, remove every trace outside the cache, and check.

    It works from whatever an earlier run left, and on a machine without a bed
    it does nothing. Raises BedError naming what could not be removed.
    """
    known = daemons.read(places)
    first = [started.pid for name, started in known.items() if name != _LAST and started.alive()]
    daemons.end_all(first, seconds=8)
    daemons.end_all(sorted(cgroups.processes()), how=signal.SIGKILL)
    if _LAST in known and known[_LAST].alive():
        _forget_containers(places)
        daemons.stop(known[_LAST])
    elif places.state.exists() and places.containerd.exists():
        _mark_stale(places)
    daemons.end_all(sorted(_left_processes(places)), how=signal.SIGKILL)
    _unmount(places)
    cgroups.remove()
    network.delete()
    machine.restore_settings(places)
    strays = machine.stray_folders(places)
    for folder in [*strays, *places.volatile, places.cache / "work"]:
        shutil.rmtree(folder, ignore_errors=True)
    left = [*leftovers(places), *(f"folder {folder}" for folder in strays if folder.exists())]
    if left:
        raise BedError("left behind after cluster-down:\n  " + "\n  ".join(left))


def _forget_containers(places: Places) -> None:
    """Leave images alone in containerd's root, or remove the root when that fails.

    A root with half-removed containers would confuse the next run; importing
    the images anew costs seconds.
    """
    try:
        for task in images.ctr(places, "tasks", "ls", "-q", seconds=10).split():
            images.ctr(places, "tasks", "rm", "--force", task, seconds=10)
        for container in images.ctr(places, "containers", "ls", "-q", seconds=10).split():
            images.ctr(places, "containers", "rm", container, seconds=10)
    except BedError:
        _mark_stale(places)


def _mark_stale(places: Places) -> None:
    places.containerd.joinpath("stale").touch()


def discard_stale_images(places: Places) -> None:
    """Remove containerd's root where an earlier run could not leave it clean."""
    if places.containerd.joinpath("stale").exists():
        shutil.rmtree(places.containerd)


def _left_processes(places: Places) -> set[int]:
    """Find processes by where they live: the network, the pods' groups, containerd's shims, builds."""
    found = network.processes() | cgroups.processes()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (_is_shim(entry, places) or _builds(entry, places)):
            found.add(int(entry.name))
    return {pid for pid in found if daemons.birth_of(pid)} - _own_family()


def _is_shim(process: Path, places: Places) -> bool:
    """Say whether a folder of /proc is of a shim of the bed's containerd."""
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"containerd-shim" in words[0] and str(places.containerd_socket).encode() in words


def _builds(process: Path, places: Places) -> bool:
    """Say whether a folder of /proc is of a program that an interrupted build left: it works, or is rooted, there."""
    work = places.cache / "work"
    for link in ("cwd", "root"):
        try:
            if (process / link).readlink().is_relative_to(work):
                return True
        except OSError:
            continue
    return False


def _own_family() -> set[int]:
    """Return this process and its ancestors, which may stand inside the network."""
    family, pid = set(), os.getpid()
    while pid > 0:
        family.add(pid)
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
    return family


def _mounts(places: Places) -> list[str]:
    """Return the bed's mount points, the deepest first."""
    roots = tuple(f"{folder}/" for folder in (*places.volatile, places.cache))
    points = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return sorted((p for p in points if f"{p}/".startswith(roots)), key=len, reverse=True)


def _unmount(places: Places) -> None:
    for point in _mounts(places):
        subprocess.run(["umount", "--lazy", point], capture_output=True, check=False)


def leftovers(places: Places) -> list[str]:
    """Name every process, mount, namespace, control group and folder that is left."""
    left = [f"process {pid}: {_command(pid)}" for pid in sorted(_left_processes(places))]
    left += [f"mount {point}" for point in _mounts(places)]
    left += [f"network namespace {NETWORK}"] if network.exists() else []
    left += [f"control group {group}" for group in cgroups.groups()]
    left += [f"folder {folder}" for folder in places.volatile if folder.exists()]
    return left


def _command(pid: int) -> str:
    try:
        return run(["ps", "-o", "args=", "-p", str(pid)]).strip()
    except BedError:
        return "ended by now"
