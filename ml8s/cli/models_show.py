"""``ml8s models show``: everything that the registry knows of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ml8s.cli import options, ui

if TYPE_CHECKING:
    from ml8s.artifacts import Json


@click.command()
@click.argument("model_id", metavar="MODEL")
@options.store_option
@options.output_option
def command(model_id: str, store: str, output: str) -> None:
    """Show one model: state, metrics, snapshot, the digest of each artifact, and how it came to be."""
    from ml8s.registry import Registry
    from ml8s.storage import open_store

    registry = Registry(open_store(store))
    record = registry.record(model_id)
    event = registry.registered(record)
    value: dict[str, Json] = {
        "model_id": model_id,
        "state": registry.state(model_id),
        "record": record.digest,
        "registered": None if event is None else event.to_json(),
        "content": record.content,
        "envelope": record.envelope,
    }
    if output == "table":
        ui.emit([{"field": path, "value": leaf} for path, leaf in _leaves("", value)], output, ("field", "value"))
    elif output == "name":
        ui.data(model_id)
    else:
        ui.emit(value, output)
    ui.next_command(f"ml8s models verify {model_id}")


def _leaves(path: str, value: Json) -> list[tuple[str, Json]]:
    from collections.abc import Mapping

    if isinstance(value, Mapping) and value:
        return [leaf for key, item in value.items() for leaf in _leaves(f"{path}.{key}" if path else key, item)]
    return [(path, value)]
