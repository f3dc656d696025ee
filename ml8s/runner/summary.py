"""What a reader wants to know at the end of a run: metrics beside the baseline and the gates, and the report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ml8s.artifacts import Json, canonical_json
from ml8s.errors import InvalidUsage, ObjectMissing
from ml8s.runner.cache import Result
from ml8s.runner.workspace import Workspace
from ml8s.storage.store import Store
from ml8s.storage.uri import FolderAddress, join, parse_address

SUMMARY: Final = "summary.json"
REPORT_PAGE: Final = "report.html"


@dataclass(frozen=True, slots=True)
class Summary:
    """The verdict in numbers.

    ``metrics`` and ``baseline`` map a metric to its value on the test fold; ``gates`` are those of the verdict;
    ``report`` is the attempt whose folder holds a copy of the report.
    """

    metric: str
    metrics: Mapping[str, Json]
    baseline: Mapping[str, Json]
    gates: Sequence[Mapping[str, Json]]
    report: str

    def rows(self) -> list[dict[str, Json]]:
        """One row per metric, the deciding one first: model, baseline, gate, and whether it passed."""
        names = sorted({*self.metrics, *(str(gate["metric"]) for gate in self.gates)}, key=lambda n: n != self.metric)
        return [self._row(name) for name in names]

    def _row(self, name: str) -> dict[str, Json]:
        from ml8s.evaluation.gates import shown_rule

        gates = [gate for gate in self.gates if gate["metric"] == name]
        return {
            "metric": name,
            "model": self.metrics.get(name),
            "baseline": self.baseline.get(name),
            "gate": " and ".join(shown_rule(str(gate["rule"])) for gate in gates) or None,
            "passed": all(bool(gate["passed"]) for gate in gates) if gates else None,
        }

    def to_json(self) -> dict[str, Json]:
        """The summary as JSON."""
        return {
            "schema": 1,
            "metric": self.metric,
            "metrics": dict(self.metrics),
            "baseline": dict(self.baseline),
            "gates": [dict(gate) for gate in self.gates],
            "report": self.report,
        }


def summarise(
    store: Store, workspace: Workspace, results: Mapping[str, Result], attempt: str, earlier: str | None
) -> Summary | None:
    """The summary of an evaluation, with the report copied into this attempt's folder; None where there is none.

    Args:
        store: the store.
        workspace: where the artifacts are fetched to.
        results: results by task label.
        attempt: whose folder the report is copied into.
        earlier: an attempt whose folder already holds this very report: then no blob is read.
    """
    ports = {port: digest for result in results.values() for port, digest in result.outputs.items()}
    if not {"verdict", "metrics", "report"} <= set(ports):
        return None
    found = None if earlier is None else read_summary(store, earlier)
    if found is not None:
        store.put(f"runs/{attempt}/{SUMMARY}", canonical_json(found.to_json()))
        return found
    folder = workspace.artifact(store, ports["report"])
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        store.put(f"runs/{attempt}/report/{path.relative_to(folder).as_posix()}", path)
    verdict = workspace.artifact(store, ports["verdict"]) / "verdict.json"
    found = read_judgement(verdict, workspace.artifact(store, ports["metrics"]) / "metrics.json", attempt)
    store.put(f"runs/{attempt}/{SUMMARY}", canonical_json(found.to_json()))
    return found


def read_summary(store: Store, attempt: str) -> Summary | None:
    """The summary that an attempt left; None where there is none."""
    try:
        value = json.loads(store.get(f"runs/{attempt}/{SUMMARY}"))
        return Summary(value["metric"], value["metrics"], value["baseline"], value["gates"], value["report"])
    except (ObjectMissing, ValueError, KeyError, TypeError):
        return None


def require_summary(store: Store, attempt: str) -> Summary:
    """The summary of an attempt that evaluated a model, or that found its report made by an earlier one.

    Raises:
        InvalidUsage: this attempt did not come to an evaluation.
    """
    found = read_summary(store, attempt)
    if found is None:
        raise InvalidUsage(
            f"run {attempt} made no report: it ended before its evaluation",
            where=store.uri,
            cure=f"see how far it came with `ml8s runs show {attempt}`",
        )
    return found


def report_files(store: Store, summary: Summary) -> dict[str, bytes]:
    """The files of a report by their names."""
    prefix = f"runs/{summary.report}/report/"
    return {item.key.removeprefix(prefix): store.get(item.key) for item in store.list(prefix)}


def report_address(store: Store, summary: Summary) -> str:
    """Where a person finds the report: a path of this machine for a folder, else the object's address."""
    key = f"runs/{summary.report}/report/{REPORT_PAGE}"
    address = parse_address(store.uri)
    return str(address.path / key) if isinstance(address, FolderAddress) else join(store.uri, key)


def read_judgement(verdict: Path, metrics: Path, report: str) -> Summary:
    """The summary that verdict.json and metrics.json make; ``report`` is the attempt whose folder has the report."""
    judged, measured = json.loads(verdict.read_bytes()), json.loads(metrics.read_bytes())
    return Summary(measured["metric"], measured["metrics"], measured["baseline"], judged["gates"], report)
