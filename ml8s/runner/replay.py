"""How many trials each search of an earlier run or model did, for a replay."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ml8s.errors import InvalidUsage
from ml8s.registry import Registry
from ml8s.registry.record import Record
from ml8s.runner.attempts import Run, find_run
from ml8s.storage.blobs import fetch_artifact
from ml8s.storage.store import Store

TRIALS: Final = re.compile(r"trials\[(?P<item>[^\]]+)\]")
_MODEL: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*_\d{8}(-\d+)?")


def is_model_id(name: str) -> bool:
    """Whether a name reads as a model's id."""
    return _MODEL.fullmatch(name) is not None


def recorded_trials(store: Store, name: str) -> dict[str, int]:
    """The number of trials by estimator that a run (attempt, run key) or a model did.

    Raises:
        RunNotFound, ModelNotFound: there is none of this name.
        InvalidUsage: the run did not come as far as a search.
    """
    if is_model_id(name):
        return trials_of_record(store, Registry(store).record(name))
    run = find_run(store, name)
    counts = _trials_of_run(run)
    if not counts:
        raise InvalidUsage(
            f"run {run.attempt} did not finish a search, so there is nothing to replay",
            where=run.attempt,
            cure="name a run that did: `ml8s runs list`",
        )
    return counts


def trials_of_record(store: Store, record: Record) -> dict[str, int]:
    """The number of trials by estimator, from the artifacts that a record names."""
    counts = {}
    for port, digest in record.ports.items():
        if match := TRIALS.fullmatch(port):
            with TemporaryDirectory(prefix="ml8s-trials-") as folder:
                fetch_artifact(store, digest, Path(folder))
                counts[match["item"]] = int(json.loads((Path(folder) / "trials.json").read_bytes())["trials"])
    return counts


def _trials_of_run(run: Run) -> dict[str, int]:
    searches = run.envelope.get("searches")
    found: dict[str, int] = {}
    for label, search in searches.items() if isinstance(searches, Mapping) else ():
        if "[" in label and isinstance(search, Mapping) and isinstance(search.get("trials"), int):
            found[label.partition("[")[2].removesuffix("]")] = search["trials"]  # type: ignore[assignment]
    return found
