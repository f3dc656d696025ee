"""``ml8s models history``: what happened to a model, or to all models of a name."""

from __future__ import annotations

import click

from ml8s.cli import options, ui

COLUMNS = ("seq", "at", "type", "model_id", "by", "verified", "reason")


@click.command()
@click.argument("name", metavar="NAME|MODEL")
@options.models_store_option
@options.output_option
def command(name: str, store: str, output: str) -> None:
    """Show the events of a model, or of all models of a name, oldest first.

    Their chain of digests is checked; a changed or missing event is an error.
    """
    from ml8s.errors import ModelNotFound
    from ml8s.registry import Registry
    from ml8s.registry.ids import is_name, parse_id
    from ml8s.storage import open_store

    whole = is_name(name)
    registry = Registry(open_store(store))
    events = [
        event for event in registry.events(name if whole else parse_id(name).name) if whole or event.model_id == name
    ]
    if not events:
        raise ModelNotFound(
            f"nothing happened to {name} in {store}", where=store, cure="see `ml8s models list`, or name another store"
        )
    if output in ("json", "yaml"):
        ui.emit([{**event.to_json(), "digest": event.digest} for event in events], output)
    else:
        ui.emit(
            [
                {
                    "seq": event.seq,
                    "at": event.at,
                    "type": event.type,
                    "model_id": event.model_id,
                    "by": event.actor.get("id"),
                    "verified": event.actor.get("verified"),
                    "reason": event.reason or None,
                }
                for event in events
            ],
            output,
            COLUMNS,
        )
    ui.next_command(f"ml8s models show {events[-1].model_id}")
