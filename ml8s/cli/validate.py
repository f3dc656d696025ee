"""``ml8s validate``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command("validate")
@options.config_argument
@options.set_option
def command(config: str, overrides: tuple[str, ...]) -> None:
    """Check a config: every problem at once, with its line and its cure.

    CONFIG is a path, s3:// or abfs:// address.
    """
    from ml8s.config.loader import load_config

    loaded = load_config(config, overrides)
    ui.data(f"{config} is valid: the model {loaded.config.name}, {loaded.config.task} of {loaded.config.target_column}")
    ui.next_command(f"ml8s run {config}")
