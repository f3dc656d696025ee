"""``ml8s runs logs``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command("logs")
@click.argument("run", metavar="RUN")
@click.option("--progress", is_flag=True, help="The events of the run as JSON lines, instead of the log.")
@click.option("--step", metavar="STEP", help="On a cluster: of this step only, for example search or search[lgbm].")
@options.runs_local_option
@options.store_option
def command(run: str, progress: bool, step: str | None, local: bool, store: str) -> None:
    """Print what the steps of a run wrote: warnings, and the output of its searches."""
    from ml8s.cli import cluster_runs
    from ml8s.cli.cluster_running import place_of_runs

    place = place_of_runs(local)
    if place is not None:
        cluster_runs.show_logs(place, run, step)
        return
    from ml8s.runner.attempts import LOG, PROGRESS, find_run, has_file, read_file
    from ml8s.storage import open_store

    opened = open_store(store)
    found = find_run(opened, run)
    if not progress and not has_file(opened, found, LOG):
        ui.note(f"the steps of {found.attempt} wrote nothing")
    else:
        ui.data(read_file(opened, found, PROGRESS if progress else LOG).decode("utf-8", "replace").rstrip("\n"))
    ui.next_command(f"ml8s runs show {found.attempt}")
