"""Snapshots: what belongs to one, its token, its manifest, and changes under way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ml8s.errors import InvalidSchema, SnapshotChanged, SnapshotIncomplete, SnapshotNotFound
from ml8s.runner.snapshot import copy_snapshot, find_snapshot, remember, remembered
from ml8s.storage import open_store


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    tables = {"customers": {"path": "tables/customers.parquet", "schema": {}}}
    (folder / "schema.json").write_text(json.dumps({"fields": [], "ml8s:tables": tables}))
    (folder / "train.parquet").write_bytes(b"train")
    (folder / "tables").mkdir()
    (folder / "tables/customers.parquet").write_bytes(b"customers")
    (folder / "notes.txt").write_text("not part of it")
    return folder


def test_a_snapshot_is_its_schema_its_data_and_the_tables_that_the_schema_names(data: Path) -> None:
    names = [file.key for file in find_snapshot(str(data)).files]
    assert names == ["schema.json", "tables/customers.parquet", "train.parquet"]
    (data / "validation.parquet").write_bytes(b"validation")
    assert "validation.parquet" in [file.key for file in find_snapshot(str(data)).files]


def test_the_manifest_knows_content_and_neither_address_nor_time(data: Path, tmp_path: Path) -> None:
    manifest = copy_snapshot(find_snapshot(str(data)), tmp_path / "one")
    data.rename(tmp_path / "moved")
    (tmp_path / "moved/train.parquet").touch()
    assert copy_snapshot(find_snapshot(str(tmp_path / "moved")), tmp_path / "two") == manifest


def test_the_token_changes_whenever_a_file_is_written_again(data: Path) -> None:
    before = find_snapshot(str(data)).token
    assert find_snapshot(str(data)).token == before
    content = (data / "train.parquet").read_bytes()
    (data / "train.parquet").unlink()
    (data / "train.parquet").write_bytes(content)
    assert find_snapshot(str(data)).token != before


def test_what_a_listing_stood_for_is_remembered_for_this_listing_only(data: Path, tmp_path: Path) -> None:
    store, snapshot = open_store(str(tmp_path / "store")), find_snapshot(str(data))
    assert remembered(store, snapshot) is None
    manifest = copy_snapshot(snapshot, tmp_path / "copy")
    remember(store, snapshot, manifest)
    assert remembered(store, snapshot) == manifest
    (data / "train.parquet").write_bytes(b"trial")
    assert remembered(store, find_snapshot(str(data))) is None


def test_a_copy_of_other_bytes_than_were_validated_is_refused_by_name(data: Path, tmp_path: Path) -> None:
    manifest = copy_snapshot(find_snapshot(str(data)), tmp_path / "one")
    (data / "train.parquet").write_bytes(b"trial")
    with pytest.raises(SnapshotChanged, match=r"train\.parquet"):
        copy_snapshot(find_snapshot(str(data)), tmp_path / "two", manifest)


@pytest.mark.parametrize("change", ["rewritten", "removed"])
def test_a_file_that_changes_between_listing_and_copy_is_refused(data: Path, tmp_path: Path, change: str) -> None:
    snapshot = find_snapshot(str(data))
    (data / "train.parquet").unlink()
    if change == "rewritten":
        (data / "train.parquet").write_bytes(b"trial")
    with pytest.raises(SnapshotChanged):
        copy_snapshot(snapshot, tmp_path / "copy")


def test_what_is_missing_is_named_beside_what_is_there(data: Path, tmp_path: Path) -> None:
    (data / "tables/customers.parquet").unlink()
    with pytest.raises(SnapshotIncomplete, match=r"lacks tables/customers\.parquet; there are: notes\.txt"):
        find_snapshot(str(data))
    with pytest.raises(SnapshotNotFound, match="nothing lies there"):
        find_snapshot(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("path", ["../secrets.parquet", "/etc/passwd", 7])
def test_a_table_outside_of_the_snapshot_is_refused(data: Path, path: object) -> None:
    (data / "schema.json").write_text(json.dumps({"ml8s:tables": {"customers": {"path": path}}}))
    with pytest.raises(InvalidSchema):
        find_snapshot(str(data))


@pytest.mark.parametrize("text", ["", "[]", '{"ml8s:tables": 7}', '{"ml8s:tables": {"a": 1}}', "[" * 5000])
def test_a_schema_that_is_none_is_refused(data: Path, text: str) -> None:
    (data / "schema.json").write_text(text)
    with pytest.raises(InvalidSchema):
        find_snapshot(str(data))
