"""Processes that die at a given moment: at a call of the store, or at an operation of the system on a file."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from ml8s.storage import open_store
from ml8s.storage.store import Store, StoredObject
from tests.busy import times_longer

T = TypeVar("T")

LONGEST_SECONDS = 60.0
EVENTS = frozenset({"open", "os.mkdir", "os.link", "os.rename", "os.remove", "os.listdir", "os.scandir"})


class MortalStore:
    """A store whose owner is killed at its n-th call, before the effect or after it; counts all calls."""

    def __init__(self, store: Store, dies_at: int, *, after: bool) -> None:
        self.store = store
        self.dies_at = dies_at
        self.after = after
        self.calls = 0
        self.lock = threading.Lock()

    @property
    def uri(self) -> str:
        return self.store.uri

    @property
    def endpoint(self) -> str:
        return self.store.endpoint

    def get(self, key: str) -> bytes:
        return self.at_a_call(lambda: self.store.get(key))

    def fetch(self, key: str, path: Path) -> None:
        self.at_a_call(lambda: self.store.fetch(key, path))

    def put(self, key: str, content: bytes | Path) -> None:
        self.at_a_call(lambda: self.store.put(key, content))

    def create(self, key: str, content: bytes) -> bool:
        return self.at_a_call(lambda: self.store.create(key, content))

    def stat(self, key: str) -> StoredObject | None:
        return self.at_a_call(lambda: self.store.stat(key))

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        return iter(self.at_a_call(lambda: [*self.store.list(prefix)]))

    def delete(self, key: str) -> None:
        self.at_a_call(lambda: self.store.delete(key))

    def at_a_call(self, call: Callable[[], T]) -> T:
        with self.lock:
            self.calls += 1
            mine = self.calls == self.dies_at
        if mine and not self.after:
            die()
        try:
            return call()
        finally:
            if mine:
                die()


def die() -> None:
    """As from outside: no handler, no clean-up."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_operation(folder: Path, number: int, act: Callable[[], None]) -> Callable[[], int]:
    """Acts before this process's n-th operation on a file below a folder; gives the count so far."""
    prefix, count = str(folder), 0

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event in EVENTS and any(str(argument).startswith(prefix) for argument in arguments[:2]):
            count += 1
            if count == number:
                act()

    sys.addaudithook(heard)
    return lambda: count


def in_a_fork(call: Callable[[], int]) -> int | None:
    """The number that a call gives in a forked child; None where the child was killed by SIGKILL."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.write(sink, str(call()).encode())
            status = 0
        except BaseException as error:
            os.write(2, f"the child failed: {error!r}\n".encode())
        finally:
            os._exit(status)
    os.close(sink)
    status = waited(child)
    with os.fdopen(source) as said:
        answer = said.read()
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return None
    assert os.WEXITSTATUS(status) == 0, "the child failed by itself"
    return int(answer)


def begun_in_a_fork(call: Callable[[], object]) -> int:
    """The process id of a forked child that makes a call and ends."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            call()
            status = 0
        except BaseException as error:
            os.write(2, f"the child failed: {error!r}\n".encode())
        finally:
            os._exit(status)
    return child


def waited(child: int) -> int:
    """The wait status of a child; one that hangs is killed and is a failure."""
    began = time.monotonic()
    while time.monotonic() - began < LONGEST_SECONDS * times_longer():
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError("the child hung")


def mortal_opener(dies_at: int, *, after: bool, opened: list[MortalStore]) -> Callable[[str], Store]:
    """An ``open_store`` that gives mortal stores."""

    def open_mortal(uri: str) -> Store:
        opened.append(MortalStore(open_store(uri), dies_at, after=after))
        return opened[-1]

    return open_mortal
