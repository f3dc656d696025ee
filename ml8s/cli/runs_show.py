"""``ml8s runs show``."""

from __future__ import annotations

from collections.abc import Mapping

import click

from ml8s.cli import options, ui


@click.command("show")
@click.argument("run", metavar="RUN")
@click.option("--follow", is_flag=True, help="On a cluster: follow the run to its end, as `ml8s run` does.")
@options.runs_local_option
@options.store_option
@options.output_option
def command(run: str, follow: bool, local: bool, store: str, output: str) -> None:
    """Show one run: who, what, where, how long, and how it ended.

    RUN is an attempt, a run key (its latest attempt), or the beginning of either.
    """
    from ml8s.cli import cluster_runs
    from ml8s.cli.cluster_running import place_of_runs

    place = place_of_runs(local)
    if place is not None:
        cluster_runs.show_run(place, run, output, follow=follow)
        return
    from ml8s.runner.attempts import find_run
    from ml8s.storage import open_store

    found = find_run(open_store(store), run)
    if output == "name":
        ui.data(found.attempt)
    elif output in ("json", "yaml"):
        ui.emit(dict(found.envelope), output)
    else:
        shown = {name: value for name, value in found.envelope.items() if name not in ("config", "versions", "steps")}
        ui.emit({**shown, "outcome": found.outcome}, output)
        steps = found.envelope.get("steps")
        if isinstance(steps, Mapping) and steps:
            ui.data("")
            ui.emit([{"step": step, "seconds": seconds} for step, seconds in steps.items()], output)
    ui.next_command(f"ml8s runs logs {found.attempt}")
