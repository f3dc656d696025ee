"""Runs through a store that fails: the same digests, or a clear error in bounded time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import moto.s3.models
import pytest
from botocore.retries.standard import ExponentialBackoff

from ml8s.errors import ML8sError, StoreError
from ml8s.runner.training import train
from ml8s.storage import objects, open_store, probe, s3
from ml8s.storage.store import Store
from tests.busy import times_longer
from tests.crash.soundness import assert_sound, results
from tests.crash.storm import CALLS, IN_PARTS, KINDS, Storm, storm_before
from tests.runner.desk import Desk

LONGEST_RUN_SECONDS = 120.0
"""Of one run under faults, on a machine that is free; every request by itself has its own timeout."""

MOST_RUNS = 60
LEAST_OF_EACH = 15
LEAST_OF_ALL = 500
MOST_PUTS = 200
LARGE = bytes(range(256))
STORE_STATUSES = (3, 4)
INTEGRITY = 6

Recorder = Callable[[str, object], None]


class Voyage:
    """Runs of the stub through the storm: each must end well or with a clear error, and leave the store sound."""

    def __init__(self, desk: Desk, storm: Storm, bucket: str, endpoint: str, patch: pytest.MonkeyPatch) -> None:
        self.desk, self.storm, self.bucket, self.endpoint, self.patch = desk, storm, bucket, endpoint, patch
        self.number = 0
        self.ends: Counter[str] = Counter()
        self.run(str(desk.root / "reference"))
        self.expected = results(open_store(str(desk.root / "reference")))

    def run(self, uri: str) -> None:
        trained = train(replace(self.desk.request(), store=uri, slots=1))
        assert trained.model_id is not None

    def sail(self, call: str = "", least: int = 0) -> None:
        """One store, run by run until it is done and this store call met its faults; each run probes the store."""
        self.number += 1
        uri = f"s3://{self.bucket}/store-{self.number}"
        storm, done = self.storm, False
        for _ in range(MOST_RUNS):
            done = self.reached(uri) or done
            if done and storm.injected[storm.kind, call] >= least:
                break
            self.calm(uri).delete(probe.RESULT)
        storm.arm("")
        self.run(uri)
        store = self.calm(uri)
        kinds = assert_sound(store)
        assert (kinds["claims"], kinds["records"], kinds["events"]) == (1, 1, 1)
        assert results(store) == self.expected

    def haul(self, path: Path, call: str, least: int) -> None:
        """Puts of a file in parts until this request met its faults: whole, or refused in words and not there."""
        path.write_bytes(LARGE)
        kind, wholes = self.storm.kind, 0
        with self.in_parts():
            store, calm = open_store(f"s3://{self.bucket}/large"), self.calm(f"s3://{self.bucket}/large")
            for number in range(MOST_PUTS):
                key = f"{kind}-{call}-{number}"
                wholes += self.put(store, key, path)
                assert calm.stat(key) is None or calm.get(key) == LARGE, "what has its final name is whole"
                if wholes and self.storm.injected[kind, call] >= least:
                    break
        self.storm.arm("")
        store.put(key, path)
        assert store.get(key) == LARGE

    def put(self, store: Store, key: str, path: Path) -> bool:
        try:
            store.put(key, path)
        except StoreError as error:
            assert error.exit_status in STORE_STATUSES, f"{error!r}: {error.message}"
            assert error.cure
            return False
        assert store.get(key) == LARGE
        return True

    def reached(self, uri: str) -> bool:
        began = time.monotonic()
        try:
            self.run(uri)
        except ML8sError as error:
            allowed = (*STORE_STATUSES, INTEGRITY) if self.storm.kind == "flip" else STORE_STATUSES
            assert error.exit_status in allowed, f"{error!r}: {error.message}"
            assert error.cure
            assert "s3://" in f"{error.message}{error.where}"
            self.ends[f"{type(error).__name__} after {self.storm.kind}"] += 1
            return False
        finally:
            assert time.monotonic() - began < LONGEST_RUN_SECONDS * times_longer()
        self.ends["done"] += 1
        return True

    @contextmanager
    def in_parts(self) -> Iterator[None]:
        """As long as the block lasts, files of 128 bytes and more are uploaded in parts; S3 itself asks for 5 MiB."""
        with self.patch.context() as patch:
            patch.setattr(s3, "MULTIPART_ABOVE_BYTES", 127)
            patch.setattr(s3, "PART_BYTES", 64)
            patch.setattr(moto.s3.models, "S3_UPLOAD_PART_MIN_SIZE", 1)
            yield

    def calm(self, uri: str) -> Store:
        """The store without the storm before it."""
        self.patch.setenv("AWS_ENDPOINT_URL", self.endpoint)
        store = open_store(uri)
        store.stat("key")
        self.patch.setenv("AWS_ENDPOINT_URL", self.storm.url)
        return store


@pytest.fixture
def voyage(
    desk: Desk, bucket: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, record_property: Recorder
) -> Iterator[Voyage]:
    # The pauses between tries and the patience with a silent server are cut: they decide only how long this takes.
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.01)
    monkeypatch.setattr(objects, "PAUSE_SECONDS", 0.003)
    monkeypatch.setattr(s3, "READ_SECONDS", 0.5)
    monkeypatch.setattr(probe, "KEYS", 1)
    with storm_before(s3_endpoint) as storm:
        monkeypatch.setenv("AWS_ENDPOINT_URL", storm.url)
        sailing = Voyage(desk, storm, bucket, s3_endpoint, monkeypatch)
        yield sailing
        ends = ", ".join(f"{end}: {count}" for end, count in sorted(sailing.ends.items()))
        record_property("figures", f"{storm.table()}\nends of {sailing.ends.total()} runs: {ends}")


@pytest.mark.parametrize(
    "kind", ["drop after", "duplicate", "truncate", "flip", "503", pytest.param("403", marks=pytest.mark.slow)]
)
def test_a_run_through_a_storm_ends_with_the_same_digests(voyage: Voyage, kind: str) -> None:
    voyage.storm.arm(kind, probability=0.02 if kind == "403" else 0.15)
    voyage.sail()
    assert voyage.storm.injected.total() >= 1


@pytest.mark.parametrize("kind", ["truncate", pytest.param("flip", marks=pytest.mark.slow)])
def test_an_upload_in_parts_through_a_storm_is_whole_or_refused(voyage: Voyage, kind: str, tmp_path: Path) -> None:
    for call in IN_PARTS:
        voyage.storm.arm(kind, call)
        voyage.haul(tmp_path / "large", call, 3)


@pytest.mark.slow
def test_every_fault_on_every_store_call_and_every_request_of_an_upload_in_parts(
    voyage: Voyage, tmp_path: Path
) -> None:
    # One test, so that it can sum its table.
    for kind in KINDS:
        for call in CALLS:
            voyage.storm.arm(kind, call, probability=0.9 if call == "delete" else 0.05 if kind == "403" else 0.3)
            voyage.sail(call, LEAST_OF_EACH)
        for call in IN_PARTS:
            voyage.storm.arm(kind, call)
            voyage.haul(tmp_path / "large", call, LEAST_OF_EACH)
    counts = {(kind, call): voyage.storm.injected[kind, call] for kind in KINDS for call in (*CALLS, *IN_PARTS)}
    assert min(counts.values()) >= LEAST_OF_EACH
    assert sum(count for (_, call), count in counts.items() if call in CALLS) >= LEAST_OF_ALL
    assert sum(counts.values()) == voyage.storm.injected.total()
