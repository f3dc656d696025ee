"""``ml8s train``: the same as ``ml8s run``, with the config as an option."""

from __future__ import annotations

import click

from ml8s.cli import options, running


@click.command("train")
@click.option("--config", required=True, metavar="URI", help="The config: a path, s3:// or abfs:// address.")
@options.local_option
@options.detach_option
@options.set_option
@options.store_option
@options.dry_run_option
@options.output_option
def command(**asked: object) -> None:
    """Train a model from a config: validate, split, featurize, search, select, evaluate, register."""
    running.run(running.Asked(**asked))  # type: ignore[arg-type]
