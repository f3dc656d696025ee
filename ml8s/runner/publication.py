"""Snapshots at an address: copied there once and never overwritten, or brought here to look at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ml8s.artifacts import FileEntry, file_sha256
from ml8s.data.publish import Built
from ml8s.data.schema import FILE_NAME
from ml8s.errors import SnapshotExists
from ml8s.runner.snapshot import copy_snapshot, find_snapshot
from ml8s.storage import open_store
from ml8s.storage.store import Store
from ml8s.storage.uri import FolderAddress, join, parse_address

_CURE: Final = "publish at a new address, for example with the next version in its path"


def refuse_existing(uri: str) -> None:
    """Raises SnapshotExists where a snapshot lies at an address already."""
    if open_store(uri).stat(FILE_NAME) is not None:
        raise _exists(uri, FILE_NAME, "holds a snapshot, and a snapshot is never changed")


def publish_snapshot(built: Built, uri: str) -> None:
    """Copies a snapshot to a folder, ``s3://`` or ``abfs://`` address, ``schema.json`` last and only if there is none.

    What an interrupted publishing of the same files left is taken over; the same call goes on from there.

    Raises:
        SnapshotExists: a snapshot, or another file of one of its names, lies there already.
    """
    refuse_existing(uri)
    store = open_store(uri)
    for entry in built.manifest.files:
        if entry.path != FILE_NAME:
            _put(store, uri, entry, built.snapshot.folder / entry.path)
    if not store.create(FILE_NAME, (built.snapshot.folder / FILE_NAME).read_bytes()):
        raise _exists(uri, FILE_NAME, "was published by someone else at the same time")


def _put(store: Store, uri: str, entry: FileEntry, source: Path) -> None:
    there = store.stat(entry.path)
    if there is None:
        store.put(entry.path, source)
    elif there.size != entry.size or _stored_sha256(store, entry.path) != entry.sha256:
        raise _exists(uri, entry.path, "holds another file of this name")


def _stored_sha256(store: Store, key: str) -> str:
    with TemporaryDirectory(prefix="ml8s-publish-") as scratch:
        copy = Path(scratch) / "copy"
        store.fetch(key, copy)
        return file_sha256(copy)


def _exists(uri: str, name: str, what: str) -> SnapshotExists:
    return SnapshotExists(f"{uri} {what}", where=join(uri, name), cure=_CURE)


@contextmanager
def local_snapshot(uri: str) -> Iterator[Path]:
    """A folder with the files of the snapshot at an address: the folder itself, or a copy for as long as it is used.

    Raises:
        SnapshotNotFound, SnapshotIncomplete, InvalidSchema: there is none that could be read.
    """
    found = find_snapshot(uri)
    address = parse_address(uri)
    if isinstance(address, FolderAddress):
        yield address.path
        return
    with TemporaryDirectory(prefix="ml8s-snapshot-") as scratch:
        copy_snapshot(found, Path(scratch))
        yield Path(scratch)
