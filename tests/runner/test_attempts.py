"""Attempts: names, envelopes, and how a run is found."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ml8s.errors import InvalidUsage, RunNotFound
from ml8s.runner.attempts import Attempt, find_run, list_attempts, new_attempt, read_file
from ml8s.storage import open_store
from ml8s.storage.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


def write(store: Store, tmp_path: Path, name: str, key: str | None) -> None:
    attempt = Attempt(store, name, {"name": "fraud"}, tmp_path / "log.txt")
    if key is not None:
        attempt.close("done", None, {"run_key": key})


def test_an_attempt_is_its_utc_time_and_six_characters() -> None:
    moment = datetime(2026, 2, 11, 7, 5, 9, tzinfo=UTC)
    names = {new_attempt(moment) for _ in range(50)}
    assert len(names) == 50
    assert all(name.startswith("20260211t070509-") and len(name) == 22 for name in names)


def test_a_run_is_found_by_attempt_by_run_key_and_by_the_beginning_of_either(store: Store, tmp_path: Path) -> None:
    for name, key in (
        ("20260211t070509-aaaaaa", "abcd" * 16),
        ("20260211t080000-bbbbbb", "abcd" * 16),
        ("20260212t080000-cccccc", "abce" * 16),
    ):
        write(store, tmp_path, name, key)
    assert find_run(store, "20260211t070509-aaaaaa").attempt == "20260211t070509-aaaaaa"
    assert find_run(store, "20260212").attempt == "20260212t080000-cccccc"
    assert find_run(store, "abcd" * 16).attempt == "20260211t080000-bbbbbb", "the latest attempt of the run key"
    assert find_run(store, "abcdabcd").attempt == "20260211t080000-bbbbbb"
    for name, message in (("20260211", "2 runs begin so"), ("zzzz", "no run 'zzzz'"), ("abc", "no run 'abc'")):
        with pytest.raises(RunNotFound, match=message):
            find_run(store, name)


def test_an_attempt_that_was_killed_has_no_outcome(store: Store, tmp_path: Path) -> None:
    write(store, tmp_path, "20260211t070509-aaaaaa", None)
    store.put("runs/latest/fraud.json", b"{}")
    assert list_attempts(store) == ["20260211t070509-aaaaaa"]
    run = find_run(store, "2026")
    assert run.outcome == "unfinished"
    with pytest.raises(InvalidUsage, match=r"has no log\.txt"):
        read_file(store, run, "log.txt")


def test_a_violation_report_lies_with_its_attempt(store: Store, tmp_path: Path) -> None:
    from ml8s.errors import ContractViolation, Problem

    attempt = Attempt(store, "20260211t070509-aaaaaa", {}, tmp_path / "log.txt")
    attempt.close("failed", ContractViolation("bad rows", cure="mend", problems=[Problem("7 rows", "train:x")]), {})
    value = json.loads(store.get("runs/20260211t070509-aaaaaa/violations.json"))
    assert value["problems"][0]["where"] == "train:x"
    assert find_run(store, "2026").envelope["stopped_by"] == {"code": "ML8S-D005", "message": "bad rows"}
