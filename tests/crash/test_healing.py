"""Blobs that are damaged behind a finished run: made again, to the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ml8s.registry import Registry
from ml8s.registry.verification import verify
from ml8s.storage import open_store
from ml8s.storage.blobs import blob_key, read_manifest
from tests.crash.soundness import assert_sound, results
from tests.runner.desk import Desk

KINDS = ("dataset", "candidate", "trials", "verdict", "metrics", "report")
DAMAGES = ("removed", "truncated", "emptied", "flipped")
MANIFEST = "manifest"


def blobs_of(desk: Desk, port: str) -> dict[str, Path]:
    """The blobs of the artifact at a port, its manifest's too, by file; empty files aside."""
    store = open_store(str(desk.store))
    for path in sorted((desk.store / "cache").glob("*.json")):
        digest = json.loads(path.read_bytes())["outputs"].get(port)
        if digest is not None:
            files = {entry.path: entry.sha256 for entry in read_manifest(store, digest).files if entry.size}
            return {name: desk.store / blob_key(digest) for name, digest in {**files, MANIFEST: digest}.items()}
    raise AssertionError(port)


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "removed":
        path.unlink()
        return
    changed = {"truncated": content[:-1], "emptied": b"", "flipped": bytes([content[0] ^ 1]) + content[1:]}
    path.write_bytes(changed[how])


@pytest.mark.parametrize("how", DAMAGES)
def test_every_kind_of_damaged_blob_is_made_again_and_named(desk: Desk, how: str) -> None:
    first = desk.train(slots=1)
    assert first.model_id is not None
    store = open_store(str(desk.store))
    expected = results(store)
    registry = Registry(store)
    in_record = {port.partition("[")[0] for port in registry.record(first.model_id).ports}
    assert in_record == {"dataset", "verdict"}
    for port in KINDS:
        for file, blob in blobs_of(desk, port).items():
            content = blob.read_bytes()
            damage(blob, how)
            if port in in_record:
                named = {(bad.port, bad.path) for bad in verify(registry, first.model_id).bad}
                assert (port, file) in named
            again = desk.train(slots=1, verify=how == "flipped")
            assert blob.read_bytes() == content, f"{file} of {port}, {how}"
            assert (again.model_id, again.run_key) == (first.model_id, first.run_key)
            assert results(store) == expected
            assert verify(registry, first.model_id).bad == ()
            assert_sound(store)


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_cache_entry_is_named_and_settled_by_hand(desk: Desk, how: str) -> None:
    from ml8s.errors import DigestMismatch
    from ml8s.runner import cache

    desk.train(slots=1)
    store = open_store(str(desk.store))
    expected = results(store)
    for entry in sorted((desk.store / "cache").glob("*.json")):
        damage(entry, how)
        if how != "removed":
            with pytest.raises(DigestMismatch, match=entry.name) as caught:
                desk.train(slots=1)
            assert "settle" in caught.value.cure
            cache.settle(store, entry.stem)
        desk.train(slots=1)
        assert results(store) == expected
        assert_sound(store)


def test_everything_but_the_registry_may_be_lost(desk: Desk) -> None:
    first = desk.train(slots=1)
    expected = results(open_store(str(desk.store)))
    for folder in ("blobs", "cache", "runs"):
        for path in (desk.store / folder).rglob("*"):
            if path.is_file():
                path.unlink()
    assert desk.train(slots=1).model_id == first.model_id
    assert results(open_store(str(desk.store))) == expected
    assert_sound(open_store(str(desk.store)))
