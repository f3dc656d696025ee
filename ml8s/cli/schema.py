"""``ml8s schema``."""

from __future__ import annotations

import click

from ml8s.cli import ui


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of a config.

    An editor that knows it completes and checks a config while it is written: save it as config.schema.json beside the
    config and begin the config with the line `# yaml-language-server: $schema=config.schema.json`.
    """
    from ml8s.config.schema import json_schema

    ui.emit(json_schema(), "json")
