"""Any number of writers, on any day, stopped anywhere, end at one id for one content."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ml8s.errors import StoreUnreachable
from ml8s.registry import Registry
from ml8s.registry.record import content_digest
from ml8s.storage.store import Store, StoredObject
from tests.registry.contents import make_content

WRITERS = 8
PROGRAM = """
import sys
from datetime import UTC, datetime
from ml8s.registry import Registry
from ml8s.storage import open_store
from tests.registry.contents import make_content

uri, day, *metrics = sys.argv[1:]
registry = Registry(open_store(uri), now=lambda: datetime(2026, 7, int(day), tzinfo=UTC))
list(registry.store.list())
print("ready", flush=True)
sys.stdin.readline()
for metric in metrics:
    print(metric, registry.register(make_content(float(metric)), {"writer": sys.argv[2]}), flush=True)
"""


def register_at_once(uri: str, plans: list[list[str]]) -> list[tuple[str, str]]:
    """Runs one process per plan (its day of July, then its contents), started together; gives (content, id)."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, uri, *plan],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path.cwd(),
        )
        for plan in plans
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    results = []
    for writer in writers:
        out, _ = writer.communicate(timeout=120)
        assert writer.returncode == 0
        results += [tuple(line.split(" ")) for line in out.splitlines()]
    return [(content, model_id) for content, model_id in results]


def test_eight_processes_with_one_content_end_at_one_id(store: Store, store_uri: str) -> None:
    # On different days: midnight passes between the writers.
    results = register_at_once(store_uri, [[str(10 + writer % 2), "0.5"] for writer in range(WRITERS)])
    registry = Registry(store)
    assert len(results) == WRITERS
    assert len({model_id for _, model_id in results}) == 1
    assert len(registry.records()) == 1
    assert len(registry.events("fraud")) == 1
    assert registry.satisfied(make_content(0.5)) == results[0][1]


def test_eight_processes_with_shared_and_own_contents_get_one_id_each(store: Store, store_uri: str) -> None:
    contents = ["0.1", "0.2", "0.3"]
    plans = [["11", *contents[writer % 3 :], *contents[: writer % 3], f"0.9{writer}"] for writer in range(WRITERS)]
    results = register_at_once(store_uri, plans)
    registry = Registry(store)
    by_content: dict[str, set[str]] = {}
    for content, model_id in results:
        by_content.setdefault(content, set()).add(model_id)
    assert len(results) == WRITERS * 4
    assert {len(ids) for ids in by_content.values()} == {1}
    ids = sorted(next(iter(ids)) for ids in by_content.values())
    count = 3 + WRITERS
    assert ids == sorted(["fraud_20260711", *(f"fraud_20260711-{number}" for number in range(2, count + 1))])
    assert sorted(record.model_id for record in registry.records()) == ids
    log = registry.events("fraud")
    assert len(log) == count
    assert sorted(event.model_id for event in log) == ids


class StoppedError(Exception):
    """The process died here."""


class StoppingStore:
    """A store whose user dies at one call: before it, or after it took effect and before it answered."""

    def __init__(self, store: Store, stop_at: int, *, after: bool, error: type[Exception] = StoppedError) -> None:
        self._store = store
        self.calls = 0
        self.stop_at = stop_at
        self.after = after
        self.error = error
        self.uri = store.uri
        self.endpoint = store.endpoint

    def _count(self, *, done: bool) -> None:
        if not done:
            self.calls += 1
        if self.calls == self.stop_at and done == self.after:
            raise self.error("stopped", cure="none") if issubclass(self.error, StoreUnreachable) else self.error()

    def get(self, key: str) -> bytes:
        self._count(done=False)
        content = self._store.get(key)
        self._count(done=True)
        return content

    def create(self, key: str, content: bytes) -> bool:
        self._count(done=False)
        won = self._store.create(key, content)
        self._count(done=True)
        return won

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        self._count(done=False)
        found = list(self._store.list(prefix))
        self._count(done=True)
        return iter(found)

    def fetch(self, key: str, path: Path) -> None:
        raise AssertionError("the registry fetches no files")

    def put(self, key: str, content: bytes | Path) -> None:
        raise AssertionError("the registry replaces nothing")

    def stat(self, key: str) -> StoredObject | None:
        self._count(done=False)
        found = self._store.stat(key)
        self._count(done=True)
        return found

    def delete(self, key: str) -> None:
        raise AssertionError("the registry removes nothing")


def on_day(store: Store, day: int) -> Registry:
    return Registry(store, now=lambda: datetime(2026, 7, day, tzinfo=UTC))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("error", [StoppedError, pytest.param(StoreUnreachable, marks=pytest.mark.slow)])
def test_a_writer_that_dies_at_any_call_is_finished_by_the_next_at_the_same_id(
    store: Store, after: bool, error: type[Exception]
) -> None:
    died_at = 0
    for stop_at in range(1, 100):
        name = f"fraud{stop_at}"
        content = make_content(0.5, name)
        on_day(store, 11).register(make_content(0.1, name), {})  # so that the id below is not the first of its day
        stopping = StoppingStore(store, stop_at, after=after, error=error)
        try:
            on_day(stopping, 11).register(content, {"attempt": "first"})
        except error:
            died_at = stop_at
        else:
            break
        claimed = store.stat(f"registry/v1/{name}/claims/{content_digest(content)}.json") is not None
        model_id = on_day(store, 12).register(content, {"attempt": "second"})
        assert model_id == (f"{name}_20260711-2" if claimed else f"{name}_20260712")
        assert on_day(store, 13).register(content, {"attempt": "third"}) == model_id
        registry = on_day(store, 13)
        assert [r.model_id for r in registry.records(name) if r.content == content] == [model_id]
        assert [event.model_id for event in registry.events(name)].count(model_id) == 1
        assert registry.satisfied(content) == model_id
    assert died_at >= 5, "claim, record, event and the reads between them were each the place of a death"


def test_satisfied_writes_nothing(store: Store) -> None:
    content = make_content()
    on_day(store, 11).register(content, {})
    before = list(store.list())

    class ReadOnly(StoppingStore):
        def create(self, key: str, content: bytes) -> bool:
            raise AssertionError("satisfied only reads")

    assert on_day(ReadOnly(store, 0, after=False), 12).satisfied(content) == "fraud_20260711"
    assert on_day(ReadOnly(store, 0, after=False), 12).satisfied(make_content(0.9)) is None
    assert list(store.list()) == before
