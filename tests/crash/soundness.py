"""What must hold of a store at every moment, whoever died in the middle of whatever."""

from __future__ import annotations

import json
from collections import Counter

from ml8s.artifacts import Manifest, canonical_json, sha256
from ml8s.registry import Registry
from ml8s.registry.record import content_digest
from ml8s.runner.cache import Result
from ml8s.storage.store import Store


def assert_sound(store: Store) -> Counter[str]:
    """Every object under a final name has the content that its name promises; counts the objects by kind."""
    kinds: Counter[str] = Counter()
    names = set()
    for item in store.list():
        kind, _, rest = item.key.partition("/")
        name = rest.rpartition("/")[2]
        content = store.get(item.key)
        assert len(content) == item.size
        if item.key.startswith("blobs/sha256/"):
            assert sha256(content) == name
        elif kind == "cache" and rest.startswith("snapshots/"):
            value = json.loads(content)
            assert Manifest.from_bytes(canonical_json(value["manifest"])).digest == value["digest"]
        elif kind == "cache":
            assert ".conflict-" not in name, "a crash is no violation"
            assert Result.from_bytes(content).key == name.removesuffix(".json")
        elif kind == "registry":
            kind, names = rest.split("/")[2], names | {rest.split("/")[1]}
            assert json.loads(content)["schema"] == 1
        elif name.endswith(".json"):
            json.loads(content)
        elif name.endswith(".jsonl"):
            assert all(isinstance(json.loads(line), dict) for line in content.splitlines())
        kinds[kind] += 1
    for name in names:
        assert_registry_sound(store, name)
    return kinds


def assert_registry_sound(store: Store, name: str) -> None:
    """Records lie under their ids, were claimed, and the log of a name is an unbroken chain of known records."""
    registry = Registry(store)
    records = {record.model_id: record for record in registry.records(name)}
    for record in records.values():
        assert store.stat(f"registry/v1/{name}/claims/{content_digest(record.content)}.json") is not None
        registry.registered(record)
    contents = [content_digest(record.content) for record in records.values()]
    assert len(set(contents)) == len(contents), "one content has one record"
    for event in registry.events(name):
        assert event.record == records[event.model_id].digest


def results(store: Store) -> dict[str, dict[str, str]]:
    """The digests of all outputs, by step key: what two stores of one config must have in common."""
    found = {}
    for item in store.list("cache/"):
        if not item.key.startswith("cache/snapshots/"):
            result = Result.from_bytes(store.get(item.key))
            found[result.key] = dict(result.outputs)
    return found
