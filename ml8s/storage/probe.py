"""Whether a store really keeps create-if-absent, on which the registry stands.

Some stores ignore ``If-None-Match`` and some check it without a lock: two writers at once then both hear that they
won. The second kind shows only under a race, on a part of the keys (versitygw: one in eleven), so many are tried.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier
from typing import Final

from ml8s.artifacts import canonical_json
from ml8s.errors import ObjectMissing, StoreError, StoreRefused
from ml8s.storage.store import Store

VERSION: Final = 1
RESULT: Final = "probe.json"
WRITERS: Final = 16
KEYS: Final = 200
FOLDER_KEYS: Final = 4
"""Keys raced for in a folder, where link(2) is atomic by the file system's own rules."""


def _untold(done: int, total: int) -> None:
    return None


def ensure_probed(store: Store, told: Callable[[int, int], None] = _untold) -> None:
    """Probes a store before the first write through an endpoint; the result lies in its ``probe.json``.

    ``told`` hears how many keys of all were raced for, from 0 on; never where the store was probed before, nor of a
    folder, which takes milliseconds.

    Raises:
        StoreRefused: the store does not keep create-if-absent, or does not show what was just written.
    """
    endpoint = store.endpoint
    if _already_probed(store, endpoint):
        return
    keys = keys_of(endpoint)
    probe(store, keys, told if keys == KEYS else _untold)
    # Read again: the first object makes a folder, and only then its file system is known.
    store.put(RESULT, canonical_json({"version": VERSION, "endpoint": store.endpoint, "keys": keys}))


def keys_of(endpoint: str) -> int:
    """How many keys of a store at an endpoint are raced for: a folder's file system shows itself at the first few."""
    return FOLDER_KEYS if endpoint.startswith("file") else KEYS


def probe(store: Store, keys: int = KEYS, told: Callable[[int, int], None] = _untold) -> None:
    """Tries what the registry needs: one creator, also among 16 at once on each of ``keys`` keys, and fresh reads.

    Stops at the first key with two winners. What it writes below ``probe/`` is removed afterwards, where that is
    allowed.

    Raises:
        StoreRefused: with what the store did.
    """
    told(0, keys)
    with _scratch(store) as folder:
        _check_double_create(store, f"{folder}/double")
        _check_reads_and_listing(store, folder)
        with ThreadPoolExecutor(WRITERS) as pool:
            for number in range(keys):
                _check_race(store, f"{folder}/race-{number:03}", pool)
                told(number + 1, keys)


def _already_probed(store: Store, endpoint: str) -> bool:
    try:
        result = json.loads(store.get(RESULT))
    except (ObjectMissing, ValueError):
        return False
    return isinstance(result, dict) and (result.get("version"), result.get("endpoint")) == (VERSION, endpoint)


@contextmanager
def _scratch(store: Store) -> Iterator[str]:
    folder = f"probe/{uuid.uuid4().hex}"
    try:
        yield folder
    finally:
        with suppress(StoreError):
            for item in list(store.list(f"{folder}/")):
                store.delete(item.key)


def _check_double_create(store: Store, key: str) -> None:
    if not store.create(key, b"first"):
        raise _refused(store, "says that a new key is taken")
    if store.create(key, b"second") or store.get(key) != b"first":
        raise _refused(store, "creates one key twice: it ignores `If-None-Match: *`")


def _check_reads_and_listing(store: Store, folder: str) -> None:
    key = f"{folder}/fresh"
    for content in (b"one", b"two"):
        store.put(key, content)
        if store.get(key) != content:
            raise _refused(store, "does not return what was just written")
    if key not in {item.key for item in store.list(f"{folder}/")}:
        raise _refused(store, "does not list what was just written")


def _check_race(store: Store, key: str, pool: ThreadPoolExecutor) -> None:
    barrier = Barrier(WRITERS)

    def write(number: int) -> bool:
        barrier.wait()
        return store.create(key, str(number).encode())

    won = list(pool.map(write, range(WRITERS)))
    if won.count(True) != 1:
        raise _refused(store, f"let {won.count(True)} of {WRITERS} writers win one key at the same time")
    if store.get(key) != str(won.index(True)).encode():
        raise _refused(store, "kept the content of a writer that it told it had lost")


def _refused(store: Store, what: str) -> StoreRefused:
    return StoreRefused(
        f"the store {store.uri} ({store.endpoint}) {what}",
        where=store.uri,
        cure="use a store that keeps create-if-absent: AWS S3, a current MinIO, Ceph, or a folder",
    )
