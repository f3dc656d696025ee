"""What a run in a cluster came to: results, metrics and report, read from the store by the digests of its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ml8s.artifacts import Json
from ml8s.cluster.view import RunView
from ml8s.errors import InvalidUsage, StoreError
from ml8s.runner.cache import Result
from ml8s.runner.plan import CACHED, Plan
from ml8s.runner.summary import Summary, read_judgement
from ml8s.storage.blobs import blob_key, fetch_artifact
from ml8s.storage.store import Store

JUDGED = ("verdict", "metrics", "report")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is told at the end of a run.

    Attributes:
        attempt: the run; None where nothing had to run.
        model_id: the registered model; None where the run ended before register.
        pods: how many pods were started.
        seconds: wall seconds from its submission to its end.
        summary: the verdict in numbers; None where there is none, or this machine cannot read the store.
        metric: the metrics in one line, as the cluster tells them; empty where there are none.
    """

    attempt: str | None
    model_id: str | None
    pods: int
    seconds: float
    summary: Summary | None
    metric: str = ""

    def to_json(self) -> dict[str, Json]:
        """The outcome as JSON."""
        return {
            "model_id": self.model_id,
            "attempt": self.attempt,
            "pods": self.pods,
            "seconds": round(self.seconds, 3),
            "metrics": None if self.summary is None else list(self.summary.rows()),
        }


def outcome_of_plan(store: Store, plan: Plan) -> Outcome:
    """The outcome where everything was there before."""
    results = {row.task.label: row.result for row in plan.tasks if row.state == CACHED and row.result is not None}
    return Outcome(None, plan.model_id, 0, 0.0, _summary(store, results, ""))


def outcome_of(store: Store, run: RunView) -> Outcome:
    """The outcome of a run that has ended."""
    registered = run.step("register")
    model = registered.outputs.get("result") if registered is not None else None
    shown = next((str(step.outputs["metric"]) for step in run.steps if step.outputs.get("metric")), "")
    seconds = (run.ended - run.began).total_seconds() if run.began and run.ended else 0.0
    return Outcome(run.name, str(model) if model else None, run.pods, seconds, _seen(store, run), shown)


def results_of(store: Store, run: RunView) -> dict[str, Result]:
    """The results of a run by task label, of pods and of what the store had; raises StoreError."""
    found = {}
    for step in run.steps:
        digest = str(step.outputs.get("result") or run.parameters.get(f"have-{step.node}") or "")
        if len(digest) == 64:
            found[step.label] = Result.from_bytes(store.get(blob_key(digest)))
    return found


def report_files_of(store: Store, run: RunView) -> dict[str, bytes]:
    """The files of a run's report by name.

    Raises:
        InvalidUsage: the run did not come to an evaluation.
        StoreError: this machine cannot read the store.
    """
    for result in results_of(store, run).values():
        if "report" in result.outputs:
            with TemporaryDirectory(prefix="ml8s-report-") as folder:
                fetch_artifact(store, result.outputs["report"], Path(folder))
                return _files(Path(folder))
    raise InvalidUsage(
        f"run {run.name} made no report: it ended before its evaluation, or still works",
        where=run.name,
        cure=f"see how far it came with `ml8s runs show {run.name}`",
    )


def _files(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _seen(store: Store, run: RunView) -> Summary | None:
    try:
        return _summary(store, results_of(store, run), run.name)
    except StoreError:  # the cluster's own words are shown instead
        return None


def _summary(store: Store, results: Mapping[str, Result], attempt: str) -> Summary | None:
    ports = {port: digest for result in results.values() for port, digest in result.outputs.items()}
    if not set(JUDGED) <= set(ports):
        return None
    with TemporaryDirectory(prefix="ml8s-summary-") as folder:
        for port in ("verdict", "metrics"):
            fetch_artifact(store, ports[port], Path(folder) / port)
        files = [Path(folder) / port / f"{port}.json" for port in ("verdict", "metrics")]
        return read_judgement(files[0], files[1], attempt)
