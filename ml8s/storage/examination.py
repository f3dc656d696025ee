"""Looks whether a store is fit, and whether each identity may do what it must and no more.

``python -m ml8s.storage.examination`` is what `ml8s doctor` runs in a pod: with the identities of that pod, from where
steps will run. It writes its checks as JSON and exits 0 whatever they say.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ml8s import errors
from ml8s.artifacts import Json, canonical_json
from ml8s.errors import AccessDenied, ML8sError, RegistryOpen
from ml8s.health import Check, State, attempt, failed, good, warned
from ml8s.storage import Purpose, open_store
from ml8s.storage.probe import ensure_probed, keys_of, probe
from ml8s.storage.store import Store

MARK = "registry/doctor.json"
"""Made once, by the identity that may: below the registry's policy, and outside of every model."""
CONTENT = canonical_json({"schema": 1, "written_by": "ml8s doctor"})


def _untold(done: int, total: int) -> None:
    return None


def examine_store(uri: str, told: Callable[[int, int], None] = _untold, name: str = "store") -> Check:
    """Probes a store from here, whether or not it was probed before.

    ``told`` hears how many keys of all were raced for.
    """

    def look() -> str:
        store = open_store(uri)
        keys = keys_of(store.endpoint)
        probe(store, keys, told)
        return f"{uri} at {store.endpoint} keeps create-if-absent on {keys} keys among 16 writers"

    return attempt(name, look)


def examine_access(uri: str, data: Sequence[str], purposes: Sequence[Purpose], shared: bool) -> list[Check]:
    """What the identities of this process may do.

    Args:
        uri: the store.
        data: addresses of the buckets that snapshots may lie in.
        purposes: what this process has an identity for.
        shared: whether store and registry have one identity by the platform's own will.
    """
    checks = []
    if Purpose.DATA in purposes:
        checks += [attempt(f"snapshots in {bucket}", lambda bucket=bucket: _readable(bucket)) for bucket in data]  # type: ignore[misc]
    store = open_store(uri, Purpose.STORE)
    if Purpose.REGISTRY in purposes:
        checks.append(attempt("registry from a pod", lambda: _registers(open_store(uri, Purpose.REGISTRY))))
    else:
        checks.append(attempt("store from a pod", lambda: _stores(store)))
        checks.append(_kept_out(store, shared))
    return checks


def _readable(uri: str) -> str:
    next(iter(open_store(uri, Purpose.DATA).list()), None)
    return f"{uri} can be read"


def _stores(store: Store) -> str:
    ensure_probed(store)
    store.put("probe/doctor", CONTENT)
    if store.get("probe/doctor") != CONTENT:
        raise errors.StoreRefused(
            f"{store.uri} does not give back what was just written",
            where=store.uri,
            cure="use a store that shows what was written at once: AWS S3, a current MinIO, Ceph",
        )
    store.delete("probe/doctor")
    return f"{store.uri} at {store.endpoint}: probed, written and read"


def _registers(store: Store) -> str:
    store.create(MARK, CONTENT)
    store.get(MARK)
    return f"{store.uri}/registry: the registry's identity creates and reads"


def _kept_out(store: Store, shared: bool) -> Check:
    name = "registry closed to steps"
    try:
        store.create(MARK, CONTENT)
    except AccessDenied:
        return good(name, "the store's identity may not write records")
    except ML8sError as other:
        return failed(name, other)
    error = RegistryOpen(
        "the store's identity may write records: any step could register a model",
        where=f"{store.uri}/registry",
        cure="give the identity of `credentials.store` in platform.yaml the policy "
        "workflow-templates/install/policies/store.json",
    )
    return warned(name, error) if shared else failed(name, error)


def to_rows(checks: Sequence[Check]) -> str:
    """Checks as JSON, for the other side of a pod."""
    return json.dumps([check.to_json() for check in checks], ensure_ascii=False)


def from_rows(text: str) -> list[Check]:
    """Reads what ``to_rows`` wrote; the errors get their classes back by their codes.

    Raises:
        ValueError: the text is none of it.
    """
    kinds = {kind.code: kind for name in errors.__all__ if issubclass(kind := getattr(errors, name), ML8sError)}
    rows: Json = json.loads(text)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("no list of checks")
    checks = []
    for row in rows:
        assert isinstance(row, dict)
        words = {key: str(value) for key, value in row.items()}
        kind = kinds.get(words["code"])
        error = kind(words["found"], where=words["check"], cure=words["cure"]) if kind else None
        checks.append(Check(words["check"], State(words["state"]), words["found"], error, words["cure"]))
    return checks


def main(arguments: Sequence[str] | None = None) -> int:
    """Examines with the identities of this process and writes what was found."""
    parser = argparse.ArgumentParser(prog="python -m ml8s.storage.examination", description="Examines a store.")
    parser.add_argument("--store", required=True, metavar="URI")
    parser.add_argument("--data", action="append", default=[], metavar="URI")
    parser.add_argument("--purpose", action="append", default=[], type=Purpose)
    parser.add_argument("--shared", action="store_true")
    parser.add_argument("--result", required=True, type=Path, metavar="FILE")
    asked = parser.parse_args(arguments)
    checks = examine_access(asked.store, asked.data, asked.purpose, asked.shared)
    asked.result.write_text(to_rows(checks), encoding="utf-8")
    for check in checks:
        sys.stderr.write(f"{check.state}: {check.name}: {check.found}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
