"""``ml8s runs retry``."""

from __future__ import annotations

import click

from ml8s.cli import options


@click.command("retry")
@click.argument("run", metavar="RUN")
@options.detach_option
@options.dry_run_option
@options.output_option
def command(run: str, detach: bool, dry_run: bool, output: str) -> None:
    """Run a cluster run again with its own config, as a new run that goes on from where RUN ended.

    Steps that the store has are not run again. A step whose result is missing or damaged runs once more. A run of this
    machine goes on with `ml8s run CONFIG --local`.
    """
    from ml8s.cli.cluster_running import require_place, retry

    retry(run, require_place(), detach=detach, dry_run=dry_run, output=output)
