"""``ml8s models compare``: two models side by side."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ml8s.cli import options, ui

if TYPE_CHECKING:
    from ml8s.registry.comparison import Comparison


@click.command(short_help="Compare two models.")
@click.argument("first", metavar="MODEL_A")
@click.argument("second", metavar="MODEL_B")
@options.store_option
@options.output_option
def command(first: str, second: str, store: str, output: str) -> None:
    """Compare two models: metrics with their difference (B - A), the config's differences, the data.

    Differences of metrics mean something only where both models were measured on the same rows; it says so where
    they were not.
    """
    from ml8s.registry import Registry
    from ml8s.registry.comparison import compare
    from ml8s.storage import open_store

    registry = Registry(open_store(store))
    found = compare(registry.record(first), registry.record(second))
    if output == "table":
        _show(found, first, second)
    elif output == "name":
        for pair in found.metrics:
            ui.data(pair.metric)
    else:
        ui.emit({"first": first, "second": second, "comparable": found.comparable, **asdict(found)}, output)
    if not found.comparable:
        ui.warning("the models were not measured on the same test rows: their metrics cannot be set against each other")
    ui.next_command(f"ml8s models show {second}")


def _show(found: Comparison, first: str, second: str) -> None:
    ui.emit(
        [
            {
                "metric": pair.metric,
                "a": pair.first,
                "b": pair.second,
                "b-a": pair.difference,
                "direction": pair.direction,
                "better": {"first": "A", "second": "B"}.get(pair.better, pair.better),
            }
            for pair in found.metrics
        ],
        "table",
        ("metric", "a", "b", "b-a", "direction", "better"),
    )
    ui.data(f"\nA = {first}\nB = {second}\n")
    ui.emit(
        [
            {"same": "snapshot", "answer": found.same_snapshot},
            {"same": "folds", "answer": found.same_folds},
            {"same": "config", "answer": found.same_config},
        ],
        "table",
    )
    if found.config:
        ui.data("")
        ui.emit([{"config": d.field, "a": d.first, "b": d.second} for d in found.config], "table")
