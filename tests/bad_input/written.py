"""What a command wrote into a store, beyond what steps before the failing one may write."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path


def unexplained(store: Path, allowed: Collection[str] = ()) -> list[str]:
    """Blobs, cache entries, claims, records and events that no step of ``allowed`` made; runs/ and the probe are free.

    A blob is explained where an allowed cache entry reaches it: as an output's manifest, or a file of one.
    """
    if not store.is_dir():
        return []
    explained: set[str] = set()
    for entry in store.glob("cache/*.json"):
        value = json.loads(entry.read_bytes())
        if value["step"] in allowed:
            explained.add(entry.relative_to(store).as_posix())
            explained.update(_blobs(store, value["outputs"].values()))
    if "validate" in allowed:
        explained.update(path.relative_to(store).as_posix() for path in store.glob("cache/snapshots/*.json"))
    found = [
        path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file() and path.name != "probe.json"
    ]
    return sorted(key for key in found if not key.startswith("runs/") and key not in explained)


def _blobs(store: Path, digests: Collection[str]) -> Iterator[str]:
    for digest in digests:
        yield f"blobs/sha256/{digest[:2]}/{digest}"
        manifest = json.loads((store / f"blobs/sha256/{digest[:2]}/{digest}").read_bytes())
        for file in manifest["files"]:
            yield f"blobs/sha256/{file['sha256'][:2]}/{file['sha256']}"


def objects(store: Path) -> list[str]:
    """The keys of all objects of a store, runs/ aside and blobs set aside as bad under their own names."""
    keys = [path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file()]
    good = {key.rpartition("/")[2] for key in keys if key.startswith("blobs/")}
    return sorted([*good, *(key for key in keys if not key.startswith(("runs/", "blobs/")))])


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder, the default store aside, with its size and modification time in ns."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and ".ml8s" not in path.relative_to(folder).parts
    }
