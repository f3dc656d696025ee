"""A prefix of a bucket as a store: what S3, Azure and their like have in common.

Every object is written with the sha256 of its content, which readers compare, and a created one with the write id of
its creator, which tells whose it is when an answer was lost. Nothing is cached, neither listings nor clients of
another process. What is temporary is tried again with growing pauses, as far as the provider's client does not.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, Protocol, TypeAlias, TypeVar

from ml8s.artifacts import file_sha256, sha256
from ml8s.errors import LibraryMissing, ObjectMissing, StoreError, StoreUnreachable
from ml8s.storage.answers import Case, Dialect
from ml8s.storage.files import whole_file
from ml8s.storage.keys import check_key
from ml8s.storage.store import StoredObject
from ml8s.storage.uri import BucketAddress, ContainerAddress, join

T = TypeVar("T")
Look: TypeAlias = tuple[StoredObject, Mapping[str, str]]
"""An object without its content, and its metadata."""
Page: TypeAlias = tuple[list[StoredObject], str]
"""Objects of a listing, and what to ask the following page with; empty at last."""

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 30
ATTEMPTS: Final = 4
PAUSE_SECONDS: Final = 0.3
"""Before the second attempt; three times as long before each further one."""

PAGE_KEYS: Final = 1000
UPLOADS_AT_ONCE: Final = 2
"""Parts of one large file."""

WRITE_ID: Final = "ml8s-write-id"
CONTENT_SHA256: Final = "ml8s-sha256"
"""What a reader compares: no protocol below tells a byte that changed on the way when there is no TLS."""


class Bucket(Protocol):
    """A bucket or container by its provider's client. What goes wrong is raised as the client raises it, or as Met."""

    @property
    def endpoint(self) -> str:
        """The URL that requests go to, without a signature."""

    def read(self, name: str, take: Callable[[bytes], object]) -> Mapping[str, str]:
        """Hands one object's bytes on as they come and returns its metadata."""

    def write(self, name: str, content: bytes | Path, metadata: Mapping[str, str], *, only_new: bool) -> None:
        """Writes one object whole or not at all; ``only_new``: with one request, and only where there is none."""

    def look(self, name: str) -> Look:
        """One object without its content, and its metadata."""

    def page(self, prefix: str, after: str, size: int) -> Page:
        """The next objects by the UTF-8 bytes of their names.

        A provider whose own order is another one gives all objects at once.
        """

    def remove(self, name: str) -> None:
        """Removes one object, which may be missing."""


class ObjectStore:
    """The store below a prefix of a bucket; ``connect`` makes the client, anew in each process."""

    def __init__(
        self, address: BucketAddress | ContainerAddress, dialect: Dialect, connect: Callable[[], Bucket]
    ) -> None:
        self._address = address
        self._dialect = dialect
        self._connect = connect
        self._opened: tuple[int, Bucket] | None = None

    @property
    def uri(self) -> str:
        """The address, without credentials."""
        return self._address.uri

    @property
    def endpoint(self) -> str:
        """The URL that requests go to, without credentials."""
        return self._ask(self.uri, lambda bucket: bucket.endpoint)

    def get(self, key: str) -> bytes:
        """The whole content of one object."""
        content = io.BytesIO()
        self._read(key, content)
        return content.getvalue()

    def fetch(self, key: str, path: Path) -> None:
        """Copies one object into a file, which appears complete or not at all."""
        with whole_file(path) as file:
            self._read(key, file)

    def put(self, key: str, content: bytes | Path) -> None:
        """Writes one object; a large file in parts, which one last request makes the object's content."""
        self._write(key, content)

    def create(self, key: str, content: bytes) -> bool:
        """Writes one small object if there is none: True when this call's content is the one stored."""
        write_id = uuid.uuid4().hex
        for _ in _attempts():
            try:
                self._write(key, content, write_id)
                return True
            except StoreError as error:
                case, failed = self._dialect.case_of(error), error
            if case is Case.CONFLICT:
                continue
            if case is not Case.TAKEN and not isinstance(failed, StoreUnreachable):
                raise failed
            # Lost, or the answer was: a second try may have been refused by the first, which was carried out.
            found = self._look(key)
            if found is not None:
                return found[1].get(WRITE_ID) == write_id
            if case is not Case.TAKEN:
                raise failed
        raise StoreUnreachable(
            f"the store did not settle who wrote {self._where(key)} in {ATTEMPTS} attempts",
            where=self._where(key),
            cure="run again when fewer runs write to this store at once, and none removes objects",
        )

    def stat(self, key: str) -> StoredObject | None:
        """Size and version (ETag, and version id where the bucket keeps versions) of one object."""
        found = self._look(key)
        return None if found is None else replace(found[0], key=key)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """All objects whose key begins with ``prefix``, by the key's UTF-8 bytes."""
        start, after = len(self._below("")), ""
        while True:
            found, after = self._page(self._below(prefix), after)
            yield from (replace(item, key=item.key[start:]) for item in found)
            if not after:
                return

    def delete(self, key: str) -> None:
        """Removes one object; no error where there is none."""
        name = self._name(key)
        try:
            self._ask(self._where(key), lambda bucket: bucket.remove(name))
        except ObjectMissing:
            return

    def _write(self, key: str, content: bytes | Path, write_id: str = "") -> None:
        name = self._name(key)
        metadata = {CONTENT_SHA256: sha256(content) if isinstance(content, bytes) else file_sha256(content)}
        if write_id:
            metadata[WRITE_ID] = write_id
        self._ask(self._where(key), lambda bucket: bucket.write(name, content, metadata, only_new=bool(write_id)))

    def _read(self, key: str, target: IO[bytes]) -> None:
        name = self._name(key)
        for _ in range(ATTEMPTS):
            written, read = self._ask(self._where(key), lambda bucket: _copied(bucket, name, target))
            # What differs at every reading is damaged in the store: whoever asked for it knows what that means.
            if written in (None, read):
                return

    def _page(self, prefix: str, after: str) -> Page:
        return self._ask(self.uri, lambda bucket: bucket.page(prefix, after, PAGE_KEYS))

    def _look(self, key: str) -> Look | None:
        name = self._name(key)
        try:
            return self._ask(self._where(key), lambda bucket: bucket.look(name))
        except ObjectMissing:
            return None

    def _ask(self, where: str, request: Callable[[Bucket], T]) -> T:
        """The answer to a request, asked again while what fails is temporary."""
        for attempt in _attempts():
            try:
                return request(self._bucket())
            except Exception as error:
                if attempt < ATTEMPTS and self._dialect.passes(error):
                    continue
                told = self._dialect.store_error(error, where)
                if told is None or told is error:
                    raise
                raise told from error
        raise AssertionError("the last attempt returns or raises")

    def _bucket(self) -> Bucket:
        """The client of this process: one that a fork inherited shares its sockets and event loop."""
        if self._opened is None or self._opened[0] != os.getpid():
            try:
                self._opened = (os.getpid(), self._connect())
            except ImportError as error:
                raise LibraryMissing(
                    f"the client for {self.uri} cannot be imported here: {error}",
                    where=self.uri,
                    cure="install ML8s with its dependencies: pip install ml8s",
                ) from error
        return self._opened[1]

    def _where(self, key: str) -> str:
        return join(self.uri, key)

    def _name(self, key: str) -> str:
        return self._below(check_key(key))

    def _below(self, text: str) -> str:
        return f"{self._address.prefix}/{text}" if self._address.prefix else text


def _copied(bucket: Bucket, name: str, target: IO[bytes]) -> tuple[str | None, str]:
    """The digests of an object as it was written and as it was read into ``target``."""
    target.seek(0)
    target.truncate()
    digest = hashlib.sha256()

    def take(chunk: bytes) -> None:
        target.write(chunk)
        digest.update(chunk)

    metadata = bucket.read(name, take)
    return metadata.get(CONTENT_SHA256), digest.hexdigest()


def described(name: str, size: int, modified: datetime, etag: str, version_id: str | None = None) -> StoredObject:
    """An object of a bucket; ``version_id`` where the bucket keeps versions."""
    version = etag.strip('"')
    return StoredObject(name, size, f"{version}+{version_id}" if version_id else version, modified.astimezone(UTC))


def _attempts() -> Iterator[int]:
    """Numbers of attempts from 1 on, with growing pauses between them."""
    for attempt in range(1, ATTEMPTS + 1):
        if attempt > 1:
            time.sleep(PAUSE_SECONDS * 3 ** (attempt - 2))
        yield attempt
