"""The doctor's look at a store: from this machine, and as a pod does it, with identities by purpose."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ml8s.errors import RegistryOpen, StoreRefused
from ml8s.health import State
from ml8s.storage import Purpose, open_store, probe
from ml8s.storage.examination import MARK, examine_access, examine_store, from_rows, main
from tests.cli import commands
from tests.s3_server import make_bucket, mark_probed, s3_environment, s3_server

BOTH = (Purpose.DATA, Purpose.STORE)


def test_a_folder_and_a_sound_server_are_fit(store_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml8s.storage.probe.KEYS", 3)
    check = examine_store(store_uri)
    assert check.state is State.OK
    assert store_uri in check.found
    assert list(open_store(store_uri).list()) == []


def test_a_server_that_races_is_refused_whether_or_not_it_was_probed_before(monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server(races=True) as endpoint:
        for name, value in s3_environment(endpoint).items():
            monkeypatch.setenv(name, value)
        make_bucket(endpoint, "bucket")
        mark_probed(open_store("s3://bucket/prefix"))
        check = examine_store("s3://bucket/prefix")
    assert isinstance(check.error, StoreRefused)
    assert check.cure


def test_a_server_that_lets_everybody_write_the_registry_is_open(bucket: str) -> None:
    store = open_store(f"s3://{bucket}/store")
    mark_probed(store)
    read, stored, closed = examine_access(store.uri, [f"s3://{bucket}"], BOTH, shared=False)
    assert (read.state, stored.state, closed.state) == (State.OK, State.OK, State.FAILED)
    assert isinstance(closed.error, RegistryOpen)
    assert examine_access(store.uri, [], BOTH, shared=True)[-1].state is State.WARNING
    [registers] = examine_access(store.uri, [], (Purpose.STORE, Purpose.REGISTRY), shared=False)
    assert registers.state is State.OK
    assert [item.key for item in store.list()] == [probe.RESULT, MARK]


def test_a_bucket_that_is_not_there_is_named(bucket: str, tmp_path: Path) -> None:
    mark_probed(open_store(f"s3://{bucket}/store"))
    file = tmp_path / "result"
    asked = ["--store", f"s3://{bucket}/store", "--data", "s3://no-such-bucket", "--purpose", "data"]
    assert main([*asked, "--purpose", "store", "--result", str(file)]) == 0
    first, *rest = from_rows(file.read_text())
    assert first.state is State.FAILED
    assert "no-such-bucket" in first.found
    assert first.cure
    assert [check.name for check in rest] == ["store from a pod", "registry closed to steps"]


def test_doctor_of_a_folder_says_what_it_found_and_leaves_nothing(tmp_path: Path) -> None:
    done = commands.run("doctor", "storage", "--store", tmp_path / "store", "-o", "json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    [row] = json.loads(done.stdout)
    assert (row["check"], row["state"]) == ("store", "ok")
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    done = commands.run("doctor", "--store", tmp_path / "other", "--dry-run", folder=tmp_path)
    assert done.returncode == 0
    assert "unknown" in done.stdout
    assert not (tmp_path / "other").exists()


def test_doctor_of_a_store_that_does_not_answer_exits_as_a_run_would(tmp_path: Path) -> None:
    nobody = s3_environment("http://127.0.0.1:1")
    done = commands.run("doctor", "storage", "--store", "s3://bucket/x", folder=tmp_path, environment=nobody)
    assert done.returncode == 3, done.stderr
    assert "ML8S-T001" in done.stderr
    assert "cure:" in done.stderr
    assert "failed" in done.stdout


def test_doctor_of_a_cluster_wants_a_platform_and_then_a_kubectl(tmp_path: Path) -> None:
    assert "ML8S-K002" in commands.run("doctor", "cluster", folder=tmp_path).stderr
    example = Path(__file__).parents[2] / "workflow-templates" / "platform.example.yaml"
    (tmp_path / "platform.yaml").write_text(example.read_text())
    done = commands.run("doctor", "cluster", folder=tmp_path, environment={"PATH": str(tmp_path)})
    assert done.returncode == 2
    assert "ML8S-K021" in done.stderr
    assert "the cluster does not answer" in done.stdout
