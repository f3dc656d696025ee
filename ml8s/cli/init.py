"""``ml8s init``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".")
@click.option("--from", "example", metavar="EXAMPLE", help="fraud, churn, ranking, pricing or demand.")
@options.dry_run_option
def command(folder: str, example: str | None, dry_run: bool) -> None:
    """Start from an example: write its config and a small snapshot of made-up data.

    DIR is made where it is missing; by default it is this folder. Nothing is ever overwritten.
    """
    from ml8s.cli.running import start_pinned

    # Numbers drawn from a seed are the same on every machine under the pin only.
    start_pinned()
    from pathlib import Path

    from ml8s.examples.starter import check_example, starter_files, write_starter

    name = check_example(example)
    config, data = starter_files(Path(folder), name)
    if dry_run:
        ui.note(f"would write {config} and a snapshot in {data}/; nothing was written")
        ui.next_command(f"ml8s init {folder} --from {name}")
        return
    try:
        write_starter(Path(folder), name)
    except OSError as error:
        from ml8s.runner.exhaustion import as_error

        raise as_error(error, "the snapshot", place=str(Path(folder).resolve())) from error
    ui.data(str(config))
    ui.note(f"wrote {config} and a snapshot in {data}/")
    ui.next_command(f"ml8s run {config}")
