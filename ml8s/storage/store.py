"""What a store is: keys to immutable bytes, with one operation that coordinates writers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, order=True)
class StoredObject:
    """One object of a listing.

    ``version`` changes whenever other content is written: ETag (from ``stat`` with the version id, where the bucket
    keeps versions), or inode and modification time in ns. ``modified`` is in UTC and decides nothing but whether an
    old blob is put again.
    """

    key: str
    size: int
    version: str
    modified: datetime


class Store(Protocol):
    """A folder or bucket prefix. Keys are relative paths with ``/``; an object is complete or absent.

    Every operation raises a StoreError of ``ml8s.errors``: ObjectMissing for a key that is not there, AccessDenied,
    NoCredentials, BucketMissing, WrongRegion, StoreFull, StoreUnreachable (after bounded retries).
    """

    @property
    def uri(self) -> str:
        """The address it was opened with, without credentials."""

    @property
    def endpoint(self) -> str:
        """What answers at the address: the store is probed again when it changes."""

    def get(self, key: str) -> bytes:
        """The whole content of one object."""

    def fetch(self, key: str, path: Path) -> None:
        """Copies one object into a file, streaming; the file appears complete or not at all."""

    def put(self, key: str, content: bytes | Path) -> None:
        """Writes one object, replacing an earlier one; from a file, streaming."""

    def create(self, key: str, content: bytes) -> bool:
        """Writes one small object if there is none: True when this call's content is the one stored.

        Exactly one of any number of concurrent callers gets True. An answer that was lost on the way is settled by
        reading back the write id that each call stores with its content.
        """

    def stat(self, key: str) -> StoredObject | None:
        """Size and version of one object, None where there is none."""

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """All objects whose key begins with ``prefix``, sorted by key."""

    def delete(self, key: str) -> None:
        """Removes one object; no error where there is none."""
