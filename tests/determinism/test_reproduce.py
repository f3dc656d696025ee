"""`ml8s models reproduce` names the first step that came out different, both digests and the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from ml8s.artifacts import Json, canonical_json
from ml8s.registry import Registry
from ml8s.registry.record import Record
from ml8s.storage import open_store
from ml8s.storage.blobs import fetch_artifact, put_artifact
from ml8s.storage.store import Store
from tests.cli.commands import run
from tests.determinism.conftest import First, Row


def tampered(store: Store, digest: str, kind: str, file: str) -> str:
    """The digest of a copy of an artifact, put into the store, in which one file has a byte more."""
    with TemporaryDirectory() as folder:
        fetch_artifact(store, digest, Path(folder))
        changed = Path(folder) / file
        changed.write_bytes(changed.read_bytes() + b" ")
        return put_artifact(store, kind, Path(folder))


def test_a_record_is_reproduced_and_one_tampered_with_is_found_out(
    first: Callable[[str], First], tmp_path: Path, row: Row
) -> None:
    begun = first("species")
    store = open_store(str(begun.store))
    record = Registry(store).record(str(begun.made.model_id))
    same = run("models", "reproduce", record.model_id, "--store", begun.store, "-o", "json", folder=tmp_path)
    assert same.returncode == 0, same.stderr
    assert json.loads(same.stdout)["answer"] == "identical"

    # Two steps' artifacts are others than what they made: folds of split, and the metrics of evaluate after it.
    folds = tampered(store, record.ports["folds"], "folds", "folds.json")
    ports: dict[str, Json] = {**record.ports, "folds": folds}
    last = next(name for name in ("metrics", "report", "verdict") if name in record.ports)
    ports[last] = "0" * 64
    bad = Record(record.model_id, {**record.content, "ports": ports}, record.envelope)
    where = f"registry/v1/species/records/{record.model_id}.json"
    sound = store.get(where)
    store.put(where, canonical_json(json.loads(bad.to_bytes())))
    try:
        found = run("models", "reproduce", record.model_id, "--store", begun.store, "-o", "json", folder=tmp_path)
    finally:
        store.put(where, sound)
    assert found.returncode == 1, found.stderr
    assert "error ML8S-R006" in found.stderr
    answer = json.loads(found.stdout)
    assert answer["answer"] == "diverged"
    assert (answer["step"], answer["artifact"], answer["files"]) == ("split", "folds", ["folds.json"])
    assert (answer["recorded"], answer["reproduced"]) == (folds, record.ports["folds"])
    assert all(words in found.stderr for words in ("split", folds[:12], record.ports["folds"][:12], "folds.json"))
    row("reproduced from its record", "species", answer["artifacts"])
    row("reproduced from its record", "species", 0, "of a record tampered with, the first bad step is named")
