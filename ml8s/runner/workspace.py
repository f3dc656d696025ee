"""The scratch of one run: folders in this machine's temporary place, gone when the run ends.

Artifacts are fetched (and checked) once per run; what a step of this run made is used where it lies. A run that was
killed leaves its scratch behind; the next one removes it, told from a living run's by a lock that dies with its owner.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from ml8s.artifacts import Manifest
from ml8s.runner.snapshot import Snapshot, copy_snapshot
from ml8s.storage.blobs import fetch_artifact
from ml8s.storage.store import Store

PREFIX: Final = "ml8s-run-"
LOCK: Final = ".lock"


class Workspace:
    """The scratch of one run below ``root``: ``snapshot/``, ``artifacts/<digest>/`` and ``out/``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._snapshot: Manifest | None = None

    def artifact(self, store: Store, digest: str) -> Path:
        """The folder of an artifact, fetched and checked where it is not here yet.

        Raises:
            ObjectMissing: the store lacks a blob of it.
            DigestMismatch: a blob of it is damaged.
        """
        folder = self.root / "artifacts" / digest
        if not folder.exists():
            part = self.fresh("fetch")
            fetch_artifact(store, digest, part)
            _move(part, folder)
        return folder

    def keep(self, digest: str, folder: Path) -> None:
        """Takes over a folder that a step filled, under the digest of its content."""
        _move(folder, self.root / "artifacts" / digest)

    def snapshot(self, snapshot: Snapshot, expected: Manifest | None) -> tuple[Path, Manifest]:
        """The folder of the snapshot's files and their manifest: copied and hashed once per run.

        Raises:
            SnapshotChanged: it is not the manifest expected.
        """
        folder = self.root / "snapshot"
        if self._snapshot is None or (expected is not None and self._snapshot != expected):
            shutil.rmtree(folder, ignore_errors=True)
            self._snapshot = copy_snapshot(snapshot, folder, expected)
        return folder, self._snapshot

    def fresh(self, name: str) -> Path:
        """A new empty folder."""
        parent = self.root / "out"
        parent.mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))


class Scratch:
    """Makes a workspace and removes it at the end, whatever happened; removes those of killed runs too."""

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = Path(tempfile.gettempdir()) if parent is None else parent
        self._lock: int | None = None
        self._root: Path | None = None

    def __enter__(self) -> Workspace:
        remove_abandoned(self._parent)
        while self._lock is None:
            self._root = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._parent))
            self._lock = _locked(self._root / LOCK)
        assert self._root is not None
        return Workspace(self._root)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if self._root is not None:
                _remove(self._root)
        finally:
            if self._lock is not None:
                os.close(self._lock)


def _locked(path: Path) -> int | None:
    """The lock, made and held; None where another run saw it first, and removed the scratch as abandoned."""
    try:
        lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return None
    fcntl.flock(lock, fcntl.LOCK_EX)
    with suppress(FileNotFoundError):
        if os.path.samestat(os.fstat(lock), path.stat()):
            return lock
    os.close(lock)
    return None


def remove_abandoned(parent: Path) -> None:
    """Removes the scratch of runs that were killed; one whose lock is held, or that is too young to have one, stays."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(folder)
            finally:
                os.close(lock)


def _remove(folder: Path) -> None:
    """Removes a scratch, its lock last and only when nothing else is left.

    Where a second Ctrl-C ends this half-way, or a child still writes, the next run knows it as a scratch and goes on.
    """
    with suppress(OSError):
        for entry in folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != LOCK:
                entry.unlink()
        if [entry.name for entry in folder.iterdir()] == [LOCK]:
            (folder / LOCK).unlink()
        folder.rmdir()


def _move(source: Path, target: Path) -> None:
    """Renames a folder; where another process was first with the same content, its folder stays and ours goes."""
    target.parent.mkdir(exist_ok=True)
    try:
        source.rename(target)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        shutil.rmtree(source)
