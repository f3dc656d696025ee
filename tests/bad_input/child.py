"""One command in a child process under limits: what it answered, said, took and left behind.

The command is the console script that the installation put beside this Python.

The guard against hanging is 30 s of a machine that is free; where several processes wait for each CPU, it is as many
times longer.

The limit on memory is RLIMIT_DATA (private writable memory), which a child inherits: the address space that Arrow,
OpenBLAS and LightGBM reserve and never touch does not count. The most that was resident is reported beside it.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ml8s
from tests.busy import times_longer

HANG_SECONDS: Final = 30
HANGED: Final = -signal.SIGKILL
MEMORY_BYTES: Final = 1 << 30
TREE: Final = str(Path(ml8s.__file__).parents[1])
COMMAND: Final = (str(Path(sys.executable).with_name("ml8s")),)

_REMOVED: Final = ("NO_COLOR", "FORCE_COLOR", "ML8S_STORE", "ML8S_PLATFORM", "COLUMNS", "AWS_PROFILE")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered: exit status (negative: killed by that signal), its two streams, seconds, MB."""

    status: int
    out: str
    err: str
    seconds: float
    megabytes: float

    @property
    def words(self) -> str:
        """Both streams."""
        return self.out + self.err


def environment(temporary: Path, more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, which is pinned, for a child whose temporary files lie in a folder of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in _REMOVED}
    return {**kept, "PYTHONPATH": TREE, "TMPDIR": str(temporary), "AWS_EC2_METADATA_DISABLED": "true", **more}


def run_bounded(
    arguments: Sequence[str],
    folder: Path,
    *,
    more: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    stdout: str = "",
) -> Said:
    """Runs ``ml8s`` with these arguments in a folder; a child that hangs for 30 s is killed, with its own children.

    ``stdout`` names a file (say /dev/full) that takes the output instead; ``-`` closes it.
    """
    beside = folder.parent / f"{folder.name}-process"
    (beside / "tmp").mkdir(parents=True, exist_ok=True)
    (beside / "in").write_bytes(stdin)
    words = [*COMMAND, *arguments]
    if stdout == "-":
        words = ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *words]
    began = time.monotonic()
    with (
        (beside / "in").open("rb") as given,
        Path(stdout if stdout not in ("", "-") else beside / "out").open("wb") as out,
        (beside / "err").open("wb") as err,
    ):
        child = subprocess.Popen(
            words,
            stdin=given,
            stdout=out,
            stderr=err,
            cwd=folder,
            env=environment(beside / "tmp", more or {}),
            start_new_session=True,
        )
        resource.prlimit(child.pid, resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
        kilobytes = _watched(child, began)
    read = (beside / "out").read_text("utf-8", "backslashreplace") if (beside / "out").exists() else ""
    return Said(
        child.returncode,
        read,
        (beside / "err").read_text("utf-8", "backslashreplace"),
        time.monotonic() - began,
        kilobytes / 1024,
    )


def _watched(child: subprocess.Popen[bytes], began: float) -> int:
    """Waits for the child; the most of it that was resident, in KiB, looked at every 50 ms."""
    most = 0
    while child.poll() is None:
        if time.monotonic() - began > HANG_SECONDS * times_longer():
            os.killpg(child.pid, signal.SIGKILL)
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
            most = max(most, int(next(line for line in lines if line.startswith("VmHWM")).split()[1]))
        time.sleep(0.05)
    return most


def left_in_temporary(folder: Path) -> list[str]:
    """What the child left among its temporary files: nothing, unless it was killed or met a bug."""
    return sorted(path.name for path in (folder.parent / f"{folder.name}-process" / "tmp").iterdir())
