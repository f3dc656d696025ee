"""What happened to the models of one name: an append-only log, each event holding the digest of the one before.

The log is the objects ``events/<10 digit seq>.json``, from 1 without a gap. An event is added by creating the next
one if it is absent: of two writers one wins, the other reads again and decides again.
"""

from __future__ import annotations

import getpass
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, cast, get_args

from ml8s.artifacts import Json, canonical_json, sha256
from ml8s.registry.record import SCHEMA, parse_versioned, tampered

REGISTERED: Final = "registered"
PROMOTED: Final = "promoted"
ARCHIVED: Final = "archived"
REJECTED: Final = "rejected"
REVOKED: Final = "revoked"
REFRESHED: Final = "refreshed"

NO_EVENT: Final = "0" * 64
"""``previous`` of the first event."""

_FIELDS: Final = (
    "schema", "seq", "previous", "type", "model_id", "record", "expected_head", "actor", "reason", "evidence", "at",
    "write_id",
)  # fmt: skip


Source: TypeAlias = Literal["local", "kubernetes", "oidc", "token"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused an event. ``verified`` is true only where something else than the client vouches for ``id``."""

    id: str
    source: Source
    verified: bool

    def to_json(self) -> dict[str, Json]:
        """The actor as JSON."""
        return {"id": self.id, "source": self.source, "verified": self.verified}

    @classmethod
    def of(cls, envelope: Mapping[str, Json]) -> Actor:
        """Who an envelope says it was; whoever is logged in here, where it does not say."""
        said = envelope.get("actor")
        if not isinstance(said, Mapping):
            return local_actor()
        source = said.get("source") if said.get("source") in get_args(Source) else "local"
        return cls(str(said.get("id")), cast(Source, source), said.get("verified") is True)


def local_actor() -> Actor:
    """Whoever is logged in on this machine: a claim that nobody has checked."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"uid {os.getuid()}"
    return Actor(name, "local", False)


@dataclass(frozen=True, slots=True)
class Event:
    """One event, schema 1.

    Attributes:
        seq: its place in the log, from 1.
        previous: sha256 of the previous event's canonical bytes; 64 zeros for the first.
        type: what happened; readers keep types that they do not know.
        model_id: the model it happened to.
        record: the digest of that model's record.
        expected_head: the event that the writer's decision was based on, or None where it holds after any.
        actor: who caused it.
        reason: why, in their words.
        evidence: digests of the artifacts that justify it.
        at: when, in UTC; decides nothing.
        write_id: random; decides nothing.
        unknown: further fields, kept as they are.
    """

    seq: int
    previous: str
    type: str
    model_id: str
    record: str
    expected_head: str | None
    actor: Mapping[str, Json]
    reason: str
    evidence: tuple[str, ...]
    at: str
    write_id: str
    unknown: Mapping[str, Json] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The sha256 of the event's canonical bytes."""
        return sha256(self.to_bytes())

    def to_json(self) -> dict[str, Json]:
        """The event as JSON."""
        return {
            **self.unknown,
            "schema": SCHEMA,
            "seq": self.seq,
            "previous": self.previous,
            "type": self.type,
            "model_id": self.model_id,
            "record": self.record,
            "expected_head": self.expected_head,
            "actor": self.actor,
            "reason": self.reason,
            "evidence": list(self.evidence),
            "at": self.at,
            "write_id": self.write_id,
        }

    def to_bytes(self) -> bytes:
        """The event as canonical JSON."""
        return canonical_json(self.to_json())

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> Event:
        """Reads an event; ``where`` is its address, for errors.

        Raises:
            RecordTampered: it is no canonical event.
            UnknownRecordSchema: a newer ML8s wrote it.
        """
        value = parse_versioned(data, where)
        try:
            known = {name: value[name] for name in _FIELDS if name != "schema"}
            known["evidence"] = tuple(cast("Sequence[str]", known["evidence"]))
            unknown = {name: item for name, item in value.items() if name not in _FIELDS}
            event = cls(**known, unknown=unknown)  # type: ignore[arg-type]
            whole = event.to_bytes() == data
        except (KeyError, TypeError, ValueError):
            whole = False
        if not whole:
            raise tampered(f"the event {where} is not as ML8s wrote it", where)
        return event


def next_event(
    log: Sequence[Event],
    *,
    kind: str,
    model_id: str,
    record: str,
    actor: Actor,
    at: str,
    reason: str = "",
    evidence: Sequence[str] = (),
    expected_head: str | None = None,
) -> Event:
    """The event that follows a log."""
    return Event(
        seq=len(log) + 1,
        previous=log[-1].digest if log else NO_EVENT,
        type=kind,
        model_id=model_id,
        record=record,
        expected_head=expected_head,
        actor=actor.to_json(),
        reason=reason,
        evidence=tuple(evidence),
        at=at,
        write_id=uuid.uuid4().hex,
    )


def check_chain(log: Sequence[Event], where: str) -> None:
    """Checks that each event names its place and the digest of the one before it.

    A log that lost its newest events still chains: only what stands elsewhere (a record, a backup) can show that.

    Raises:
        RecordTampered: names the first event that does not.
    """
    previous = NO_EVENT
    for seq, event in enumerate(log, start=1):
        if event.seq != seq or event.previous != previous:
            raise tampered(f"event {seq} of {where} does not follow the one before it", f"{where}/{seq:010}.json")
        previous = event.digest
