"""Records and events: one id per content, and nothing changed without being seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ml8s.artifacts import Json, canonical_json, sha256
from ml8s.errors import InvalidUsage, ModelNotFound, RecordTampered, UnknownRecordSchema
from ml8s.registry import Registry
from ml8s.registry.events import NO_EVENT, Actor, Event, local_actor
from ml8s.registry.record import Record, content_digest, record_content
from ml8s.storage.store import Store
from tests.registry.contents import make_content

RECORD = "registry/v1/fraud/records/fraud_20260711.json"
FIRST_EVENT = "registry/v1/fraud/events/0000000001.json"


def clock(day: int = 11, hour: int = 12) -> Callable[[], datetime]:
    return lambda: datetime(2026, 7, day, hour, tzinfo=UTC)


def test_a_model_is_registered_with_claim_record_and_event(store: Store) -> None:
    registry = Registry(store, Actor("ada", "local", False), now=clock())
    content = make_content()
    assert registry.register(content, {"attempt": "1"}) == "fraud_20260711"
    assert [item.key for item in store.list("registry/")] == [
        f"registry/v1/fraud/claims/{content_digest(content)}.json",
        FIRST_EVENT,
        RECORD,
    ]
    record = registry.record("fraud_20260711")
    assert (record.content, record.envelope) == (content, {"attempt": "1"})
    (event,) = registry.events("fraud")
    assert event.to_json() == {
        "schema": 1,
        "seq": 1,
        "previous": "0" * 64,
        "type": "registered",
        "model_id": "fraud_20260711",
        "record": sha256(store.get(RECORD)),
        "expected_head": None,
        "actor": {"id": "ada", "source": "local", "verified": False},
        "reason": "",
        "evidence": [],
        "at": "2026-07-11T12:00:00+00:00",
        "write_id": event.write_id,
    }
    assert registry.state("fraud_20260711") == "candidate"
    assert store.get(FIRST_EVENT) == canonical_json(event.to_json())


def test_registering_again_gives_the_same_id_and_writes_nothing(store: Store) -> None:
    first = Registry(store, now=clock())
    first.register(make_content(), {"attempt": "1"})
    before = list(store.list())
    later = Registry(store, now=clock(day=25))
    assert later.register(make_content(), {"attempt": "2"}) == "fraud_20260711"
    assert list(store.list()) == before
    assert later.record("fraud_20260711").envelope == {"attempt": "1"}


def test_other_content_of_the_same_day_gets_the_next_id(store: Store) -> None:
    registry = Registry(store, now=clock())
    ids = [registry.register(make_content(auc), {}) for auc in (0.5, 0.6, 0.7, 0.6)]
    assert ids == ["fraud_20260711", "fraud_20260711-2", "fraud_20260711-3", "fraud_20260711-2"]
    assert Registry(store, now=clock(day=12)).register(make_content(0.8), {}) == "fraud_20260712"


def test_names_do_not_share_ids_or_logs(store: Store) -> None:
    registry = Registry(store, now=clock())
    assert registry.register(make_content(name="fraud"), {}) == "fraud_20260711"
    assert registry.register(make_content(name="fraud_v2"), {}) == "fraud_v2_20260711"
    assert [event.model_id for event in registry.events("fraud")] == ["fraud_20260711"]
    assert [record.model_id for record in registry.records()] == ["fraud_20260711", "fraud_v2_20260711"]
    assert [record.model_id for record in registry.records("fraud")] == ["fraud_20260711"]
    assert registry.records("unknown") == ()
    assert registry.events("unknown") == ()


def test_records_are_in_order_of_their_numbers(store: Store) -> None:
    registry = Registry(store, now=clock())
    for number in range(11):
        registry.register(make_content(number / 100), {})
    assert [record.model_id for record in registry.records()][-3:] == [
        "fraud_20260711-9",
        "fraud_20260711-10",
        "fraud_20260711-11",
    ]


def test_the_date_of_an_id_is_that_of_utc(store: Store) -> None:
    tokyo = timezone(timedelta(hours=9))
    registry = Registry(store, now=lambda: datetime(2026, 7, 12, 3, tzinfo=tokyo))
    assert registry.register(make_content(), {}) == "fraud_20260711"


def test_a_claim_fixes_the_date_even_when_nothing_else_was_written(store: Store) -> None:
    content = make_content()
    claim = f"registry/v1/fraud/claims/{content_digest(content)}.json"
    store.create(claim, canonical_json({"schema": 1, "date": "20260101"}))
    assert Registry(store, now=clock()).register(content, {}) == "fraud_20260101"


def test_satisfied_needs_claim_record_and_event(store: Store) -> None:
    registry, content = Registry(store, now=clock()), make_content()
    claim = f"registry/v1/fraud/claims/{content_digest(content)}.json"
    assert registry.satisfied(content) is None
    registry.register(content, {})
    registry.register(make_content(0.6), {})
    assert registry.satisfied(content) == "fraud_20260711"
    assert registry.satisfied(make_content(0.6)) == "fraud_20260711-2"
    assert registry.satisfied(make_content(0.7)) is None
    for key in (claim, RECORD):
        kept = store.get(key)
        store.delete(key)
        assert registry.satisfied(content) is None
        store.put(key, kept)
    assert registry.satisfied(content) == "fraud_20260711"


def test_a_record_without_its_event_is_a_candidate_and_the_next_writer_adds_the_event(store: Store) -> None:
    registry = Registry(store, now=clock())
    registry.register(make_content(), {})
    store.delete(FIRST_EVENT)
    assert registry.state("fraud_20260711") == "candidate"
    assert registry.registered(registry.record("fraud_20260711")) is None
    assert registry.satisfied(make_content()) is None
    assert registry.register(make_content(), {"attempt": "2"}) == "fraud_20260711"
    assert [event.type for event in registry.events("fraud")] == ["registered"]
    assert registry.satisfied(make_content()) == "fraud_20260711"


def test_each_event_holds_the_digest_of_the_one_before(store: Store) -> None:
    registry = Registry(store, now=clock())
    for auc in (0.5, 0.6, 0.7):
        registry.register(make_content(auc), {})
    log = registry.events("fraud")
    assert [event.previous for event in log] == [NO_EVENT, log[0].digest, log[1].digest]
    assert [event.seq for event in log] == [1, 2, 3]
    assert log[0].digest == sha256(store.get(FIRST_EVENT))


def test_an_unknown_model_is_not_found(store: Store) -> None:
    with pytest.raises(ModelNotFound) as error:
        Registry(store).record("fraud_20260711")
    assert error.value.exit_status == 5
    assert store.uri in error.value.message
    with pytest.raises(InvalidUsage):
        Registry(store).record("fraud")


def changed(data: bytes, **fields: Json) -> bytes:
    return canonical_json({**json.loads(data), **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "revoked"},
        {"model_id": "fraud_20260711-2"},
        {"at": "2020-01-01T00:00:00+00:00"},
        {"actor": {"id": "someone else", "source": "local", "verified": True}},
        {"write_id": "0"},
        {"seq": 2},
        {"previous": "1" * 64},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_changed_event_breaks_the_chain(store: Store, fields: dict[str, Json]) -> None:
    registry = Registry(store, now=clock())
    registry.register(make_content(0.5), {})
    registry.register(make_content(0.6), {})
    store.put(FIRST_EVENT, changed(store.get(FIRST_EVENT), **fields))
    with pytest.raises(RecordTampered) as error:
        registry.events("fraud")
    assert error.value.exit_status == 6
    with pytest.raises(RecordTampered):
        registry.register(make_content(0.7), {})


def test_a_removed_event_breaks_the_log(store: Store) -> None:
    registry = Registry(store, now=clock())
    registry.register(make_content(0.5), {})
    registry.register(make_content(0.6), {})
    store.delete(FIRST_EVENT)
    with pytest.raises(RecordTampered, match="gap"):
        registry.events("fraud")


def test_a_foreign_object_in_the_log_is_seen(store: Store) -> None:
    registry = Registry(store, now=clock())
    registry.register(make_content(), {})
    store.put("registry/v1/fraud/events/notes.txt", b"")
    with pytest.raises(RecordTampered, match="foreign"):
        registry.events("fraud")


@pytest.mark.parametrize("name", ["notes.txt", "churn_20260711.json", "fraud_20260711.json.bak", "fraud_20260711"])
def test_a_foreign_object_among_the_records_is_seen(store: Store, name: str) -> None:
    registry = Registry(store, now=clock())
    registry.register(make_content(), {})
    store.put(f"registry/v1/fraud/records/{name}", b"")
    with pytest.raises(RecordTampered, match="no record") as error:
        registry.records()
    assert name in error.value.where


@pytest.mark.parametrize(
    "data", [b"", b"null", b"[]", b"{}", b'{"schema":"1"}', b'{"schema":1}', b"\xff", b'{ "schema": 1 }']
)
def test_what_is_no_record_or_event_is_tampered(store: Store, data: bytes) -> None:
    with pytest.raises(RecordTampered) as error:
        Record.from_bytes(data, "here")
    assert error.value.where == "here"
    with pytest.raises(RecordTampered):
        Event.from_bytes(data, "here")


def test_a_record_that_is_not_canonical_is_tampered(store: Store) -> None:
    registry = Registry(store, now=clock())
    registry.register(make_content(), {})
    store.put(RECORD, json.dumps(json.loads(store.get(RECORD)), indent=1).encode())
    with pytest.raises(RecordTampered):
        registry.record("fraud_20260711")


@pytest.mark.parametrize("part", ["content", "envelope"])
def test_a_record_that_was_changed_does_not_match_its_event(store: Store, part: str) -> None:
    registry = Registry(store, now=clock())
    registry.register(make_content(), {"actor": "ada"})
    value = json.loads(store.get(RECORD))
    new = {"content": make_content(0.99), "envelope": {"actor": "eve"}}[part]
    store.put(RECORD, canonical_json({**value, part: new}))
    record = registry.record("fraud_20260711")
    with pytest.raises(RecordTampered, match="fraud_20260711"):
        registry.registered(record)
    with pytest.raises(RecordTampered):
        registry.satisfied(make_content())
    with pytest.raises(RecordTampered):
        registry.register(make_content(), {})
    assert len(registry.events("fraud")) == 1


def test_a_record_under_another_id_is_tampered(store: Store) -> None:
    registry = Registry(store, now=clock())
    registry.register(make_content(), {})
    store.put("registry/v1/fraud/records/fraud_20260711-2.json", store.get(RECORD))
    with pytest.raises(RecordTampered, match="fraud_20260711"):
        registry.record("fraud_20260711-2")


@pytest.mark.parametrize("date", ["2026", "20261340", 20260711, None])
def test_a_claim_without_a_date_is_tampered(store: Store, date: Json) -> None:
    content = make_content()
    claim = f"registry/v1/fraud/claims/{content_digest(content)}.json"
    store.put(claim, canonical_json({"schema": 1, "date": date}))
    with pytest.raises(RecordTampered, match="claim"):
        Registry(store).register(content, {})


def test_a_newer_schema_is_refused_and_not_misread(store: Store) -> None:
    registry = Registry(store, now=clock())
    registry.register(make_content(), {})
    for key, read in (
        (RECORD, lambda: registry.record("fraud_20260711")),
        (FIRST_EVENT, lambda: registry.events("fraud")),
    ):
        kept = store.get(key)
        store.put(key, changed(kept, schema=2))
        with pytest.raises(UnknownRecordSchema, match="schema 2") as error:
            read()
        assert "upgrade" in error.value.cure
        store.put(key, kept)


def test_an_event_of_an_unknown_type_with_unknown_fields_is_kept(store: Store) -> None:
    registry = Registry(store, now=clock())
    registry.register(make_content(), {})
    (first,) = registry.events("fraud")
    future = changed(store.get(FIRST_EVENT), seq=2, previous=first.digest, type="blessed", blessing={"by": "pope"})
    store.create("registry/v1/fraud/events/0000000002.json", future)
    registry.register(make_content(0.6), {})
    log = registry.events("fraud")
    assert [event.type for event in log] == ["registered", "blessed", "registered"]
    assert log[1].unknown == {"blessing": {"by": "pope"}}
    assert log[1].to_bytes() == future
    assert registry.state("fraud_20260711") == "candidate"


def test_two_contents_differ_by_any_of_their_parts() -> None:
    whole = make_content()
    variants: list[dict[str, Json]] = [
        {"config": "1" * 64},
        {"snapshot": "1" * 64},
        {"ports": {"model": "1" * 64}},
        {"metrics": {"roc_auc": 0.4}},
        {"degraded": ["aggregates"]},
        {"name": "other"},
    ]
    digests = {content_digest({**whole, **variant}) for variant in [{}, *variants]}
    assert len(digests) == len(variants) + 1


def test_an_illegal_name_never_reaches_the_store(store: Store) -> None:
    with pytest.raises(ValueError, match="no model's name"):
        make_content(name="../escape")
    with pytest.raises(ValueError, match="no model's name"):
        Registry(store).register({**make_content(), "name": "../escape"}, {})
    assert list(store.list()) == []


def test_the_local_actor_is_somebody_and_unverified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    assert local_actor() == Actor("ada", "local", False)


def test_the_order_of_keys_makes_no_other_content() -> None:
    content = make_content()
    turned = record_content(**dict(reversed(list(content.items()))))  # type: ignore[arg-type]
    assert content_digest(content) == content_digest(turned)
