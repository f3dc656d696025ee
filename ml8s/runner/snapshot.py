"""Snapshots: found by their address, known by the digest of their manifest.

A listing gives a token of what lies at the address. The store remembers which manifest a token stood for once every
byte was read, so that an unchanged snapshot is not read again. What a step reads is copied to scratch and hashed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final

from ml8s.artifacts import FileEntry, Json, Manifest, canonical_json, file_sha256, json_digest
from ml8s.data.schema_json import MAX_BYTES, read_strict_json
from ml8s.errors import InvalidSchema, ObjectMissing, SnapshotChanged, SnapshotIncomplete, SnapshotNotFound
from ml8s.storage import Purpose, open_store
from ml8s.storage.store import Store, StoredObject

SCHEMA_FILE: Final = "schema.json"
TRAIN_FILE: Final = "train.parquet"
VALIDATION_FILE: Final = "validation.parquet"
TABLES: Final = "ml8s:tables"
SHOWN_FILES: Final = 5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What lies at an address: the files that belong to the snapshot, sorted by name."""

    uri: str
    files: tuple[StoredObject, ...]

    @property
    def token(self) -> str:
        """The sha256 of (name, size, version) of each file: it changes whenever one is written again."""
        return json_digest([[file.key, file.size, file.version] for file in self.files])


def find_snapshot(uri: str) -> Snapshot:
    """Lists the snapshot at an address: schema.json, train.parquet, validation.parquet, and the schema's tables.

    Raises:
        SnapshotNotFound: nothing lies there.
        SnapshotIncomplete: a file that it must have is missing; says which were found.
        InvalidSchema: schema.json is no strict JSON, or names a table outside of the snapshot.
    """
    store = open_store(uri, Purpose.DATA)
    found = _look_for(store, (SCHEMA_FILE, TRAIN_FILE, VALIDATION_FILE))
    required = [SCHEMA_FILE, TRAIN_FILE, *([VALIDATION_FILE] if VALIDATION_FILE in found else [])]
    _require(store, found, required)
    tables = _table_files(uri, store, found[SCHEMA_FILE])
    found |= _look_for(store, tables)
    _require(store, found, tables)
    return Snapshot(uri, tuple(found[name] for name in sorted({*required, *tables})))


def remembered(store: Store, snapshot: Snapshot) -> Manifest | None:
    """The manifest that this listing stood for when its bytes were last read; None where nobody read them yet."""
    try:
        value = json.loads(store.get(_memory_key(snapshot)))
        return Manifest.from_bytes(canonical_json(value["manifest"]))
    except (ObjectMissing, ValueError, KeyError, TypeError, RecursionError):
        return None


def remember(store: Store, snapshot: Snapshot, manifest: Manifest) -> None:
    """Writes down which manifest a listing stands for; only a step that read every byte may say so."""
    value: Json = {
        "schema": 1,
        "locator": snapshot.uri,
        "token": snapshot.token,
        "digest": manifest.digest,
        "manifest": manifest.to_json(),
    }
    store.put(_memory_key(snapshot), canonical_json(value))


def copy_snapshot(snapshot: Snapshot, folder: Path, expected: Manifest | None = None) -> Manifest:
    """Copies the files into an empty folder and hashes the copies.

    Args:
        snapshot: what to copy.
        folder: where to; made if it is not there.
        expected: the manifest that was validated, where there is one.

    Raises:
        SnapshotChanged: a file is not what was validated, or changed between listing and copy.
    """
    store = open_store(snapshot.uri, Purpose.DATA)
    entries = []
    for file in snapshot.files:
        target = folder / file.key
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            store.fetch(file.key, target)
        except ObjectMissing as gone:
            raise _changed(snapshot.uri, [file.key]) from gone
        after = store.stat(file.key)
        if after is None or after.version != file.version or target.stat().st_size != file.size:
            raise _changed(snapshot.uri, [file.key])
        entries.append(FileEntry(file.key, file.size, file_sha256(target)))
    manifest = Manifest("snapshot", tuple(sorted(entries)))
    if expected is not None and manifest != expected:
        raise _changed(snapshot.uri, sorted({entry.path for entry in {*manifest.files} ^ {*expected.files}}))
    return manifest


def _memory_key(snapshot: Snapshot) -> str:
    return f"cache/snapshots/{json_digest([snapshot.uri, snapshot.token])}.json"


def _look_for(store: Store, names: Iterable[str]) -> dict[str, StoredObject]:
    return {name: found for name in names if (found := store.stat(name)) is not None}


def _require(store: Store, found: Mapping[str, StoredObject], names: Sequence[str]) -> None:
    missing = [name for name in names if name not in found]
    if not missing:
        return
    shown = [item.key for item in islice(store.list(), SHOWN_FILES)]
    if not shown:
        raise SnapshotNotFound(
            f"no snapshot at {store.uri}: nothing lies there",
            where=store.uri,
            cure=f"mend `dataset_uri`, or publish one with `ml8s data publish DATA {store.uri}`",
        )
    raise SnapshotIncomplete(
        f"the snapshot at {store.uri} lacks {', '.join(missing)}; there are: {', '.join(shown)}",
        where=store.uri,
        cure="mend `dataset_uri`, or publish the data with `ml8s data publish`, which writes schema.json last",
    )


def _table_files(uri: str, store: Store, schema: StoredObject) -> list[str]:
    """The paths of the further tables that schema.json declares."""
    where = f"{uri.rstrip('/')}/{SCHEMA_FILE}"
    if schema.size > MAX_BYTES:
        raise InvalidSchema(
            f"{SCHEMA_FILE} is {schema.size:,} bytes large; at most {MAX_BYTES:,} are read",
            where=where,
            cure="shorten it",
        )
    content = store.get(SCHEMA_FILE)
    paths = _plain_paths(read_strict_json(content, where))
    if paths is None:
        from ml8s.data.schema_reader import read_schema  # loads pyarrow, and says all that is wrong

        paths = [table.path for table in read_schema(content, where).tables.values()]
    return [PurePosixPath(path).as_posix() for path in paths]


def _plain_paths(schema: Json) -> list[str] | None:
    """The paths of the tables where all of them are plain; None where the contract's own reader must look."""
    tables = schema.get(TABLES, {}) if isinstance(schema, Mapping) else None
    if not isinstance(tables, Mapping):
        return None
    paths: list[str] = []
    for table in tables.values():
        path = table.get("path") if isinstance(table, Mapping) and isinstance(table.get("schema"), Mapping) else None
        if not isinstance(path, str) or PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            return None
        paths.append(path)
    return paths


def _changed(uri: str, files: Sequence[str]) -> SnapshotChanged:
    return SnapshotChanged(
        f"the snapshot at {uri} changed while it was in use: {', '.join(files)}",
        where=uri,
        cure="a snapshot is immutable: publish changed data at a new address and name that in `dataset_uri`",
    )
