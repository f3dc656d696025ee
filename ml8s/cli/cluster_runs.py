"""What `ml8s runs list|show|logs|report` say of the runs that a cluster keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml8s.cli import ui

if TYPE_CHECKING:
    from ml8s.artifacts import Json
    from ml8s.cli.cluster_running import Place
    from ml8s.cluster.view import RunView, StepView


def show_list(place: Place, limit: int, output: str) -> None:
    """Lists the latest runs in the platform's namespace."""
    from ml8s.cluster.runs import list_runs
    from ml8s.cluster.view import read_view

    views = [read_view(workflow) for workflow in list_runs(place.kubectl)[:limit]]
    rows = [_row(view) for view in views]
    ui.emit(rows, output, ("attempt", "name", "outcome", "model_id", "seconds", "pods"))
    ui.next_command(f"ml8s runs show {views[0].name}" if views else "ml8s run CONFIG")


def show_run(place: Place, name: str, output: str, *, follow: bool) -> None:
    """Shows one run and its tasks, or follows it; raises RunNotFound."""
    from ml8s.cluster.failure import failure_of
    from ml8s.cluster.runs import find_run
    from ml8s.cluster.view import read_view

    view = read_view(find_run(place.kubectl, name))
    if follow:
        from ml8s.cli import cluster_running

        cluster_running.follow(view.name, place, output)
        return
    error = failure_of(view)
    shown = _row(view) | {"link": place.link(view.name), "error": None if error is None else error.code}
    shown |= {"message": None if error is None else error.message, "cure": None if error is None else error.cure}
    steps = [_step(step) for step in view.steps]
    if output == "name":
        ui.data(view.name)
    elif output in ("json", "yaml"):
        ui.emit({**shown, "steps": steps}, output)
    else:
        ui.emit({key: value for key, value in shown.items() if value is not None}, output)
        ui.data("")
        ui.emit(steps, output, ("step", "state", "pods", "seconds", "said"))
    following = "" if view.over else " --follow"
    ui.next_command(f"ml8s runs {'logs' if view.over else 'show'} {view.name}{following}")


def show_logs(place: Place, name: str, step: str | None) -> None:
    """Prints what the steps of a run wrote; raises RunNotFound, InvalidUsage."""
    from ml8s.cluster.runs import find_run, logs

    workflow = find_run(place.kubectl, name)
    for label, text in logs(place.kubectl, workflow, step):
        for line in text.splitlines():
            ui.data(f"{label}: {line}")
    ui.next_command(f"ml8s runs show {name}")


def show_report(place: Place, name: str, save: str | None) -> None:
    """Prints the report of a run, and saves its files; raises RunNotFound, InvalidUsage, StoreError."""
    from pathlib import Path

    from ml8s.cli.runs_report import SAVE_ELSEWHERE
    from ml8s.cluster.outcome import report_files_of
    from ml8s.cluster.runs import find_run
    from ml8s.cluster.view import read_view
    from ml8s.output_folder import write_files
    from ml8s.storage import open_store

    view = read_view(find_run(place.kubectl, name))
    files = report_files_of(open_store(place.platform.store.uri), view)
    ui.data(files["report.md"].decode() if "report.md" in files else "\n".join(sorted(files)))
    if save is not None:
        write_files(Path(save), files, SAVE_ELSEWHERE)
        ui.note(f"report: {Path(save) / 'report.html'}")
    ui.next_command(f"ml8s runs show {view.name}" if save else f"ml8s runs report {view.name} --save DIR")


def _row(view: RunView) -> dict[str, Json]:
    registered = view.step("register")
    seconds = (view.ended - view.began).total_seconds() if view.began and view.ended else None
    return {
        "attempt": view.name,
        "name": view.model or None,
        "outcome": _outcome(view),
        "model_id": (registered.outputs.get("result") or None) if registered is not None else None,
        "seconds": seconds,
        "pods": view.pods,
    }


def _outcome(view: RunView) -> str:
    from ml8s.cluster.failure import failure_of
    from ml8s.errors import GateFailed, Terminated

    error = failure_of(view)
    if error is None:
        return "done" if view.over else "running"
    if isinstance(error, GateFailed):
        return "gate failed"
    return "stopped" if isinstance(error, Terminated) else "failed"


def _step(step: StepView) -> dict[str, Json]:
    said = step.outputs.get("decision") or (step.message if step.state in ("failed", "pending") else "")
    return {
        "step": step.label,
        "state": "cached" if step.state == "skipped" else step.state,
        "pods": len(step.tries),
        "seconds": step.seconds if step.ended and step.tries else None,
        "said": str(said).splitlines()[0] if said else None,
    }
