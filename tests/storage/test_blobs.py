"""Artifacts go into a store and come out with the same bytes, or not at all."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ml8s.artifacts import canonical_json, describe_folder, sha256
from ml8s.errors import DigestMismatch, ObjectMissing
from ml8s.storage import open_store
from ml8s.storage.blobs import (
    DAMAGED,
    MANIFEST,
    MISSING,
    BadBlob,
    artifact_present,
    blob_key,
    fetch_artifact,
    put_artifact,
    read_manifest,
    verify_artifact,
)
from ml8s.storage.store import Store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "artifact"
    (folder / "members/lgbm").mkdir(parents=True)
    (folder / "model.json").write_bytes(b"{}")
    (folder / "empty").write_bytes(b"")
    (folder / "members/lgbm/model.txt").write_bytes(b"tree" * 1000)
    return folder


def digest_of(folder: Path, path: str) -> str:
    return sha256((folder / path).read_bytes())


def test_an_artifact_comes_back_as_it_was(store: Store, folder: Path, tmp_path: Path) -> None:
    digest = put_artifact(store, "model", folder)
    assert digest == describe_folder("model", folder).digest
    fetch_artifact(store, digest, tmp_path / "copy")
    assert describe_folder("model", tmp_path / "copy").digest == digest
    assert artifact_present(store, digest)
    assert verify_artifact(store, digest) == ()
    assert read_manifest(store, digest) == describe_folder("model", folder)


def test_equal_files_are_one_blob(store: Store, folder: Path) -> None:
    (folder / "again").write_bytes(b"{}")
    put_artifact(store, "model", folder)
    assert len(list(store.list("blobs/"))) == 4


def test_an_artifact_without_files_is_one(store: Store, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    digest = put_artifact(store, "report", tmp_path / "nothing")
    fetch_artifact(store, digest, tmp_path / "copy")
    assert list((tmp_path / "copy").iterdir()) == []


def test_an_artifact_that_was_never_put_is_missing(store: Store, tmp_path: Path) -> None:
    assert not artifact_present(store, "0" * 64)
    assert verify_artifact(store, "0" * 64) == (BadBlob("0" * 64, MANIFEST, MISSING),)
    with pytest.raises(ObjectMissing):
        fetch_artifact(store, "0" * 64, tmp_path / "copy")


@pytest.mark.parametrize("path", ["model.json", "empty", "members/lgbm/model.txt"])
def test_a_missing_blob_is_named(store: Store, folder: Path, tmp_path: Path, path: str) -> None:
    digest = put_artifact(store, "model", folder)
    store.delete(blob_key(digest_of(folder, path)))
    assert not artifact_present(store, digest)
    assert verify_artifact(store, digest) == (BadBlob(digest_of(folder, path), path, MISSING),)
    with pytest.raises(ObjectMissing):
        fetch_artifact(store, digest, tmp_path / "copy")
    assert put_artifact(store, "model", folder) == digest
    assert artifact_present(store, digest)


def test_a_damaged_blob_of_the_same_size_is_found_set_aside_and_replaced(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    digest = put_artifact(store, "model", folder)
    bad = digest_of(folder, "members/lgbm/model.txt")
    store.put(blob_key(bad), b"tre3" * 1000)
    assert verify_artifact(store, digest) == (BadBlob(bad, "members/lgbm/model.txt", DAMAGED),)
    assert artifact_present(store, digest), "presence and size are all that it looks at"

    with pytest.raises(DigestMismatch, match=r"model\.txt") as error:
        fetch_artifact(store, digest, tmp_path / "copy")
    assert error.value.exit_status == 6
    assert not (tmp_path / "copy/members/lgbm/model.txt").exists()
    assert not artifact_present(store, digest)
    assert store.get(f"blobs/bad/{bad}") == b"tre3" * 1000

    put_artifact(store, "model", folder)
    fetch_artifact(store, digest, tmp_path / "copy2")
    assert describe_folder("model", tmp_path / "copy2").digest == digest


def test_a_blob_of_another_size_does_not_count_as_present(store: Store, folder: Path) -> None:
    digest = put_artifact(store, "model", folder)
    store.put(blob_key(digest_of(folder, "model.json")), b"{} ")
    assert not artifact_present(store, digest)
    put_artifact(store, "model", folder)
    assert verify_artifact(store, digest) == ()


def test_a_damaged_manifest_is_found_and_set_aside(store: Store, folder: Path, tmp_path: Path) -> None:
    digest = put_artifact(store, "model", folder)
    store.put(blob_key(digest), b"{}")
    assert verify_artifact(store, digest) == (BadBlob(digest, MANIFEST, DAMAGED),)
    with pytest.raises(DigestMismatch):
        fetch_artifact(store, digest, tmp_path / "copy")
    assert not artifact_present(store, digest)
    assert put_artifact(store, "model", folder) == digest
    assert verify_artifact(store, digest) == ()


def test_checking_changes_nothing(store: Store, folder: Path) -> None:
    digest = put_artifact(store, "model", folder)
    store.put(blob_key(digest_of(folder, "model.json")), b"xx")
    before = list(store.list())
    verify_artifact(store, digest)
    artifact_present(store, digest)
    assert list(store.list()) == before


@pytest.mark.parametrize("path", ["../outside", "/tmp/outside", "a/../../outside"])
def test_a_manifest_that_leads_outside_is_refused(store: Store, tmp_path: Path, path: str) -> None:
    store.put(blob_key(sha256(b"x")), b"x")
    manifest = canonical_json(
        {"kind": "model", "schema": 1, "files": [{"path": path, "size": 1, "sha256": sha256(b"x")}]}
    )
    store.put(blob_key(sha256(manifest)), manifest)
    with pytest.raises(DigestMismatch, match="outside"):
        fetch_artifact(store, sha256(manifest), tmp_path / "deep/copy")
    assert not list(tmp_path.rglob("outside"))


def test_a_blob_that_is_no_manifest_is_refused_as_one(store: Store, tmp_path: Path) -> None:
    store.put(blob_key(sha256(b"x")), b"x")
    with pytest.raises(DigestMismatch, match="no manifest"):
        fetch_artifact(store, sha256(b"x"), tmp_path / "copy")


def test_a_present_blob_is_put_again_only_when_it_is_a_week_old(tmp_path: Path, folder: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    put_artifact(store, "model", folder)
    paths = sorted(path for path in (tmp_path / "store/blobs").rglob("*") if path.is_file())
    assert len(paths) == 4
    for days, path in zip((1, 6, 8, 400), paths, strict=True):
        then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        os.utime(path, (then, then))
    put_artifact(store, "model", folder)
    week = (datetime.now(UTC) - timedelta(days=7)).timestamp()
    assert [path.stat().st_mtime > week for path in paths] == [True] * 4
    ages = [datetime.now(UTC).timestamp() - path.stat().st_mtime for path in paths]
    assert ages[0] > 80_000
    assert ages[1] > 500_000
    assert ages[2] < 100
    assert ages[3] < 100
