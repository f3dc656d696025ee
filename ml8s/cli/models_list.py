"""``ml8s models list``: the registered models, oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ml8s.cli import options, ui

if TYPE_CHECKING:
    from ml8s.artifacts import Json
    from ml8s.registry import Registry
    from ml8s.registry.record import Record

COLUMNS = ("model_id", "state", "metric", "value", "registered", "by", "snapshot", "degraded")


@click.command()
@click.argument("name", required=False)
@options.models_store_option
@options.output_option
def command(name: str | None, store: str, output: str) -> None:
    """List the registered models, all or those of one NAME.

    `value` is that of the metric that decided, on the test fold.
    """
    from ml8s.errors import InvalidUsage
    from ml8s.registry import Registry
    from ml8s.registry.ids import is_name
    from ml8s.storage import open_store

    if name is not None and not is_name(name):
        raise InvalidUsage(f"{name!r} is no model's name", cure="leave it out to list all models")
    registry = Registry(open_store(store))
    records = registry.records(name)
    rows = [row for group in _by_name(records).values() for row in _rows(registry, group)]
    if rows or output != "table":
        ui.emit(rows, output, COLUMNS)
    if rows:
        ui.next_command(f"ml8s models show {rows[-1]['model_id']}")
    else:
        ui.note(f"no model {'' if name is None else f'of the name {name} '}is registered in {store}")
        ui.next_command("ml8s run CONFIG")


def _by_name(records: tuple[Record, ...]) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record.name, []).append(record)
    return groups


def _rows(registry: Registry, records: list[Record]) -> list[dict[str, Json]]:
    from ml8s.registry.events import REGISTERED
    from ml8s.registry.lifecycle import FIRST, states

    log = registry.events(records[0].name)
    state = states(log)
    first = {event.model_id: event for event in reversed(log) if event.type == REGISTERED}
    rows: list[dict[str, Json]] = []
    for record in records:
        event = first.get(record.model_id)
        metric = record.envelope.get("metric")
        rows.append(
            {
                "model_id": record.model_id,
                "state": state.get(record.model_id, FIRST),
                "metric": metric,
                "value": record.metrics.get(str(metric)),
                "registered": None if event is None else event.at,
                "by": None if event is None else event.actor.get("id"),
                "snapshot": str(record.content["snapshot"])[:12],
                "degraded": ", ".join(map(str, record.degraded)) or None,
            }
        )
    return rows
