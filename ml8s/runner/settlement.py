"""What a person needs to settle a step key under which two different results lie."""

from __future__ import annotations

from ml8s.artifacts import Json
from ml8s.errors import DeterminismViolation, DigestMismatch, InvalidUsage, RunNotFound
from ml8s.runner import cache
from ml8s.runner.cache import Result
from ml8s.storage.blobs import verify_artifact
from ml8s.storage.store import Store


def find_key(store: Store, prefix: str) -> str:
    """The one step key that begins with a prefix.

    Raises:
        RunNotFound: there is none, or several.
    """
    keys = cache.find_step_keys(store, prefix)
    if len(keys) == 1:
        return keys[0]
    why = f"{len(keys)} step keys begin so" if keys else "no result has this key"
    raise RunNotFound(
        f"{why}: {prefix}", where=store.uri, cure="name the key as the error or `ml8s plan -o json` shows it"
    )


def require_unsettled(store: Store, step_key: str) -> None:
    """Sees that there is something to settle: two results under a key, or one that is damaged or lacks a blob.

    Raises:
        InvalidUsage: the one result is sound; to drop it would only cost its step another run.
    """
    try:
        result = cache.find(store, step_key)
    except (DeterminismViolation, DigestMismatch):
        return
    if result is None or any(verify_artifact(store, digest) for digest in result.outputs.values()):
        return
    raise InvalidUsage(
        f"there is nothing to settle under {step_key}: its one result, of step {result.parts.step}, is whole",
        where=store.uri,
        cure="leave it: a run that needs the step takes this result",
    )


def differences(store: Store, step_key: str) -> list[dict[str, Json]]:
    """One row for each output and fact of each result under a key; where they are alike, one row says so."""
    objects = [item.key for item in store.list(f"cache/{step_key}.")]
    results = {key: Result.from_bytes(store.get(key)) for key in objects}
    parts = sorted({("output", port) for found in results.values() for port in found.outputs})
    parts += sorted({("fact", name) for found in results.values() for name in found.facts})
    rows: list[dict[str, Json]] = []
    for kind, name in parts:
        values = {key: (found.outputs if kind == "output" else found.facts).get(name) for key, found in results.items()}
        if len(values) == 1 or any(value != next(iter(values.values())) for value in values.values()):
            rows += [{"object": key, "part": f"{kind} {name}", "value": value} for key, value in values.items()]
    return rows
