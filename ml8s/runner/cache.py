"""Result objects: what a step key stands for, ``cache/<step key>.json``.

The cache is also resume and reproduce. It is a hint that is checked: a hit needs every blob present with its size,
and a key under which two different results exist is never a hit until a person has settled it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ml8s.artifacts import Json, canonical_json, sha256
from ml8s.errors import DeterminismViolation, DigestMismatch, ObjectMissing
from ml8s.runner.keys import KeyParts
from ml8s.storage.blobs import DAMAGED, BadBlob, artifact_present, blob_key, verify_artifact
from ml8s.storage.store import Store
from ml8s.storage.uri import join

RESULT_SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class Result:
    """One step's result: the parts of its key, the digest of each output port, and a few small facts."""

    parts: KeyParts
    outputs: Mapping[str, str]
    facts: Mapping[str, Json]

    @property
    def key(self) -> str:
        """The step key."""
        return self.parts.key

    @property
    def digest(self) -> str:
        """The sha256 of the result object's bytes."""
        return sha256(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The result object as canonical JSON."""
        outputs: Json = dict(self.outputs)
        facts: Json = dict(self.facts)
        return canonical_json({"schema": RESULT_SCHEMA, **self.parts.to_json(), "outputs": outputs, "facts": facts})

    @classmethod
    def from_bytes(cls, content: bytes) -> Result:
        """Reads a result object; raises ValueError where it is none of schema 1."""
        try:
            value = json.loads(content)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        if not isinstance(value, dict) or value.get("schema") != RESULT_SCHEMA:
            raise ValueError("not a result object of schema 1")
        names = ("step", "item", "version", "inputs", "sections", "code")
        return cls(KeyParts(**{name: value[name] for name in names}), value["outputs"], value["facts"])


@dataclass(frozen=True, slots=True)
class Claim:
    """What became of a result: the one that now stands under the key, and whether it is an earlier run's."""

    result: Result
    adopted: bool = False


def result_key(step_key: str) -> str:
    """Where the result object of a step key lies."""
    return f"cache/{step_key}.json"


def conflict_key(step_key: str, digest: str) -> str:
    """Where a second, different result under one step key is kept."""
    return f"cache/{step_key}.conflict-{digest}.json"


def find(store: Store, step_key: str) -> Result | None:
    """The result under a key, whether or not its blobs are still there; None where there is none.

    Raises:
        DeterminismViolation: two different results lie under this key.
        DigestMismatch: the object is damaged, or lies under another key than its own.
    """
    own, conflicts = None, []
    for found in store.list(f"cache/{step_key}."):
        if found.key == result_key(step_key):
            own = found.key
        elif ".conflict-" in found.key:
            conflicts.append(found.key)
    if conflicts:
        raise _violation(store, step_key, conflicts)
    return None if own is None else read(store, step_key)


def read(store: Store, step_key: str) -> Result | None:
    """The result object under a key, without a look for conflicts; None where there is none."""
    key = result_key(step_key)
    try:
        content = store.get(key)
    except ObjectMissing:
        return None
    try:
        result = Result.from_bytes(content)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(store, key, "is no result object") from error
    if result.key != step_key:
        raise _damaged(store, key, "is the result of another key")
    return result


def absent_outputs(store: Store, result: Result) -> list[str]:
    """The output ports of a result that miss a blob or have one of another size; reads manifests only."""
    return [port for port, digest in sorted(result.outputs.items()) if not artifact_present(store, digest)]


def claim(store: Store, result: Result, *, decision: bool) -> Claim:
    """Writes a result under its key, if none is there.

    Args:
        store: the store.
        result: what was made.
        decision: the clock decided how much was done, so that an earlier result under the key is adopted; for
            anything else a different result is a violation.

    Raises:
        DeterminismViolation: another result is there. Both are kept, this one as a conflict.
    """
    if store.create(result_key(result.key), result.to_bytes()):
        return Claim(result)
    earlier = find(store, result.key)
    if earlier is None or earlier == result:
        return Claim(result)
    if decision:
        return Claim(earlier, adopted=True)
    second = conflict_key(result.key, result.digest)
    store.create(second, result.to_bytes())
    raise _violation(store, result.key, [second])


def settle(store: Store, step_key: str) -> list[str]:
    """Removes every result under a key, conflicting ones included, and returns the keys of the removed objects."""
    keys = [found.key for found in store.list(f"cache/{step_key}.")]
    for key in sorted(keys, key=lambda name: ".conflict-" in name):
        # The conflict goes last: whoever looks in between still meets it rather than half of the truth.
        store.delete(key)
    return keys


def set_damaged_aside(store: Store, digest: str) -> list[BadBlob]:
    """Hashes an artifact's blobs and sets the damaged ones aside, so that an upload replaces them; names the bad."""
    bad = list(verify_artifact(store, digest))
    for blob in bad:
        if blob.reason == DAMAGED:
            store.put(f"blobs/bad/{blob.digest}", store.get(blob_key(blob.digest)))
            store.delete(blob_key(blob.digest))
    return bad


def find_step_keys(store: Store, prefix: str) -> list[str]:
    """The step keys that begin with a prefix, sorted."""
    found = {item.key.split("/")[1].split(".")[0] for item in store.list(f"cache/{prefix}")}
    return sorted(key for key in found if len(key) == 64)


def _violation(store: Store, step_key: str, conflicts: list[str]) -> DeterminismViolation:
    first = read(store, step_key)
    step = first.parts.step if first else "a step"
    return DeterminismViolation(
        f"{step} gave two different results for one key: {result_key(step_key)} and {', '.join(conflicts)}",
        where=join(store.uri, result_key(step_key)),
        cure=f"compare the two, then drop both with `ml8s runs settle {step_key[:12]} --drop` and run again",
    )


def _damaged(store: Store, key: str, what: str) -> DigestMismatch:
    return DigestMismatch(
        f"the object {key} {what}",
        where=join(store.uri, key),
        cure=f"drop it with `ml8s runs settle {key.split('/')[1][:12]} --drop` and run again",
    )
