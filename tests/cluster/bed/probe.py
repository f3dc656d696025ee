"""Does an S3 server keep `If-None-Match: *`? Ask it, do not believe it.

Sixteen writers start together on one key that does not exist: exactly one may
win. A server that checks first and links later lets two win now and then, so
up to 200 keys are tried, and the first double winner ends the probe.
"""

import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

KEYS, WRITERS = 200, 16


class Refused(Exception):
    """The server does not keep the condition; the message says how it broke it."""


class ObjectStore(Protocol):
    """What the probe asks of a server; `create` says whether this call created the key."""

    def create(self, key: str, body: bytes) -> bool:
        """Create an object unless its key exists."""

    def read(self, key: str) -> bytes:
        """Return an object's content."""

    def names(self, prefix: str) -> list[str]:
        """List the keys below a prefix."""

    def remove(self, prefix: str) -> None:
        """Remove all objects below a prefix."""


@dataclass(frozen=True)
class Proof:
    """What was tried, all of it answered rightly."""

    keys: int
    writers: int


def prove(store: ObjectStore, *, keys: int = KEYS, writers: int = WRITERS) -> Proof:
    """Try a double create, then a race on each key, then reading and listing.

    Raises Refused at the first wrong answer. Leaves no object behind.
    """
    prefix = f"probe-{uuid.uuid4().hex[:8]}/"
    try:
        _double_create(store, prefix + "twice")
        with ThreadPoolExecutor(writers) as pool:
            for number in range(keys):
                _race(store, pool, f"{prefix}race-{number:03d}", writers)
        listed = sorted(store.names(prefix + "race-"))
        if listed != [f"{prefix}race-{number:03d}" for number in range(keys)]:
            raise Refused(f"{keys} keys were created, {len(listed)} are listed")
    finally:
        store.remove(prefix)
    return Proof(keys, writers)


def _double_create(store: ObjectStore, key: str) -> None:
    if not store.create(key, b"first"):
        raise Refused(f"{key}: the first create of a new key was refused")
    if store.create(key, b"second"):
        raise Refused(f"{key}: a second create of the same key succeeded")
    if store.read(key) != b"first":
        raise Refused(f"{key}: the first writer's content is gone")


def _race(store: ObjectStore, pool: ThreadPoolExecutor, key: str, writers: int) -> None:
    barrier = threading.Barrier(writers)

    def write(number: int) -> bool:
        barrier.wait(timeout=60)
        return store.create(key, b"writer %d" % number)

    answers = list(pool.map(write, range(writers)))
    won = Counter(answers)[True]
    if won != 1:
        raise Refused(f"{key}: {won} of {writers} simultaneous creates won, exactly one may")
    if store.read(key) != b"writer %d" % answers.index(True):
        raise Refused(f"{key}: does not hold what its winner wrote")
