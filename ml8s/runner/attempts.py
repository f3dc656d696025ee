"""Attempts: one execution each, ``runs/<attempt>/`` in the store. Nothing there is ever read as truth.

``envelope.json`` says who ran what, where, how long and how it ended; ``plan.json`` what was cached; the rest is
``progress.jsonl``, ``log.txt``, and after a refusal ``violations.json`` or ``report/``.
"""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final, cast

from ml8s.artifacts import Json, canonical_json
from ml8s.errors import InvalidUsage, ML8sError, ObjectMissing, RunNotFound
from ml8s.runner.events import Finished
from ml8s.runner.plan import Plan
from ml8s.runner.step_notes import VIOLATIONS, violations
from ml8s.runner.summary import Summary
from ml8s.steps.context import Progress
from ml8s.storage.store import Store

ENVELOPE: Final = "envelope.json"
LOG: Final = "log.txt"
PROGRESS: Final = "progress.jsonl"
SHORTEST_RUN_KEY: Final = 4
_NAME = re.compile(r"\d{8}t\d{6}-[a-z0-9]{6}")
_ALPHABET: Final = string.ascii_lowercase + string.digits


def new_attempt(now: datetime | None = None) -> str:
    """A name for one execution: UTC time and 6 random characters."""
    moment = (now or datetime.now(UTC)).strftime("%Y%m%dt%H%M%S")
    return f"{moment}-{''.join(secrets.choice(_ALPHABET) for _ in range(6))}"


class Attempt:
    """The folder of one attempt, and a listener that writes the run's progress into it.

    Small files are put as a whole whenever a task ends; the log grows in scratch and is put with them.
    """

    def __init__(self, store: Store, name: str, envelope: Mapping[str, Json], log: Path) -> None:
        self.name = name
        self.log = log
        self.envelope: dict[str, Json] = {"schema": 1, "attempt": name, "outcome": None, **envelope}
        self.seconds: dict[str, Json] = {}
        self.stops: dict[str, str] = {}
        self._store = store
        self._began = monotonic()
        self._lines: list[bytes] = []
        self.put(ENVELOPE, canonical_json(self.envelope))

    def put(self, name: str, content: bytes | Path) -> None:
        """Writes one file of the attempt."""
        self._store.put(f"runs/{self.name}/{name}", content)

    def planned(self, plan: Plan) -> None:
        """Writes the plan."""
        self.put("plan.json", canonical_json(plan.to_json()))

    def started(self, label: str) -> None:
        """Notes the start of a task."""
        self._note("started", label)

    def progressed(self, label: str, progress: Progress) -> None:
        """Notes a task's progress, and what ended a search."""
        if progress.stopped_by:
            self.stops[label] = progress.stopped_by
        self._note("progress", label, **asdict(progress))

    def finished(self, label: str, end: Finished) -> None:
        """Notes how a task ended, and writes what was noted so far."""
        self.seconds[label] = round(end.seconds, 3)
        self._note("finished", label, how=end.how, seconds=round(end.seconds, 3))
        self.flush()

    def failed(self, label: str, message: str) -> None:
        """Notes that a task gave no result."""
        self._note("failed", label, message=message)

    def noted(self, label: str, text: str) -> None:
        """Notes a warning, in the log too."""
        self._note("note", label, text=text)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"{label}: {text}\n")

    def summarised(self, summary: Summary, report: str) -> None:
        """The summary is written beside the report already."""

    def flush(self) -> None:
        """Writes progress and log into the store."""
        self.put(PROGRESS, b"".join(self._lines))
        if self.log.exists() and self.log.stat().st_size:
            self.put(LOG, self.log)

    def close(self, outcome: str, error: ML8sError | None, more: Mapping[str, Json]) -> None:
        """Writes how the attempt ended: ``done``, or what stopped it."""
        stopped: Json = None if error is None else {"code": error.code, "message": error.message}
        self.envelope |= {
            "outcome": outcome,
            "stopped_by": stopped,
            "ended": _now(),
            "elapsed": round(monotonic() - self._began, 3),
            "steps": self.seconds,
            **more,
        }
        self.flush()
        problems = violations(error)
        if problems is not None:
            self.put(VIOLATIONS, canonical_json(problems))
        self.put(ENVELOPE, canonical_json(self.envelope))

    def _note(self, event: str, label: str, **more: Json) -> None:
        line = {"seconds": round(monotonic() - self._began, 3), "event": event, "step": label, **more}
        self._lines.append(json.dumps(line, ensure_ascii=False).encode() + b"\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt as its envelope tells it."""

    attempt: str
    envelope: Mapping[str, Json]

    @property
    def outcome(self) -> str:
        """``done``, what stopped it, or ``unfinished`` where it is running or was killed."""
        return str(self.envelope.get("outcome") or "unfinished")

    @property
    def run_key(self) -> str:
        """The key that equal runs share; empty where the snapshot was never read."""
        return str(self.envelope.get("run_key") or "")


def list_attempts(store: Store) -> list[str]:
    """The names of all attempts, latest first."""
    names = {item.key.split("/")[1] for item in store.list("runs/") if item.key.endswith(f"/{ENVELOPE}")}
    return sorted((name for name in names if _NAME.fullmatch(name)), reverse=True)


def read_run(store: Store, attempt: str) -> Run:
    """One attempt's envelope; raises RunNotFound."""
    try:
        value = json.loads(store.get(f"runs/{attempt}/{ENVELOPE}"))
    except (ObjectMissing, ValueError, RecursionError) as error:
        raise _unknown(store, attempt, "no such run") from error
    if not isinstance(value, dict):
        raise _unknown(store, attempt, "no such run")
    return Run(attempt, cast("Mapping[str, Json]", value))


def read_runs(store: Store, limit: int) -> Iterator[Run]:
    """The latest runs, latest first."""
    for attempt in list_attempts(store)[:limit]:
        yield read_run(store, attempt)


def find_run(store: Store, name: str) -> Run:
    """The run of an attempt, of a unique prefix of one, or the latest attempt of a run key or its prefix.

    Raises:
        RunNotFound: there is none, or the prefix fits several.
    """
    attempts = list_attempts(store)
    fitting = [attempt for attempt in attempts if name and attempt.startswith(name)]
    if len(fitting) == 1:
        return read_run(store, fitting[0])
    if len(fitting) > 1:
        raise _unknown(store, name, f"{len(fitting)} runs begin so: {', '.join(fitting[:5])}")
    if len(name) >= SHORTEST_RUN_KEY:
        runs = [run for run in read_runs(store, len(attempts)) if run.run_key.startswith(name)]
        keys: Sequence[str] = sorted({run.run_key for run in runs})
        if len(keys) > 1:
            raise _unknown(store, name, f"{len(keys)} run keys begin so: {', '.join(key[:16] for key in keys)}")
        if runs:
            return runs[0]
    raise _unknown(store, name, "no such run")


def has_file(store: Store, run: Run, name: str) -> bool:
    """Whether an attempt left a file of this name."""
    return store.stat(f"runs/{run.attempt}/{name}") is not None


def read_file(store: Store, run: Run, name: str) -> bytes:
    """One file of an attempt.

    Raises:
        InvalidUsage: this attempt has no such file.
    """
    try:
        return store.get(f"runs/{run.attempt}/{name}")
    except ObjectMissing as error:
        raise InvalidUsage(
            f"run {run.attempt} has no {name}", where=store.uri, cure="see `ml8s runs show`: how far did it come?"
        ) from error


def _unknown(store: Store, name: str, why: str) -> RunNotFound:
    return RunNotFound(
        f"no run {name!r} in this store: {why}" if why != "no such run" else f"no run {name!r} in this store",
        where=store.uri,
        cure="`ml8s runs list` shows the runs; name another store with --store",
    )
