"""One run of a pipeline on this machine, from a config to a registered model: attempt, scratch, runner, summary."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from types import FrameType

from ml8s.artifacts import Json, Manifest
from ml8s.config.loader import LoadedConfig
from ml8s.environment import require_pinned
from ml8s.errors import GateFailed, Interrupted, ML8sError, StoreError, Terminated
from ml8s.runner.attempts import Attempt, new_attempt
from ml8s.runner.code import code_identity
from ml8s.runner.envelope import describe_run
from ml8s.runner.events import RAN, Audience, Finished, Listener
from ml8s.runner.exhaustion import as_error
from ml8s.runner.interrupts import interrupts_come_again
from ml8s.runner.local import Ended, LocalRun, Settings, cpu_slots
from ml8s.runner.lookup import Lookup, read_report_place, write_latest
from ml8s.runner.plan import Plan, Workload
from ml8s.runner.program import Program
from ml8s.runner.snapshot import Snapshot, find_snapshot, remembered
from ml8s.runner.summary import Summary, report_address, summarise
from ml8s.runner.workspace import Scratch, Workspace
from ml8s.steps.context import Progress
from ml8s.storage import open_store
from ml8s.storage.probe import ensure_probed
from ml8s.storage.store import Store

STORE_PROBE = "probe"
CURE_OF_A_STOP = "run the same command again: finished steps are kept, and it goes on from there"


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        loaded: the config and where it came from.
        store: the store's address.
        until: the last step wanted, None for all.
        replay: the exact number of trials by estimator, instead of any budget.
        verify: whether every blob of the plan is hashed first.
        program: what is run.
        slots: how many processes or threads may work at once.
    """

    loaded: LoadedConfig
    store: str
    until: str | None = None
    replay: Mapping[str, int] = field(default_factory=dict)
    verify: bool = False
    program: Program = field(default_factory=Program)
    slots: int = field(default_factory=cpu_slots)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request with its store opened and its snapshot found; ``manifest`` where its bytes were read before."""

    work: Workload
    store: Store
    snapshot: Snapshot
    manifest: Manifest | None

    def plan(self, *, verify: bool = False) -> Plan:
        """What is cached, what will run, and why."""
        return Lookup(self.store, self.work, verify=verify).plan(self.manifest)


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run came to.

    ``model_id`` is None where the run ended before register; ``report`` is where a person finds the report.
    """

    attempt: str
    run_key: str | None
    model_id: str | None
    steps_run: int
    seconds: float
    summary: Summary | None
    report: str | None
    made: Mapping[str, str]


def prepare(request: Request) -> Prepared:
    """Opens the store and lists the snapshot.

    Raises:
        SnapshotNotFound, SnapshotIncomplete: there is no snapshot at the config's address.
        InvalidUsage: the pipeline has no step of the name ``until``.
    """
    work = Workload(request.program, request.loaded.config, code_identity(), request.until)
    store = open_store(request.store)
    snapshot = find_snapshot(request.loaded.dataset_location)
    return Prepared(work, store, snapshot, remembered(store, snapshot))


def train(request: Request, *listeners: Listener) -> Trained:
    """Runs a pipeline in this process, which must be pinned.

    Raises:
        StoreRefused: the store does not keep create-if-absent.
        GateFailed: the evaluation said no. Nothing is registered; ``where`` is the report.
        Interrupted, Terminated: Ctrl-C, SIGTERM. Finished steps stay cached.
        ML8sError: whatever a step or the store raised.
    """
    require_pinned()
    began = monotonic()
    prepared = prepare(request)
    _probe(prepared.store, Audience(listeners))
    name, envelope = new_attempt(), describe_run(request.loaded, prepared.store.uri, prepared.work, request.slots)
    with Scratch() as workspace:
        attempt = Attempt(prepared.store, name, envelope, workspace.root / "log.txt")
        settings = Settings(request.slots, request.replay, request.verify, {**envelope, "attempt": name})
        run = LocalRun(
            work=prepared.work, store=prepared.store, snapshot=prepared.snapshot, workspace=workspace,
            listener=Audience([attempt, *listeners]), settings=settings, log=attempt.log, manifest=prepared.manifest,
        )  # fmt: skip
        with _written_down(attempt, run, workspace) as finish:
            with interrupts_come_again():
                run.run()
            summary = finish()
    ended = run.ended()
    report = None if summary is None else report_address(prepared.store, summary)
    return Trained(
        name, ended.run_key, ended.model_id, ended.steps_run, monotonic() - began, summary, report, ended.made
    )


def _probe(store: Store, audience: Audience) -> None:
    """Tries a new store's create-if-absent, once; with a bucket it takes seconds, so the audience sees it as a task."""
    began = monotonic()

    def told(done: int, total: int) -> None:
        if done == 0:
            audience.started(STORE_PROBE)
        audience.progressed(STORE_PROBE, Progress(done, total, "keys raced for"))
        if done == total:
            audience.finished(STORE_PROBE, Finished(RAN, monotonic() - began, {}))

    ensure_probed(store, told)


@contextmanager
def _written_down(attempt: Attempt, run: LocalRun, workspace: Workspace) -> Iterator[Callable[[], Summary | None]]:
    """Has the attempt's folder say how the run ended, whatever ends it; signals end it in good order."""
    written: list[Summary | None] = []

    def finish() -> Summary | None:
        written.append(_summarise(attempt, run, workspace))
        return written[-1]

    with _signals_as_interrupts() as signals:
        try:
            yield finish
        except GateFailed as error:
            summary = _summarise(attempt, run, workspace)
            _close(attempt, run, "gate failed", error)
            where = error.where if summary is None else report_address(run.store, summary)
            raise GateFailed(error.message, where=where, cure=error.cure, problems=error.problems) from None
        except KeyboardInterrupt:
            stop: ML8sError = Interrupted("interrupted", where=attempt.name, cure=CURE_OF_A_STOP)
            if signal.SIGTERM in signals:
                stop = Terminated("terminated", where=attempt.name, cure=CURE_OF_A_STOP)
            _close(attempt, run, stop.message, stop)
            raise stop from None
        except Exception as error:
            known = as_error(error, attempt.name)
            if known is not error:
                attempt.noted("run", f"{type(error).__name__}: {error}")
            _close(attempt, run, "failed", known)
            if known is error:
                raise
            raise known from error
    _close(attempt, run, "done", None)


@contextmanager
def _signals_as_interrupts() -> Iterator[list[int]]:
    """SIGTERM becomes a KeyboardInterrupt, which no `except Exception` of a library swallows; gives those that came."""
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, note)
    except ValueError:  # not the main thread: who called us keeps the signals
        yield came
        return
    try:
        yield came
    finally:
        signal.signal(signal.SIGTERM, before)


def _summarise(attempt: Attempt, run: LocalRun, workspace: Workspace) -> Summary | None:
    name = run.work.config.name or ""
    reports = [result.outputs["report"] for result in run.results.values() if "report" in result.outputs]
    earlier = read_report_place(run.store, name, reports[0]) if reports else None
    summary = summarise(run.store, workspace, run.results, attempt.name, earlier)
    if summary is not None:
        run.listener.summarised(summary, report_address(run.store, summary))
    place = None if summary is None or not reports else (reports[0], summary.report)
    write_latest(run.store, name, run.results, place)
    return summary


def _close(attempt: Attempt, run: LocalRun, outcome: str, error: ML8sError | None) -> None:
    ended = run.ended()
    # What stopped the run matters more than a store that cannot be told of it.
    with suppress(StoreError):
        attempt.close(
            outcome, error, {"run_key": ended.run_key, "model_id": ended.model_id, **_searches(ended, attempt)}
        )
    if outcome in ("interrupted", "terminated", "failed"):
        with suppress(StoreError):
            write_latest(run.store, run.work.config.name or "", run.results, None)


def _searches(ended: Ended, attempt: Attempt) -> dict[str, Json]:
    """The number of trials of each search and what ended it: ``cached`` where this run did not search itself."""
    found: dict[str, Json] = {}
    for label, result in ended.results.items():
        trials = result.facts.get("trials")
        if isinstance(trials, int):
            found[label] = {"trials": trials, "stopped_by": attempt.stops.get(label, "cached")}
    return {"searches": found}
