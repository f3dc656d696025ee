"""``ml8s runs report``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui

SAVE_ELSEWHERE = "give another folder with --save"


@click.command("report")
@click.argument("run", metavar="RUN")
@click.option(
    "--save", metavar="DIR", help="Copy the report's files into this folder, which is made; over nothing else."
)
@options.runs_local_option
@options.store_option
def command(run: str, save: str | None, local: bool, store: str) -> None:
    """Print the report of a run, and where its page is.

    RUN is an attempt, a run key (its latest attempt), or the beginning of either.
    """
    from ml8s.cli import cluster_runs
    from ml8s.cli.cluster_running import place_of_runs

    place = place_of_runs(local)
    if place is not None:
        cluster_runs.show_report(place, run, save)
        return
    from pathlib import Path

    from ml8s.output_folder import write_files
    from ml8s.runner.attempts import find_run
    from ml8s.runner.summary import report_address, report_files, require_summary
    from ml8s.storage import open_store

    opened = open_store(store)
    found = find_run(opened, run)
    summary = require_summary(opened, found.attempt)
    files = report_files(opened, summary)
    ui.data(files["report.md"].decode() if "report.md" in files else "\n".join(sorted(files)))
    page = report_address(opened, summary)
    if save is not None:
        write_files(Path(save), files, SAVE_ELSEWHERE)
        page = str(Path(save) / "report.html")
    ui.note(f"report: {page}")
    ui.next_command(f"ml8s runs show {found.attempt}")
