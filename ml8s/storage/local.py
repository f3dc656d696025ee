"""A folder as a store.

An object is written into a file of its own below ``.tmp`` of the same folder, flushed to the disk, and then moved or
linked to its place: it is complete or absent, whatever stops the writer. ``link(2)`` fails where the name exists, on
NFS too, which makes exactly one creator the winner.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, TypeVar

from ml8s.artifacts import CHUNK_BYTES
from ml8s.errors import AccessDenied, InvalidStoreUri, ObjectMissing, StoreFull, StoreRefused, StoreUnreachable
from ml8s.storage.files import FULL, whole_file
from ml8s.storage.keys import SCRATCH, check_key
from ml8s.storage.store import StoredObject
from ml8s.storage.uri import FolderAddress, join

_NO_LINKS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)

_Result = TypeVar("_Result")


class FolderStore:
    """The store in a folder of this machine. The folder appears with the first object."""

    def __init__(self, address: FolderAddress) -> None:
        self._root = address.path
        self._uri = address.uri
        with self._mapped(""):
            there = next(path for path in (self._root, *self._root.absolute().parents) if path.exists())
            if not there.is_dir():
                raise InvalidStoreUri(
                    f"{there} is a file, where a folder is needed", where=self._uri, cure="name a folder"
                )

    @property
    def uri(self) -> str:
        """The address it was opened with."""
        return self._uri

    @property
    def endpoint(self) -> str:
        """Which file system answers: its device number, as long as the folder exists."""
        with self._mapped(""):
            try:
                return f"file:{self._root.stat().st_dev}"
            except FileNotFoundError:
                return "file"

    def get(self, key: str) -> bytes:
        """The whole content of one object."""
        with self._mapped(key):
            return self._path(key).read_bytes()

    def fetch(self, key: str, path: Path) -> None:
        """Copies one object into a file, which appears complete or not at all."""
        with self._mapped(key):
            source = self._path(key).open("rb")
        with source, whole_file(path) as target:
            shutil.copyfileobj(source, target, CHUNK_BYTES)

    def put(self, key: str, content: bytes | Path) -> None:
        """Writes one object, replacing an earlier one."""
        target = self._path(key)
        with self._written(key, content) as part, self._mapped(key), self._placing(key):
            _in_folder(target.parent, lambda: part.replace(target))
            _flush_folder(target.parent)

    def create(self, key: str, content: bytes) -> bool:
        """Writes one small object if there is none: True when this call's content is the one stored."""
        target = self._path(key)
        with self._written(key, content) as part, self._mapped(key), self._placing(key):
            try:
                _in_folder(target.parent, lambda: target.hardlink_to(part))
            except FileExistsError:
                if target.is_dir():
                    raise
                # A network file system may repeat a call whose answer was lost: a second name shows that we won.
                return part.stat().st_nlink > 1
            except OSError as error:
                if error.errno in _NO_LINKS:
                    raise self._without_links() from error
                raise
            _flush_folder(target.parent)
            return True

    def stat(self, key: str) -> StoredObject | None:
        """Size and version (inode and modification time in ns) of one object, None where there is none."""
        with self._mapped(key):
            path = self._path(key)
            return _described(key, path) if path.is_file() else None

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """All objects whose key begins with ``prefix``, sorted by the key's UTF-8 bytes as S3 does."""
        found = []
        with self._mapped(prefix):
            top = self._root / prefix.rpartition("/")[0]
            for folder, names, files in os.walk(top, onerror=_tell_unless_gone):
                if Path(folder) == self._root and SCRATCH in names:
                    names.remove(SCRATCH)
                for name in files:
                    path = Path(folder, name)
                    key = path.relative_to(self._root).as_posix()
                    if key.startswith(prefix):
                        with suppress(FileNotFoundError):
                            found.append(_described(key, path))
        yield from sorted(found, key=lambda item: os.fsencode(item.key))

    def delete(self, key: str) -> None:
        """Removes one object; no error where there is none."""
        with self._mapped(key), suppress(FileNotFoundError, NotADirectoryError):
            self._path(key).unlink()

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    @contextmanager
    def _written(self, key: str, content: bytes | Path) -> Iterator[Path]:
        """A finished file with this content below ``.tmp``, which is gone afterwards."""
        part = self._root / SCRATCH / uuid.uuid4().hex
        source: IO[bytes] = content.open("rb") if isinstance(content, Path) else io.BytesIO(content)
        try:
            with self._mapped(key):
                self._make_root()
                with _in_folder(part.parent, lambda: part.open("xb")) as target:
                    shutil.copyfileobj(source, target, CHUNK_BYTES)
                    target.flush()
                    os.fsync(target.fileno())
            yield part
        finally:
            source.close()
            with suppress(OSError):
                part.unlink()

    def _make_root(self) -> None:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except FileNotFoundError as error:  # a place like /proc, where nobody makes folders
            raise PermissionError(errno.EACCES, "no folder can be made there") from error

    @contextmanager
    def _mapped(self, key: str) -> Iterator[None]:
        """Turns errors of the file system into ours."""
        try:
            yield
        except OSError as error:
            raise self._as_store_error(key, error) from error

    @contextmanager
    def _placing(self, key: str) -> Iterator[None]:
        """Names the one thing that a folder cannot hold and a bucket can: an object below another object."""
        try:
            yield
        except (NotADirectoryError, IsADirectoryError, FileExistsError) as error:
            raise InvalidStoreUri(
                f"{join(self._uri, key)} is a folder of objects, or lies below an object",
                where=self._uri,
                cure="use another key",
            ) from error

    def _as_store_error(self, key: str, error: OSError) -> Exception:
        where = join(self._uri, key) if key else self._uri
        if isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError):
            return ObjectMissing(
                f"{where} does not exist", where=where, cure="check the store's address; a run makes its objects again"
            )
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            return AccessDenied(
                f"{where} may not be read or written: {error.strerror}",
                where=where,
                cure="use another folder with --store or ML8S_STORE, or get the right to write this one",
            )
        if error.errno in FULL:
            return StoreFull(f"no space is left for {where}", where=where, cure="make room and run again")
        return StoreUnreachable(
            f"{where} cannot be reached: {error.strerror or error}", where=where, cure="check the disk or network share"
        )

    def _without_links(self) -> StoreRefused:
        return StoreRefused(
            f"the file system of {self._uri} has no hard links, so two runs could both win a name",
            where=self._uri,
            cure="put the store on a local disk, NFS or S3",
        )


def _in_folder(folder: Path, action: Callable[[], _Result]) -> _Result:
    """The action's result; the folder that it needs is made where it lacks."""
    try:
        return action()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
        return action()


def _flush_folder(folder: Path) -> None:
    """Makes a name that was just given outlive a power cut, where the file system can."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _described(key: str, path: Path) -> StoredObject:
    status = path.stat()
    modified = datetime.fromtimestamp(status.st_mtime_ns / 1e9, UTC)
    return StoredObject(key, status.st_size, f"{status.st_ino}-{status.st_mtime_ns}", modified)


def _tell_unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error
