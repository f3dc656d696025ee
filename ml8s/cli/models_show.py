"""``ml8s models show``: what the registry knows of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from ml8s.cli import options, ui

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ml8s.artifacts import Json
    from ml8s.registry.record import Record

SHOWN_DIGITS = 12


@click.command()
@click.argument("model_id", metavar="MODEL")
@options.models_store_option
@options.output_option
def command(model_id: str, store: str, output: str) -> None:
    """Show one model: its state, the metric that decided, its data, when and by whom it was registered.

    `-o yaml` and `-o json` hold all: every metric, the digest of each artifact, and how the model came to be.
    """
    from ml8s.registry import Registry
    from ml8s.registry.lookup_state import describe_state
    from ml8s.storage import open_store

    registry = Registry(open_store(store))
    record = registry.record(model_id)
    event = registry.registered(record)
    value: dict[str, Json] = {
        "model_id": model_id,
        "state": registry.state(model_id),
        "record": record.digest,
        "registered": None if event is None else event.to_json(),
        "lookup_state": describe_state(registry, record),
        "content": record.content,
        "envelope": record.envelope,
    }
    if output == "table":
        ui.emit([{"field": name, "value": text} for name, text in _short(value, record)], "table", ("field", "value"))
        ui.note(f"all of it: ml8s models show {model_id} -o yaml")
    elif output == "name":
        ui.data(model_id)
    else:
        ui.emit(value, output)
    ui.next_command(f"ml8s models verify {model_id}")


def _short(value: Mapping[str, Json], record: Record) -> list[tuple[str, Json]]:
    """What a person asks first, as rows; what is not known is left out."""
    event = cast("Mapping[str, Json]", value["registered"] or {})
    looked_up = cast("Mapping[str, Json]", value["lookup_state"] or {})
    locators = cast("Mapping[str, Json]", record.envelope.get("locators") or {})
    metric = str(record.envelope.get("metric"))
    as_of = looked_up.get("as_of")
    rows: list[tuple[str, Json]] = [
        ("model", value["model_id"]),
        ("state", value["state"]),
        (metric, record.metrics.get(metric)),
        ("data", locators.get("dataset_uri")),
        ("snapshot", str(record.content["snapshot"])[:SHOWN_DIGITS]),
        ("config", str(record.content["config"])[:SHOWN_DIGITS]),
        ("registered", event.get("at")),
        ("by", cast("Mapping[str, Json]", event.get("actor") or {}).get("id")),
        ("degraded", ", ".join(record.degraded) or None),
        ("features as of", f"{as_of}{' (refreshed)' if looked_up.get('refreshed') else ''}" if as_of else None),
        ("report", f"ml8s models report {value['model_id']}" if "report" in record.ports else None),
    ]
    return [(name, text) for name, text in rows if text is not None]
