"""``ml8s config show``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command("show")
@options.config_argument
@options.set_option
@options.output_option
def command(config: str, overrides: tuple[str, ...], output: str) -> None:
    """Show every value of a config and where it came from.

    With -o yaml the output is itself a config.
    """
    from ml8s.config import show
    from ml8s.config.loader import load_config

    loaded = load_config(config, overrides)
    if output == "yaml":
        ui.data(show.as_yaml(loaded))
    elif output == "json":
        ui.emit(show.as_json(loaded), "json")
    else:
        ui.emit(show.rows(loaded), output, ("field", "value", "from"))
