"""``ml8s features explain``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command("explain")
@click.argument("model_id", metavar="MODEL")
@click.argument("name", metavar="FEATURE")
@options.models_store_option
@options.output_option
def command(model_id: str, name: str, store: str, output: str) -> None:
    """Say in words what FEATURE of MODEL is, and work it out for one row of the snapshot that the model learned from.

    Without the snapshot there are words only. `ml8s explain feature FEATURE --model MODEL` is the same.
    """
    tell(model_id, name, store, output)


def tell(model_id: str, name: str, store: str, output: str) -> None:
    """Prints the story of a feature of a model, as text unless JSON or YAML is asked for."""
    from ml8s.registry import Registry
    from ml8s.runner.feature_story import explain_feature
    from ml8s.storage import open_store

    opened = open_store(store)
    story = explain_feature(opened, Registry(opened).record(model_id), name)
    if output in ("json", "yaml"):
        ui.emit(story.to_json(), output)
    else:
        ui.data(story.text())
    ui.next_command(f"ml8s models report {model_id}")
