"""``ml8s runs list``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many, the latest first.")
@options.runs_local_option
@options.store_option
@options.output_option
def command(limit: int, local: bool, store: str, output: str) -> None:
    """List the latest runs: of the platform's namespace where a platform is named, else of a store.

    A run of a store without an outcome is working, or was killed.
    """
    from ml8s.cli import cluster_runs
    from ml8s.cli.cluster_running import place_of_runs

    place = place_of_runs(local)
    if place is not None:
        cluster_runs.show_list(place, limit, output)
        return
    from ml8s.runner.attempts import read_runs
    from ml8s.storage import open_store

    rows = [
        {
            "attempt": run.attempt,
            "name": run.envelope.get("name"),
            "outcome": run.outcome,
            "model_id": run.envelope.get("model_id"),
            "seconds": run.envelope.get("elapsed"),
            "run_key": run.run_key[:12] or None,
        }
        for run in read_runs(open_store(store), limit)
    ]
    ui.emit(rows, output, ("attempt", "name", "outcome", "model_id", "seconds", "run_key"))
    ui.next_command(f"ml8s runs show {rows[0]['attempt']}" if rows else "ml8s run CONFIG")
