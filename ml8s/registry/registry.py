"""The registry of one store: records by id, and the log of each model's name.

``<store>/registry/v1/<name>/claims/<content digest>.json``, ``records/<model id>.json`` and ``events/<seq>.json`` are
created once and never changed. There are no locks: every step is one create-if-absent that any number of writers may
try, and that finds the same answer after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final, cast

from ml8s.artifacts import Json, canonical_json
from ml8s.errors import InvalidUsage, ModelNotFound, ObjectMissing, StoreUnreachable
from ml8s.registry.events import REFRESHED, REGISTERED, Actor, Event, check_chain, local_actor, next_event
from ml8s.registry.ids import ModelId, ids_of_day, is_date, is_name, parse_id
from ml8s.registry.lifecycle import FIRST, State, states
from ml8s.registry.record import SCHEMA, Record, content_digest, make_record, parse_versioned, tampered
from ml8s.storage.store import Store
from ml8s.storage.uri import join

ROOT: Final = "registry/v1"
READERS: Final = 8
APPEND_ROUNDS: Final = 1000


def utc_now() -> datetime:
    """The time of this machine, in UTC."""
    return datetime.now(UTC)


class Registry:
    """The models registered in one store.

    Args:
        store: where they are.
        actor: who causes the events; whoever is logged in, where not given.
        now: the clock. It gives the date of a new model's id and ``at`` of its event, and decides nothing else.
    """

    def __init__(self, store: Store, actor: Actor | None = None, now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._actor = actor or local_actor()
        self._now = now

    @property
    def store(self) -> Store:
        """The store that holds the registry."""
        return self._store

    def register(self, content: Mapping[str, Json], envelope: Mapping[str, Json]) -> str:
        """Writes claim, record and ``registered`` event of a content, whichever lack, and returns the model's id.

        Every call with one content ends at one id, at whatever time, from wherever, and after a crash at any point.
        """
        claimed = self._claim(content)
        record = self._place(claimed, content, envelope)
        self._append_registered(record)
        return record.model_id

    def satisfied(self, content: Mapping[str, Json]) -> str | None:
        """The id of a content of which claim, record and event all exist; None where one lacks. Writes nothing."""
        name = cast(str, content["name"])
        try:
            date = self._claimed_date(name, content_digest(content))
        except ObjectMissing:
            return None
        record = self._find(name, date, content)
        if record is None or _registered(record, self.events(name)) is None:
            return None
        return record.model_id

    def record(self, model_id: str) -> Record:
        """The record of one model.

        Raises:
            InvalidUsage: this is no model id.
            ModelNotFound: no such model is registered here.
            RecordTampered: the record is not as it was written.
        """
        found = self._read(parse_id(model_id))
        if found is None:
            raise ModelNotFound(
                f"no model {model_id} is registered in {self._store.uri}",
                where=self._store.uri,
                cure="see `ml8s models list`, or name another store with --store or ML8S_STORE",
            )
        return found

    def records(self, name: str | None = None) -> tuple[Record, ...]:
        """All records, or those of one name, sorted by name, date and number."""
        prefix = f"{ROOT}/{name}/records/" if name is not None else f"{ROOT}/"
        keys = [item.key for item in self._store.list(prefix)]
        ids = sorted(self._id_at(key) for key in keys if "/records/" in key)
        with ThreadPoolExecutor(READERS) as pool:
            return tuple(record for record in pool.map(self._read, ids) if record is not None)

    def events(self, name: str) -> tuple[Event, ...]:
        """The log of one name, oldest first, its chain checked.

        Raises:
            RecordTampered: an event is missing, or is not as it was written.
            UnknownRecordSchema: a newer ML8s wrote one.
        """
        keys = [item.key for item in self._store.list(f"{ROOT}/{name}/events/")]
        where = self._where(f"{ROOT}/{name}/events")
        if keys != [_event_key(name, seq) for seq in range(1, len(keys) + 1)]:
            raise tampered(f"the log {where} has a gap or a foreign object", where)
        with ThreadPoolExecutor(READERS) as pool:
            found = tuple(Event.from_bytes(data, self._where(key)) for key, data in pool.map(self._content, keys))
        check_chain(found, where)
        return found

    def registered(self, record: Record) -> Event | None:
        """The event that a record was registered with; None where a crash left it without one.

        Raises:
            RecordTampered: the event names another digest than the record has, or the log was changed.
        """
        return _registered(record, self.events(record.name))

    def state(self, model_id: str) -> State:
        """The lifecycle state of one model: the fold of its events."""
        return states(self.events(parse_id(model_id).name)).get(model_id, FIRST)

    def _claim(self, content: Mapping[str, Json]) -> str:
        """The date of a content's id, fixed for ever by whoever claims it first."""
        name, digest = cast(str, content["name"]), content_digest(content)
        if not is_name(name):
            raise ValueError(f"{name!r} is no model's name")
        date = self._now().astimezone(UTC).strftime("%Y%m%d")
        self._store.create(_claim_key(name, digest), canonical_json({"schema": SCHEMA, "date": date}))
        return self._claimed_date(name, digest)

    def _claimed_date(self, name: str, digest: str) -> str:
        key = _claim_key(name, digest)
        date = parse_versioned(self._store.get(key), self._where(key)).get("date")
        if not (isinstance(date, str) and is_date(date)):
            raise tampered(f"the claim {self._where(key)} holds no date", self._where(key))
        return date

    def _place(self, date: str, content: Mapping[str, Json], envelope: Mapping[str, Json]) -> Record:
        """The record of a content: at the first id of its day that no other content has taken."""
        name, digest = cast(str, content["name"]), content_digest(content)
        for model_id in ids_of_day(name, date):
            record = make_record(model_id, content, envelope)
            if self._store.create(_record_key(model_id), record.to_bytes()):
                return record
            taken = self._read(model_id)
            if taken is not None and self._is_of(taken, digest):
                return taken
        raise AssertionError("ids of a day have no end")

    def _find(self, name: str, date: str, content: Mapping[str, Json]) -> Record | None:
        digest = content_digest(content)
        for model_id in ids_of_day(name, date):
            record = self._read(model_id)
            if record is None or self._is_of(record, digest):
                return record
        raise AssertionError("ids of a day have no end")

    def _is_of(self, record: Record, digest: str) -> bool:
        """Whether a record has this content; one that has another must have been claimed with that other."""
        own = content_digest(record.content)
        if own != digest and self._store.stat(_claim_key(record.name, own)) is None:
            raise tampered(f"the content of {record.model_id} was never claimed", record.model_id)
        return own == digest

    def _id_at(self, key: str) -> ModelId:
        try:
            model_id = parse_id(key.rpartition("/")[2].removesuffix(".json"))
        except InvalidUsage:
            model_id = None
        if model_id is None or key != _record_key(model_id):
            raise tampered(f"{self._where(key)} is no record of ML8s", self._where(key))
        return model_id

    def _read(self, model_id: ModelId) -> Record | None:
        key = _record_key(model_id)
        try:
            record = Record.from_bytes(self._store.get(key), self._where(key))
        except ObjectMissing:
            return None
        if record.model_id != str(model_id) or record.name != model_id.name:
            raise tampered(f"the record {self._where(key)} is that of {record.model_id}", self._where(key))
        return record

    def refreshed_state(self, record: Record) -> str:
        """The digest of a model's newest lookup state: that of its last refresh, else the one it was trained with."""
        found = self.last_refresh(record)
        return record.ports["state"] if found is None else found

    def last_refresh(self, record: Record) -> str | None:
        """The digest of the lookup state that a model's last refresh made; None where there was none."""
        events = (event for event in reversed(self.events(record.name)) if event.model_id == record.model_id)
        return next((event.evidence[0] for event in events if event.type == REFRESHED and event.evidence), None)

    def append_refresh(self, record: Record, state: str, reason: str) -> None:
        """Writes down that a model's lookup state was made anew.

        Args:
            record: the model.
            state: the digest of the new state's artifact, which must be in the store.
            reason: from what it was made, in words.
        """
        self._append(record, lambda log: self._event(log, record, REFRESHED, reason, (state,)))

    def _append_registered(self, record: Record) -> None:
        def registering(log: tuple[Event, ...]) -> Event | None:
            return None if _registered(record, log) is not None else self._event(log, record, REGISTERED)

        self._append(record, registering)

    def _event(
        self, log: tuple[Event, ...], record: Record, kind: str, reason: str = "", evidence: tuple[str, ...] = ()
    ) -> Event:
        return next_event(
            log,
            kind=kind,
            model_id=record.model_id,
            record=record.digest,
            actor=self._actor,
            at=self._now().astimezone(UTC).isoformat(timespec="seconds"),
            reason=reason,
            evidence=evidence,
        )

    def _append(self, record: Record, following: Callable[[tuple[Event, ...]], Event | None]) -> None:
        """Adds the event that follows the log as it is at the moment of writing; None adds nothing."""
        for _ in range(APPEND_ROUNDS):
            event = following(self.events(record.name))
            if event is None or self._store.create(_event_key(record.name, event.seq), event.to_bytes()):
                return
        raise StoreUnreachable(
            f"{APPEND_ROUNDS} other events came first in the log of {record.name}",
            where=self._store.uri,
            cure="run again when fewer runs write to this store at once",
        )

    def _content(self, key: str) -> tuple[str, bytes]:
        return key, self._store.get(key)

    def _where(self, key: str) -> str:
        return join(self._store.uri, key)


def _registered(record: Record, log: tuple[Event, ...]) -> Event | None:
    """The ``registered`` event of a record.

    Raises:
        RecordTampered: the event names another digest than the record has.
    """
    for event in log:
        if event.type == REGISTERED and event.model_id == record.model_id:
            if event.record != record.digest:
                raise tampered(
                    f"the record of {record.model_id} is not the one that its event {event.seq} names", record.model_id
                )
            return event
    return None


def _claim_key(name: str, digest: str) -> str:
    return f"{ROOT}/{name}/claims/{digest}.json"


def _record_key(model_id: ModelId) -> str:
    return f"{ROOT}/{model_id.name}/records/{model_id}.json"


def _event_key(name: str, seq: int) -> str:
    return f"{ROOT}/{name}/events/{seq:010}.json"
