"""Whether a registered model is still what was registered: its record, its log and every blob, hashed again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ml8s.artifacts import Json
from ml8s.catalogue import STEPS
from ml8s.registry.registry import Registry
from ml8s.storage.blobs import verify_artifact

REFRESHED_STATE: Final = "state (refreshed)"
REFRESH: Final = "features refresh"


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file of a model's artifact whose blob is missing or damaged: the port, and the step or verb that makes it."""

    port: str
    path: str
    digest: str
    reason: str
    step: str

    def to_json(self) -> dict[str, Json]:
        """The finding as JSON."""
        return {
            "port": self.port,
            "path": self.path,
            "digest": self.digest,
            "reason": self.reason,
            "step": self.step,
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked: the record's digest, the length of its name's log, the artifacts, and the bad files."""

    model_id: str
    record: str
    registered: bool
    events: int
    artifacts: int
    bad: tuple[BadFile, ...]


def verify(registry: Registry, model_id: str) -> Verification:
    """Checks a model, with the lookup state of its last refresh; changes nothing.

    The snapshot is not in the store and is not read.

    Raises:
        ModelNotFound: no such model is registered.
        RecordTampered: the record or the log of its name was changed.
    """
    record = registry.record(model_id)
    registered = registry.registered(record)
    refreshed = registry.last_refresh(record)
    artifacts = [(port, digest, producer(port)) for port, digest in sorted(record.ports.items())]
    if refreshed is not None and refreshed != record.ports.get("state"):
        artifacts.append((REFRESHED_STATE, refreshed, REFRESH))
    bad = [
        BadFile(port, blob.path, blob.digest, blob.reason, step)
        for port, digest, step in artifacts
        for blob in verify_artifact(registry.store, digest)
    ]
    events = len(registry.events(record.name))
    return Verification(model_id, record.digest, registered is not None, events, len(artifacts), tuple(bad))


def producer(port: str) -> str:
    """The step that makes a port's artifact, with the item of a fanned-out one: ``search[lgbm]``."""
    name, bracket, item = port.partition("[")
    for spec in STEPS:
        if any(output.name == name for output in spec.outputs):
            return spec.name + bracket + item
    return "unknown"
