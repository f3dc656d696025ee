"""One finished run of a small snapshot, shared by every case about its model: made once, copied for each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ml8s.artifacts import canonical_json, sha256
from tests.bad_input.child import run_bounded
from tests.bad_input.snapshots import write_config, write_snapshot
from tests.data.conftest import sound_rows

ROWS: Final = 400

Damage = Callable[[Path, str], object]


def make_run(folder: Path) -> str:
    """Trains a model in a folder, its store in ``.ml8s``; answers its id."""
    folder.mkdir()
    write_snapshot(folder, sound_rows(rows=ROWS))
    write_config(
        folder, automl={"max_trials": 1, "estimators": ["lgbm"]}, evaluation={"gates": {"log_loss": "<= 100"}}, seed=1
    )
    said = run_bounded(["run", "config.yaml", "-o", "name"], folder)
    assert said.status == 0, said.words
    return said.out.strip()


def copy_run(source: Path, folder: Path) -> None:
    """A copy of the folder of a finished run, its store included."""
    shutil.copytree(source, folder, copy_function=shutil.copy2)


def record_path(store: Path, model: str) -> Path:
    """The file of a model's record."""
    return store / "registry" / "v1" / "model" / "records" / f"{model}.json"


def blob_path(store: Path, digest: str) -> Path:
    """The file of a blob."""
    return store / "blobs" / "sha256" / digest[:2] / digest


def file_of(store: Path, model: str, port: str, path: str) -> Path:
    """The blob of one file of an artifact of a model."""
    record = json.loads(record_path(store, model).read_bytes())
    manifest = json.loads(blob_path(store, record["content"]["ports"][port]).read_bytes())
    return blob_path(store, next(file["sha256"] for file in manifest["files"] if file["path"] == path))


def blob(port: str, path: str, change: Callable[[bytes], bytes] | None) -> Damage:
    """Other bytes under the name of a blob; None removes it."""

    def damage(store: Path, model: str) -> None:
        there = file_of(store, model, port, path)
        if change is None:
            there.unlink()
        else:
            there.write_bytes(change(there.read_bytes()))

    return damage


def smuggled(path: str, change: Callable[[bytes], bytes], *, listed: bool = True) -> Damage:
    """A model whose file has other bytes and every digest above it agrees: as who owns the store could write it.

    With ``listed`` model.json names the new bytes too, so that only the format can refuse them.
    """

    def damage(store: Path, model: str) -> None:
        record_file = record_path(store, model)
        record = json.loads(record_file.read_bytes())
        manifest = json.loads(blob_path(store, record["content"]["ports"]["model"]).read_bytes())
        files = {file["path"]: file for file in manifest["files"]}
        new = change(blob_path(store, files[path]["sha256"]).read_bytes())
        _put(store, files[path], new)
        if listed and path != "model.json":
            described = json.loads(blob_path(store, files["model.json"]["sha256"]).read_bytes())
            for member in described["members"]:
                for file in member["files"]:
                    if path == f"members/{member['estimator']}/{file['path']}":
                        file.update(size=len(new), sha256=sha256(new))
            _put(store, files["model.json"], canonical_json(described))
        content = canonical_json(manifest)
        target = blob_path(store, sha256(content))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        record["content"]["ports"]["model"] = sha256(content)
        record_file.write_bytes(canonical_json(record))

    return damage


def _put(store: Path, file: dict[str, object], content: bytes) -> None:
    target = blob_path(store, sha256(content))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    file.update(size=len(content), sha256=sha256(content))
