"""What every store promises, asked of each of them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml8s.errors import InvalidStoreUri, ObjectMissing, StoreError
from ml8s.storage import objects, open_store
from ml8s.storage.keys import check_key
from ml8s.storage.store import Store

CONTENTS = [b"", b"x", b"\x00\xff\r\n" * 1000, bytes(3 << 20)]
KEYS = ["a", "a/b/c", "with space", "ünïcode/日本", "a+b=c&d%20", "blobs/sha256/ab/abcdef", "-", "x.json"]


@pytest.mark.parametrize("content", CONTENTS, ids=len)
def test_what_is_put_is_what_is_read(store: Store, tmp_path: Path, content: bytes) -> None:
    store.put("folder/key", content)
    assert store.get("folder/key") == content
    store.fetch("folder/key", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content


@pytest.mark.parametrize("content", CONTENTS, ids=len)
def test_a_file_is_put_as_its_bytes(store: Store, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "source").write_bytes(content)
    store.put("key", tmp_path / "source")
    assert store.get("key") == content
    assert (tmp_path / "source").read_bytes() == content


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_listed_as_it_was_put(store: Store, key: str) -> None:
    store.put(key, b"1")
    assert [item.key for item in store.list()] == [key]
    assert store.get(key) == b"1"
    described = store.stat(key)
    assert described is not None
    assert (described.key, described.size) == (key, 1)


def test_put_replaces(store: Store) -> None:
    store.put("key", b"a long first content")
    store.put("key", b"second")
    assert store.get("key") == b"second"


def test_a_version_changes_with_the_content_and_not_by_itself(store: Store) -> None:
    store.put("key", b"first")
    first = store.stat("key")
    assert first == store.stat("key")
    store.put("key", b"other")
    second = store.stat("key")
    assert first is not None
    assert second is not None
    assert first.version != second.version


def test_an_object_says_when_it_was_written_in_utc(store: Store) -> None:
    store.put("key", b"")
    described = store.stat("key")
    assert described is not None
    assert described.modified.tzinfo is UTC
    assert abs(datetime.now(UTC) - described.modified) < timedelta(minutes=1)
    assert next(iter(store.list())).modified.tzinfo is UTC


def test_what_was_never_written_is_missing(store: Store, tmp_path: Path) -> None:
    assert store.stat("no/such/key") is None
    assert list(store.list()) == []
    assert list(store.list("no/such")) == []
    with pytest.raises(ObjectMissing) as error:
        store.get("no/such/key")
    assert error.value.exit_status == 6
    assert store.uri in error.value.where
    with pytest.raises(ObjectMissing):
        store.fetch("no/such/key", tmp_path / "copy")
    assert list(tmp_path.glob("*copy*")) == []


def test_a_folder_of_objects_is_no_object(store: Store) -> None:
    store.put("folder/key", b"1")
    assert store.stat("folder") is None
    assert store.stat("folder/key/deeper") is None
    with pytest.raises(ObjectMissing):
        store.get("folder")
    with pytest.raises(ObjectMissing):
        store.get("folder/key/deeper")


def test_delete_removes_and_does_not_mind_absence(store: Store) -> None:
    store.put("folder/key", b"1")
    store.put("folder/other", b"1")
    store.delete("folder/key")
    store.delete("folder/key")
    store.delete("nowhere/key")
    assert [item.key for item in store.list()] == ["folder/other"]
    assert store.create("folder/key", b"2")


def test_a_listing_is_by_prefix_and_in_the_order_of_the_bytes(store: Store) -> None:
    keys = ["a-b", "a/b", "a/c", "a0", "b/a", "ä", "Z"]
    for key in keys:
        store.put(key, key.encode())
    assert [item.key for item in store.list()] == sorted(keys, key=str.encode)
    assert [item.key for item in store.list("a/")] == ["a/b", "a/c"]
    assert [item.key for item in store.list("a")] == ["a-b", "a/b", "a/c", "a0"]
    assert [(item.key, item.size) for item in store.list("ä")] == [("ä", 2)]


def test_a_listing_is_complete_beyond_one_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "PAGE_KEYS", 7)
    for number in range(30):
        store.put(f"many/{number:05}", b"")
    assert [item.key for item in store.list("many/")] == [f"many/{number:05}" for number in range(30)]


def test_create_writes_once(store: Store) -> None:
    assert store.create("folder/key", b"first")
    assert not store.create("folder/key", b"second")
    assert not store.create("folder/key", b"first")
    assert store.get("folder/key") == b"first"


def test_create_respects_what_was_put(store: Store) -> None:
    store.put("key", b"put")
    assert not store.create("key", b"created")
    assert store.get("key") == b"put"


def test_of_sixteen_creators_at_once_exactly_one_wins(store: Store) -> None:
    with ThreadPoolExecutor(16) as pool:
        for number in range(6):
            barrier = threading.Barrier(16)

            def create(writer: int, barrier: threading.Barrier = barrier, number: int = number) -> bool:
                barrier.wait()
                return store.create(f"race/{number}", str(writer).encode())

            won = list(pool.map(create, range(16)))
            assert won.count(True) == 1
            assert store.get(f"race/{number}") == str(won.index(True)).encode()
    assert len(list(store.list())) == 6


def test_a_reader_sees_one_whole_content_while_it_is_replaced(store: Store) -> None:
    contents = {bytes([letter]) * 200_000 for letter in b"abc"}
    store.put("key", b"a" * 200_000)
    stop = threading.Event()

    def replace() -> None:
        while not stop.is_set():
            for content in contents:
                store.put("key", content)

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        assert all(store.get("key") in contents for _ in range(40))
    finally:
        stop.set()
        writer.join()


def test_a_source_that_breaks_in_the_middle_leaves_the_earlier_object(store: Store) -> None:
    # Opens, and fails when it is read: address 0 is never mapped.
    broken = Path("/proc/self/mem")
    store.put("key", b"earlier")
    for key in ("key", "new"):
        with pytest.raises((StoreError, OSError)):
            store.put(key, broken)
    assert [item.key for item in store.list()] == ["key"]
    assert store.get("key") == b"earlier"


def test_two_openings_of_one_address_are_one_store(store: Store, store_uri: str) -> None:
    other = open_store(store_uri + "/")
    assert store.create("key", b"1")
    assert not other.create("key", b"2")
    assert other.endpoint == store.endpoint


def test_a_key_that_leaves_the_store_or_that_no_store_can_hold_is_refused(store: Store) -> None:
    for key in ("", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a/.", ".tmp/x", "a\x00b", "x" * 901):
        for operation in (store.get, store.stat, store.delete):
            with pytest.raises(InvalidStoreUri):
                operation(key)
        with pytest.raises(InvalidStoreUri):
            store.put(key, b"")
        with pytest.raises(InvalidStoreUri):
            store.create(key, b"")
    assert list(store.list()) == []


@given(st.text(max_size=30))
def test_a_key_that_is_taken_stays_below_the_root(key: str) -> None:
    try:
        check_key(key)
    except (InvalidStoreUri, UnicodeEncodeError):
        return
    path = Path("/srv/store", key)
    assert path.is_relative_to("/srv/store")
    assert ".." not in path.parts
