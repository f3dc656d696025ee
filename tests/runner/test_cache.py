"""Result objects: create once, check, refuse what does not belong."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml8s.errors import DeterminismViolation, DigestMismatch, RunNotFound
from ml8s.runner import cache
from ml8s.runner.cache import Result
from ml8s.runner.keys import KeyParts
from ml8s.runner.settlement import differences, find_key
from ml8s.storage import open_store
from ml8s.storage.blobs import put_artifact
from ml8s.storage.store import Store

PARTS = KeyParts("split", None, 1, {"dataset": "1" * 64}, {"seed": "2" * 64}, {"image": "sha256:3"})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


def result(**facts: int) -> Result:
    return Result(PARTS, {"folds": "4" * 64}, facts)


def test_what_is_written_is_read_back(store: Store) -> None:
    assert cache.find(store, PARTS.key) is None
    assert not cache.claim(store, result(rows=1), decision=False).adopted
    assert cache.find(store, PARTS.key) == result(rows=1)
    assert not cache.claim(store, result(rows=1), decision=False).adopted, "the same result again is no violation"


def test_a_second_result_is_kept_as_a_conflict_and_makes_the_key_unusable(store: Store) -> None:
    cache.claim(store, result(rows=1), decision=False)
    with pytest.raises(DeterminismViolation) as caught:
        cache.claim(store, result(rows=2), decision=False)
    second = cache.conflict_key(PARTS.key, result(rows=2).digest)
    assert cache.result_key(PARTS.key) in caught.value.message
    assert second in caught.value.message
    assert f"ml8s runs settle {PARTS.key[:12]} --drop" in caught.value.cure
    for _ in range(2):
        with pytest.raises(DeterminismViolation):
            cache.find(store, PARTS.key)
    rows = differences(store, find_key(store, PARTS.key[:12]))
    assert [(row["part"], row["value"]) for row in rows] == [("fact rows", 2), ("fact rows", 1)]
    assert cache.settle(store, PARTS.key)
    assert cache.find(store, PARTS.key) is None
    with pytest.raises(RunNotFound, match="no result has this key"):
        find_key(store, PARTS.key[:12])


def test_a_result_under_another_key_or_no_result_is_refused(store: Store) -> None:
    store.put(cache.result_key("5" * 64), result().to_bytes())
    with pytest.raises(DigestMismatch, match="another key"):
        cache.find(store, "5" * 64)
    for content in (b"", b"[]", b'{"schema": 2}', result().to_bytes()[:-9]):
        store.put(cache.result_key(PARTS.key), content)
        with pytest.raises(DigestMismatch, match="no result object") as caught:
            cache.find(store, PARTS.key)
        assert "settle" in caught.value.cure


def test_a_hit_needs_every_blob_with_its_size(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "folds"
    folder.mkdir()
    (folder / "a.bin").write_bytes(b"content")
    digest = put_artifact(store, "folds", folder)
    whole = Result(PARTS, {"folds": digest}, {})
    assert cache.absent_outputs(store, whole) == []
    blob = next(item.key for item in store.list("blobs/sha256/") if item.size == len(b"content"))
    store.put(blob, b"conten")
    assert cache.absent_outputs(store, whole) == ["folds"]
    store.put(blob, b"Content")
    assert cache.absent_outputs(store, whole) == []
    assert [bad.path for bad in cache.set_damaged_aside(store, digest)] == ["a.bin"]
    assert cache.absent_outputs(store, whole) == ["folds"]
    assert store.get(f"blobs/bad/{blob.rpartition('/')[2]}") == b"Content", "what was found is kept"
