"""``ml8s models compare``: two models side by side."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ml8s.cli import options, ui

if TYPE_CHECKING:
    from ml8s.artifacts import Json
    from ml8s.registry.comparison import Comparison, Difference


@click.command()
@click.argument("first", metavar="MODEL_A")
@click.argument("second", metavar="MODEL_B")
@options.models_store_option
@options.output_option
def command(first: str, second: str, store: str, output: str) -> None:
    """Compare two models: metrics with their difference (B - A), the config's differences, the data.

    Differences of metrics mean something only where both models were measured on the same rows of one snapshot; it
    says so where they were not. `decides` marks the metric of a model's config, which its gate against the baseline
    was of. A value of the config that was not given is shown with its default.
    """
    from ml8s.registry import Registry
    from ml8s.registry.comparison import compare
    from ml8s.registry.measured_rows import compare_test_rows
    from ml8s.storage import open_store

    opened = open_store(store)
    registry = Registry(opened)
    a, b = registry.record(first), registry.record(second)
    found = compare(a, b, compare_test_rows(opened, a, b))
    if output == "table":
        _show(found, first, second)
    elif output == "name":
        for pair in found.metrics:
            ui.data(pair.metric)
    else:
        ui.emit({"first": first, "second": second, "comparable": found.comparable, **asdict(found)}, output)
    if found.test_rows == "unknown":
        ui.warning(
            "their test scores are not whole in the store, so nothing tells whether they were measured on the same rows"
        )
    elif not found.comparable:
        ui.warning("the models were not measured on the same test rows: their metrics cannot be set against each other")
    ui.next_command(f"ml8s models show {second}")


def _show(found: Comparison, first: str, second: str) -> None:
    letters = {"first": "A", "second": "B", "both": "A, B", "neither": ""}
    ui.emit(
        [
            {
                "metric": pair.metric,
                "a": pair.first,
                "b": pair.second,
                "b-a": pair.difference,
                "direction": pair.direction,
                "better": letters.get(pair.better, pair.better),
                "decides": letters[pair.decides],
            }
            for pair in found.metrics
        ],
        "table",
        ("metric", "a", "b", "b-a", "direction", "better", "decides"),
    )
    ui.data(f"\nA = {first}\nB = {second}\n")
    ui.emit(
        [
            {"of": "snapshot", "both": "same" if found.same_snapshot else "others"},
            {"of": "test rows", "both": found.test_rows},
            {"of": "config", "both": "same" if found.same_config else "others"},
        ],
        "table",
    )
    if found.config:
        ui.data("")
        ui.emit(
            [{"config": one.field, "a": _value(one, one.first), "b": _value(one, one.second)} for one in found.config],
            "table",
        )


def _value(difference: Difference, given: Json) -> Json:
    """A value as a table shows it: a default is named as one, since a record keeps only what differs from it."""
    from ml8s.config.flow import flow

    if given is not None:
        return given
    return "default" if difference.default is None else f"{flow(difference.default)} (default)"
