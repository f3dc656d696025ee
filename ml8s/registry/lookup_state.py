"""When the lookup state that predictions of a model use was made for."""

from __future__ import annotations

import json
from typing import Final

from ml8s.artifacts import Json, sha256
from ml8s.errors import DigestMismatch, ObjectMissing
from ml8s.registry.record import Record
from ml8s.registry.registry import Registry
from ml8s.storage.blobs import blob_key, read_manifest

FILE_NAME: Final = "state.json"


def describe_state(registry: Registry, record: Record) -> dict[str, Json] | None:
    """The digest of a model's newest lookup state, its time, and whether a refresh made it; None without a state.

    The time is null where nothing is looked up, and where the state is not whole in the store. Reads ``state.json``
    alone; `ml8s models verify` hashes the rest.

    Raises:
        StoreError: the store cannot be read.
    """
    refreshed = registry.last_refresh(record)
    digest = refreshed or record.ports.get("state")
    if digest is None:
        return None
    try:
        file = next(one for one in read_manifest(registry.store, digest).files if one.path == FILE_NAME)
        content = registry.store.get(blob_key(file.sha256))
        whole = sha256(content) == file.sha256
    except (ObjectMissing, DigestMismatch, StopIteration):
        whole = False
    as_of: Json = json.loads(content).get("as_of") if whole else None
    return {"digest": digest, "as_of": as_of, "refreshed": refreshed is not None}
