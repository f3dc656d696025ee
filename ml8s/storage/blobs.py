"""Artifacts in a store: content-addressed blobs, checked at every read.

Each file of an artifact is one blob, its manifest another, and the manifest's digest is the artifact's name. A blob
whose content is wrong is set aside below ``blobs/bad/``, so that it counts as missing and the step that makes it can
upload it anew.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Final

from ml8s.artifacts import FileEntry, Manifest, describe_folder, file_sha256, sha256
from ml8s.errors import DigestMismatch, ObjectMissing, StoreError
from ml8s.storage.store import Store
from ml8s.storage.uri import join

MANIFEST: Final = "manifest"
MISSING: Final = "missing"
DAMAGED: Final = "damaged"
PUT_AGAIN_AFTER: Final = timedelta(days=7)
"""Age from which a present blob is put again: what collects garbage may remove older ones at any moment."""


@dataclass(frozen=True, slots=True)
class BadBlob:
    """A blob that a check found wrong: its digest, the file of the artifact that it holds, and how it is wrong."""

    digest: str
    path: str
    reason: str


def blob_key(digest: str) -> str:
    """The key of the blob with this sha256."""
    return f"blobs/sha256/{digest[:2]}/{digest}"


def put_artifact(store: Store, kind: str, folder: Path) -> str:
    """Uploads all files of a folder, then their manifest, and returns the artifact's digest.

    A blob that is there with its right size is not uploaded again, unless it is older than seven days. The folder
    must not change meanwhile.
    """
    manifest = describe_folder(kind, folder)
    for file in manifest.files:
        _put_blob(store, file.sha256, folder / file.path, file.size)
    content = manifest.to_bytes()
    _put_blob(store, manifest.digest, content, len(content))
    return manifest.digest


def read_manifest(store: Store, digest: str) -> Manifest:
    """The manifest of an artifact, checked against its digest.

    Raises:
        ObjectMissing: it is not in the store.
        DigestMismatch: it is damaged; it was set aside.
    """
    for attempt in (1, 2):
        content = store.get(blob_key(digest))
        if sha256(content) == digest:
            return _parsed(store, digest, content)
        if attempt == 2:
            _set_aside(store, digest, content)
    raise _mismatch(store, digest, MANIFEST)


def fetch_artifact(store: Store, digest: str, folder: Path) -> None:
    """Copies all files of an artifact into a folder, which is made where it lacks, and checks every byte.

    Raises:
        ObjectMissing: the manifest or a blob is not in the store.
        DigestMismatch: a blob is damaged. It was read twice and set aside; files fetched before it stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in read_manifest(store, digest).files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        _fetch_blob(store, file, target)


def artifact_present(store: Store, digest: str) -> bool:
    """Whether the manifest and every blob with its right size are in the store; reads the manifest only."""
    try:
        manifest = read_manifest(store, digest)
    except (ObjectMissing, DigestMismatch):
        return False
    return all(_has(store, file.sha256, file.size) for file in manifest.files)


def verify_artifact(store: Store, digest: str) -> tuple[BadBlob, ...]:
    """Hashes every blob of an artifact again and returns those that are missing or damaged; changes nothing."""
    return tuple(_bad_blobs(store, digest))


def _bad_blobs(store: Store, digest: str) -> Iterator[BadBlob]:
    try:
        content = store.get(blob_key(digest))
    except ObjectMissing:
        yield BadBlob(digest, MANIFEST, MISSING)
        return
    if sha256(content) != digest:
        yield BadBlob(digest, MANIFEST, DAMAGED)
        return
    with tempfile.TemporaryDirectory(prefix="ml8s-verify-") as scratch:
        for file in _parsed(store, digest, content).files:
            target = Path(scratch, "blob")
            try:
                store.fetch(blob_key(file.sha256), target)
            except ObjectMissing:
                yield BadBlob(file.sha256, file.path, MISSING)
                continue
            if file_sha256(target) != file.sha256:
                yield BadBlob(file.sha256, file.path, DAMAGED)


def _put_blob(store: Store, digest: str, content: bytes | Path, size: int) -> None:
    present = store.stat(blob_key(digest))
    if present is None or present.size != size or datetime.now(UTC) - present.modified > PUT_AGAIN_AFTER:
        store.put(blob_key(digest), content)


def _has(store: Store, digest: str, size: int) -> bool:
    present = store.stat(blob_key(digest))
    return present is not None and present.size == size


def _fetch_blob(store: Store, file: FileEntry, target: Path) -> None:
    for attempt in (1, 2):
        store.fetch(blob_key(file.sha256), target)
        if file_sha256(target) == file.sha256:
            return
        if attempt == 2:
            _set_aside(store, file.sha256, target)
    target.unlink()
    raise _mismatch(store, file.sha256, file.path)


def _set_aside(store: Store, digest: str, content: bytes | Path) -> None:
    # The bytes are kept: they may be all that is left when the snapshot they came from is gone. Who may only read
    # the store cannot mark anything, and still must hear of the mismatch rather than of the refusal.
    with suppress(StoreError):
        store.put(f"blobs/bad/{digest}", content)
        store.delete(blob_key(digest))


def _parsed(store: Store, digest: str, content: bytes) -> Manifest:
    try:
        manifest = Manifest.from_bytes(content)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DigestMismatch(
            f"blob {digest} is no manifest: {error}", where=join(store.uri, blob_key(digest)), cure="name an artifact"
        ) from error
    for file in manifest.files:
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts or "\x00" in file.path:
            raise DigestMismatch(
                f"the manifest {digest} names the file {file.path!r}, outside of its artifact",
                where=join(store.uri, blob_key(digest)),
                cure="do not use this artifact: ML8s wrote no such manifest",
            )
    return manifest


def _mismatch(store: Store, digest: str, path: str) -> DigestMismatch:
    return DigestMismatch(
        f"the blob of {path} does not have its digest {digest}",
        where=join(store.uri, blob_key(digest)),
        cure="run again: the step that made it runs once more and uploads it anew",
    )
