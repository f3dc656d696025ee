"""Runs a command twice on a small tmpfs that has almost no room left: as it is, and after room was made.

The tmpfs is mounted in a mount namespace of this process alone: nothing is left of it, however the process ends. As
root that takes CAP_SYS_ADMIN; anybody else gets it in a user namespace, where the kernel gives those.

The single argument is JSON: ``place`` (the folder to mount on), ``options`` (of the mount), ``free`` (bytes that are
left to the first run), ``command`` (a list) and ``store`` (the folder of the store).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from ml8s.storage import open_store
from tests.crash.soundness import assert_sound, results

WAYS = (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"])


@dataclass(frozen=True)
class End:
    """How a run ended, and what lay in the store then: objects by kind, outputs by step key."""

    status: int
    said: str
    kinds: dict[str, int]
    results: dict[str, dict[str, str]]


def way_to_mount(place: Path) -> list[str]:
    """The words before a command that may then mount a tmpfs on a folder.

    Raises:
        AssertionError: this machine allows no mount, neither to root nor in a user namespace.
    """
    said = []
    for way in WAYS:
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
        tried = subprocess.run([*way, *mount], capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            return way
        said.append(f"{' '.join(way)}: {tried.stderr.strip()}")
    raise AssertionError(f"no small disk can be mounted here, and this test needs one: {'; '.join(said)}")


def on_a_small_disk(place: Path, options: str, free: int | None, command: list[str], store: Path) -> tuple[End, End]:
    """Both ends of a command, run on a tmpfs that other data fills up to ``free`` bytes; then those are gone."""
    place.mkdir(parents=True, exist_ok=True)
    asked = {"place": str(place), "options": options, "free": free, "command": command, "store": str(store)}
    words = [*way_to_mount(place), sys.executable, "-m", "tests.crash.small_disk", json.dumps(asked)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (End(**value) for value in json.loads(done.stdout))
    return first, second


def ended(command: list[str], store: Path) -> End:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    there = open_store(str(store))
    return End(done.returncode, done.stderr, dict(assert_sound(there)), results(there))


def fill(place: Path, free: int) -> Path:
    """A file that leaves this many bytes of the disk."""
    ballast = place / "other-data"
    disk = os.statvfs(place)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize - free)
    return ballast


def main(place: Path, options: str, free: int | None, command: list[str], store: Path) -> list[dict[str, object]]:
    """The two ends; without ``free`` the mount's own options leave too little, and it is mounted anew to give more."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)
    ballast = None if free is None else fill(place, free)
    first = ended(command, store)
    if ballast is None:
        subprocess.run(["mount", "-o", "remount,size=1g,nr_inodes=100000", str(place)], check=True)
    else:
        ballast.unlink()
    return [asdict(first), asdict(ended(command, store))]


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    found = main(Path(given["place"]), given["options"], given["free"], given["command"], Path(given["store"]))
    sys.stdout.write(json.dumps(found))
