"""Training a registered model again from its record alone, in an empty store, and comparing every artifact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ml8s.artifacts import Json
from ml8s.config.loader import LoadedConfig
from ml8s.config.model import Config
from ml8s.errors import (
    BucketMissing,
    DigestMismatch,
    GateFailed,
    LineageRefused,
    ObjectMissing,
    SnapshotGone,
    SnapshotIncomplete,
    SnapshotNotFound,
)
from ml8s.registry.record import Record
from ml8s.runner.code import code_identity
from ml8s.runner.envelope import describe_versions
from ml8s.runner.events import Listener
from ml8s.runner.plan import SNAPSHOT, output_name
from ml8s.runner.replay import trials_of_record
from ml8s.runner.snapshot import find_snapshot
from ml8s.runner.training import Request, prepare, train
from ml8s.storage.blobs import read_manifest
from ml8s.storage.store import Store

LAST_STEP: Final = "evaluate"
IDENTICAL: Final = "identical"
DIVERGED: Final = "diverged"
OTHER_ENVIRONMENT: Final = "other environment"


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first artifact, in order of flow, that came out different, and the files of it that differ."""

    step: str
    artifact: str
    recorded: str
    reproduced: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of it.

    ``answer`` is identical, diverged, or other environment (it came out different where the code, Python, the C
    library or the distributions are not those of the record: ``environment`` says which).
    """

    model_id: str
    answer: str
    compared: int
    environment: tuple[str, ...]
    divergence: Divergence | None

    def to_json(self) -> dict[str, Json]:
        """The answer as JSON."""
        found = self.divergence
        return {
            "model_id": self.model_id,
            "answer": self.answer,
            "artifacts": self.compared,
            "environment": list(self.environment),
            "step": None if found is None else found.step,
            "artifact": None if found is None else found.artifact,
            "recorded": None if found is None else found.recorded,
            "reproduced": None if found is None else found.reproduced,
            "files": [] if found is None else list(found.files),
        }


def differing_environment(record: Record) -> tuple[str, ...]:
    """What of this process's environment is not that of the record, in words; empty where all of it is."""
    versions = _mapping(record.envelope.get("versions"))
    code, here = _mapping(record.envelope.get("code")), code_identity()
    found = [name for name in sorted({*code, *here} - {"distributions"}) if code.get(name) != here.get(name)]
    words = [f"{name}: {_short(code.get(name))} there, {_short(here.get(name))} here" for name in found]
    if code.get("distributions") != here.get("distributions"):
        words += differing_distributions(versions)
    return tuple(words)


def differing_distributions(versions: Mapping[str, Json]) -> list[str]:
    """The distributions that have another version here than in a record."""

    def by_name(value: Json) -> dict[str, str]:
        lines = value if isinstance(value, list | tuple) else ()
        return dict(str(line).split("==", 1) for line in lines)

    there, here = by_name(versions.get("distributions")), by_name(describe_versions()["distributions"])
    names = sorted(name for name in {*there, *here} if there.get(name) != here.get(name))
    return [f"{name}: {there.get(name, 'absent')} there, {here.get(name, 'absent')} here" for name in names]


def reproduce(store: Store, record: Record, scratch_store: str, *listeners: Listener) -> Reproduction:
    """Runs the record's config on its snapshot in an empty store, with the recorded numbers of trials.

    Args:
        store: where the record and its artifacts are; nothing is written to it.
        record: the model.
        scratch_store: the address of an empty store.
        listeners: who wants to know how it goes.

    Raises:
        SnapshotGone: the snapshot that the record names is not there any more, or is another one.
    """
    request = Request(recorded_config(record), scratch_store, until=LAST_STEP, replay=trials_of_record(store, record))
    _require_snapshot(request, record)
    # A model that came out different may fail its gates; what was made is compared all the same.
    with suppress(GateFailed):
        train(request, *listeners)
    prepared = prepare(request)
    made = prepared.plan().made
    if made[SNAPSHOT] != record.content["snapshot"]:
        raise _gone(record, "other data lies there now")
    environment = differing_environment(record)
    pairs = [(task, output_name(task, port.name)) for task in prepared.work.tasks for port in task.spec.outputs]
    pairs = [(task, name) for task, name in pairs if name in record.ports]
    for task, name in pairs:
        if made.get(name) != record.ports[name]:
            files = _differing_files(store, record.ports[name], prepared.store, made[name])
            found = Divergence(task.label, name, record.ports[name], made[name], files)
            answer = OTHER_ENVIRONMENT if environment else DIVERGED
            return Reproduction(record.model_id, answer, len(pairs), environment, found)
    return Reproduction(record.model_id, IDENTICAL, len(pairs), environment, None)


def recorded_config(record: Record) -> LoadedConfig:
    """The config that a record holds, with its snapshot at the recorded address.

    Raises:
        LineageRefused: the record does not hold it.
    """
    written, locators = _mapping(record.envelope.get("config")), _mapping(record.envelope.get("locators"))
    try:
        config = Config.model_validate_json(json.dumps(written["resolved"]))
        config = config.model_copy(update={"dataset_uri": str(locators["dataset_uri"])})
        return LoadedConfig(config, str(written["text"]), str(written["origin"]), {})
    except (KeyError, ValueError) as error:
        raise LineageRefused(
            f"the record of {record.model_id} does not hold the config that it was made from: {error}",
            where=record.model_id,
            cure="train it again from its config: equal inputs give the same model and the same id",
        ) from error


def _require_snapshot(request: Request, record: Record) -> None:
    try:
        find_snapshot(request.loaded.dataset_location)
    except (SnapshotNotFound, SnapshotIncomplete, BucketMissing) as error:
        raise _gone(record, error.message) from error


def _gone(record: Record, why: str) -> SnapshotGone:
    address = str(_mapping(record.envelope.get("locators")).get("dataset_uri"))
    return SnapshotGone(
        f"the snapshot of {record.model_id} is no longer at {address}: {why}",
        where=address,
        cure="put the snapshot back where it was; its content must have the digest that the record names",
    )


def _differing_files(there: Store, recorded: str, here: Store, reproduced: str) -> tuple[str, ...]:
    """The files of an artifact that differ; empty where the recorded manifest cannot be read."""
    try:
        before, after = read_manifest(there, recorded).files, read_manifest(here, reproduced).files
    except (ObjectMissing, DigestMismatch):
        return ()
    return tuple(sorted({file.path for file in {*before} ^ {*after}}))


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _short(value: Json) -> str:
    return "absent" if value is None else str(value)[:12]
