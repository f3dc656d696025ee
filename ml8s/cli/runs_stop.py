"""``ml8s runs stop``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command("stop")
@click.argument("run", metavar="RUN")
@options.dry_run_option
def command(run: str, dry_run: bool) -> None:
    """End a run in a cluster. Finished steps are kept: `ml8s runs retry` goes on from there.

    A run of this machine is ended with Ctrl-C.
    """
    from ml8s.cli.cluster_running import require_place
    from ml8s.cluster.runs import find_run
    from ml8s.cluster.submission import stop
    from ml8s.cluster.view import read_view

    place = require_place()
    found = read_view(find_run(place.kubectl, run))
    if found.over:
        ui.note(f"run {found.name} has ended already: {found.phase.lower()}")
    elif dry_run:
        ui.note(f"run {found.name} would be stopped")
    else:
        stop(place.kubectl, found.name)
        ui.note(f"run {found.name} is being stopped")
    ui.next_command(f"ml8s runs show {found.name}")
