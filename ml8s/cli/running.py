"""What `ml8s run` and `ml8s train` do: train here or on a cluster, show how it goes, say what came of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml8s.cli import ui
from ml8s.errors import GateFailed, InvalidUsage

if TYPE_CHECKING:
    from ml8s.artifacts import Json
    from ml8s.runner.plan import Plan
    from ml8s.runner.summary import Summary
    from ml8s.runner.training import Request, Trained


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line of a run."""

    config: str
    store: str
    output: str
    overrides: tuple[str, ...] = ()
    until: str | None = None
    replay: str | None = None
    local: bool = False
    detach: bool = False
    verify: bool = False
    dry_run: bool = False


def start_pinned() -> None:
    """Starts this command anew under the environment pin, unless it runs under it already."""
    from ml8s.environment import start_anew_pinned

    start_anew_pinned([sys.executable, *sys.orig_argv[1:]])


def run(asked: Asked) -> None:
    """Trains, or with ``dry_run`` says what would be done."""
    from ml8s.cli import cluster_running

    place = cluster_running.place_of(asked.local)
    if place is not None:
        cluster_running.run(asked, place)
        return
    if asked.detach:
        raise InvalidUsage(
            "this run would be on this machine, and it ends with its command",
            where="--detach",
            cure="leave --detach out, or name a platform (./platform.yaml or ML8S_PLATFORM) and leave --local out",
        )
    start_pinned()
    from ml8s.cli.progress import Display
    from ml8s.runner.training import prepare, train

    request = _request(asked)
    if asked.dry_run:
        show_plan(prepare(request).plan(), asked.output)
        ui.next_command(f"ml8s run {asked.config}")
        return
    if not asked.local:
        ui.note(f"no platform: working on this machine, with {request.slots} CPUs")
    display = Display()
    try:
        with display.showing():
            trained = train(request, display)
    except GateFailed:
        if display.summary is not None and asked.output == "table":
            show_metrics(display.summary)
        raise
    finally:
        display.tell_notes()
    _show(trained, asked)


def show_plan(plan: Plan, output: str) -> None:
    """Shows a plan, one row per task."""
    if output in ("json", "yaml"):
        ui.emit(plan.to_json(), output)
        return
    ui.emit([row.to_json() for row in plan.tasks], output, ("step", "state", "reason"))
    if plan.refusal is not None:
        ui.note(f"the cached verdict is fail: {'; '.join(plan.refusal.reasons)}")


def _request(asked: Asked) -> Request:
    from ml8s.config.loader import load_config
    from ml8s.runner.training import Request

    replay: dict[str, int] = {}
    if asked.replay is not None:
        from ml8s.runner.replay import recorded_trials
        from ml8s.storage import open_store

        replay = recorded_trials(open_store(asked.store), asked.replay)
    loaded = load_config(asked.config, asked.overrides)
    return Request(loaded, asked.store, until=asked.until, replay=replay, verify=asked.verify)


def _show(trained: Trained, asked: Asked) -> None:
    summary = trained.summary
    if asked.output in ("json", "yaml"):
        ui.emit(_value(trained), asked.output)
    elif asked.output == "name":
        ui.data(trained.model_id or trained.attempt)
    elif summary is not None:
        show_metrics(summary)
    count = trained.steps_run
    ran = "nothing to do, every step is cached" if count == 0 else f"{count} {'step' if count == 1 else 'steps'} run"
    ui.note(f"{ran}: {trained.seconds:.1f} s, attempt {trained.attempt}")
    if trained.report is not None:
        ui.note(f"report: {trained.report}")
    if trained.model_id is not None:
        ui.note(f"model {trained.model_id} is registered as a candidate")
        ui.next_command(f"ml8s models show {trained.model_id}")
    else:
        ui.next_command(f"ml8s run {asked.config}" if asked.until is not None else f"ml8s runs show {trained.attempt}")


def show_metrics(summary: Summary) -> None:
    """Shows the verdict in numbers, a row a metric."""
    ui.emit(list(summary.rows()), "table", ("metric", "model", "baseline", "gate", "passed"))


def _value(trained: Trained) -> dict[str, Json]:
    return {
        "model_id": trained.model_id,
        "attempt": trained.attempt,
        "run_key": trained.run_key,
        "steps_run": trained.steps_run,
        "seconds": round(trained.seconds, 3),
        "report": trained.report,
        "metrics": None if trained.summary is None else list(trained.summary.rows()),
    }
