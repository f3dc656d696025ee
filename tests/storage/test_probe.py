"""Stores that do not keep create-if-absent are refused before anything is written to them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml8s.errors import StoreRefused
from ml8s.storage import open_store, probe
from ml8s.storage.local import FolderStore
from ml8s.storage.store import Store, StoredObject
from ml8s.storage.uri import FolderAddress
from tests.s3_server import make_bucket, s3_environment, s3_server
from tests.storage.faulty_proxy import FaultyProxy, faulty_proxy


class WrongStore(FolderStore):
    """A folder that breaks one promise."""

    def __init__(self, folder: Path, fault: str) -> None:
        super().__init__(FolderAddress(folder, str(folder)))
        self.fault = fault
        self.lock = threading.Lock()
        self.creates = 0
        self.old: dict[str, bytes] = {}

    def create(self, key: str, content: bytes) -> bool:
        with self.lock:
            self.creates += 1
        if self.fault == "ignores" or (self.fault == "races" and "race" in key and self._is_seldom(key)):
            self.put(key, content)
            return True
        won = super().create(key, content)
        if self.fault == "overwrites" and "race" in key:
            self.put(key, content)
        return won and self.fault != "loses"

    def _is_seldom(self, key: str) -> bool:
        return key.endswith("3")

    def get(self, key: str) -> bytes:
        content = super().get(key)
        return self.old.setdefault(key, content) if self.fault == "stale" else content

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        return iter(()) if self.fault == "blind" else super().list(prefix)


@pytest.mark.parametrize("fault", ["ignores", "races", "overwrites", "loses", "stale", "blind"])
def test_a_store_that_breaks_a_promise_is_refused(tmp_path: Path, fault: str) -> None:
    store = WrongStore(tmp_path / "store", fault)
    with pytest.raises(StoreRefused) as error:
        probe.ensure_probed(store)
    assert str(tmp_path) in error.value.message
    assert "create-if-absent" in error.value.cure
    assert store.stat(probe.RESULT) is None


def test_the_probe_stops_at_the_first_double_winner(tmp_path: Path) -> None:
    store = WrongStore(tmp_path / "store", "races")
    with pytest.raises(StoreRefused, match="16 of 16 writers"):
        probe.probe(store, keys=200)
    assert store.creates == 2 + 4 * probe.WRITERS


def test_an_s3_server_that_races_the_condition_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server(races=True) as endpoint:
        for name, value in s3_environment(endpoint).items():
            monkeypatch.setenv(name, value)
        make_bucket(endpoint, "bucket")
        with pytest.raises(StoreRefused, match="of 16 writers win one key"):
            probe.probe(open_store("s3://bucket/prefix"), keys=200)


def test_a_sound_store_passes_and_is_left_clean(store: Store) -> None:
    probe.probe(store, keys=3)
    assert list(store.list()) == []


def test_a_folder_is_probed_once(tmp_path: Path) -> None:
    store = WrongStore(tmp_path / "store", "none")
    probe.ensure_probed(store)
    result = json.loads(store.get(probe.RESULT))
    assert result == {"version": probe.VERSION, "endpoint": store.endpoint, "keys": probe.FOLDER_KEYS}
    before = store.creates
    probe.ensure_probed(store)
    assert store.creates == before
    assert [item.key for item in store.list()] == [probe.RESULT]


def test_a_store_that_lost_its_promise_is_trusted_until_its_endpoint_changes(tmp_path: Path) -> None:
    probe.ensure_probed(WrongStore(tmp_path / "store", "none"))
    probe.ensure_probed(WrongStore(tmp_path / "store", "ignores"))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"version":0}', b"\xff"])
def test_a_result_that_says_nothing_is_probed_again(tmp_path: Path, content: bytes) -> None:
    store = WrongStore(tmp_path / "store", "none")
    store.put(probe.RESULT, content)
    probe.ensure_probed(store)
    assert store.creates > 0


def test_another_endpoint_of_the_same_bucket_is_probed_again(
    s3_endpoint: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "KEYS", 1)
    with faulty_proxy(s3_endpoint) as proxy:
        probe.ensure_probed(open_store(f"s3://{bucket}/prefix"))
        assert _writes_of_a_probe(bucket, s3_endpoint, proxy, monkeypatch) == 0
        assert _writes_of_a_probe(bucket, proxy.url, proxy, monkeypatch) > probe.WRITERS
        assert json.loads(open_store(f"s3://{bucket}/prefix").get(probe.RESULT))["endpoint"] == proxy.url


def _writes_of_a_probe(bucket: str, endpoint: str, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    proxy.arm("PUT")
    probe.ensure_probed(open_store(f"s3://{bucket}/prefix"))
    return len([line for line in proxy.seen if line.startswith("PUT")])


def test_a_folder_is_probed_on_few_keys_and_every_object_store_on_many() -> None:
    assert probe.keys_of("file:///srv/store") == probe.FOLDER_KEYS
    for endpoint in ("https://account.blob.core.windows.net", "http://127.0.0.1:9000", "https://s3.amazonaws.com"):
        assert probe.keys_of(endpoint) == probe.KEYS
