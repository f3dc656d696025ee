"""The immutable registry entry of a model: ``content`` says what it is, ``envelope`` how it came to be.

Two models are the same where the sha256 of their content is. The envelope (attempt, actor, time, images, versions,
threads, addresses, the config as written) is what the first writer of a content knew, and decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from ml8s.artifacts import Json, canonical_json, json_digest, sha256
from ml8s.errors import RecordTampered, UnknownRecordSchema
from ml8s.registry.ids import ModelId, is_name

SCHEMA: Final = 1

_CONTENT: Final = ("name", "config", "snapshot", "ports", "metrics", "degraded")


@dataclass(frozen=True, slots=True)
class Record:
    """One record. ``digest`` is the sha256 of the bytes in the store, which events point to."""

    model_id: str
    content: Mapping[str, Json]
    envelope: Mapping[str, Json]

    @property
    def name(self) -> str:
        """The model's name."""
        return cast(str, self.content["name"])

    @property
    def ports(self) -> Mapping[str, str]:
        """The digest of the artifact at each port; a port with one artifact per item has ``port[item]`` entries."""
        return cast("Mapping[str, str]", self.content["ports"])

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """The metrics on the test fold."""
        return cast("Mapping[str, float | None]", self.content["metrics"])

    @property
    def degraded(self) -> Sequence[str]:
        """What was asked for and not made."""
        return cast("Sequence[str]", self.content["degraded"])

    @property
    def digest(self) -> str:
        """The record's own digest, envelope included."""
        return sha256(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The record as canonical JSON."""
        return canonical_json(
            {"schema": SCHEMA, "model_id": self.model_id, "content": self.content, "envelope": self.envelope}
        )

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> Record:
        """Reads a record; ``where`` is its address, for errors.

        Raises:
            RecordTampered: it is no canonical record.
            UnknownRecordSchema: a newer ML8s wrote it.
        """
        value = parse_versioned(data, where)
        try:
            record = cls(value["model_id"], value["content"], value["envelope"])  # type: ignore[arg-type]
            whole = record.to_bytes() == data and all(key in record.content for key in _CONTENT)
        except (KeyError, TypeError, ValueError):
            whole = False
        if not whole:
            raise tampered(f"the record {where} is not as ML8s wrote it", where)
        return record


def record_content(
    *,
    name: str,
    config: str,
    snapshot: str,
    ports: Mapping[str, str],
    metrics: Mapping[str, float | None],
    degraded: Sequence[str],
) -> dict[str, Json]:
    """What a model is.

    Args:
        name: the model's name.
        config: the config digest.
        snapshot: the digest of the snapshot's manifest.
        ports: the artifact's digest at every input port of ``register``; ``port[item]`` where there are several.
        metrics: the metrics on the test fold; null where one is not a number.
        degraded: what was asked for and not made.

    Raises:
        ValueError: ``name`` is no model's name.
    """
    if not is_name(name):
        raise ValueError(f"{name!r} is no model's name")
    return {
        "name": name,
        "config": config,
        "snapshot": snapshot,
        "ports": dict(ports),
        "metrics": dict(metrics),
        "degraded": list(degraded),
    }


def content_digest(content: Mapping[str, Json]) -> str:
    """What makes two models the same."""
    return json_digest(content)


def make_record(model_id: ModelId, content: Mapping[str, Json], envelope: Mapping[str, Json]) -> Record:
    """The record of a content under an id."""
    return Record(str(model_id), dict(content), dict(envelope))


def parse_versioned(data: bytes, where: str) -> dict[str, Json]:
    """A JSON object of schema 1.

    Raises:
        RecordTampered: it is none.
        UnknownRecordSchema: its schema has another number.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("schema"), int):
        raise tampered(f"{where} is not as ML8s wrote it", where)
    if value["schema"] != SCHEMA:
        raise UnknownRecordSchema(
            f"{where} has schema {value['schema']}, and this ML8s reads {SCHEMA}", where=where, cure="upgrade ML8s"
        )
    return value


def tampered(message: str, where: str) -> RecordTampered:
    """The error for a record, claim or event that was changed."""
    return RecordTampered(
        message, where=where, cure="restore the object from a backup of the store; ML8s never changes one"
    )
