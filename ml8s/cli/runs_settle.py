"""``ml8s runs settle``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command("settle")
@click.argument("key", metavar="KEY")
@click.option("--drop", is_flag=True, help="Remove all results under this key, so that the step runs again.")
@options.store_option
def command(key: str, drop: bool, store: str) -> None:
    """Settle a step key under which two different results lie: show how they differ, or drop both.

    KEY is a step key, or the beginning of one.
    """
    from ml8s.runner import cache
    from ml8s.runner.settlement import differences, find_key
    from ml8s.storage import open_store

    opened = open_store(store)
    step_key = find_key(opened, key)
    if drop:
        for name in cache.settle(opened, step_key):
            ui.note(f"removed {name}")
        ui.next_command("ml8s run CONFIG")
        return
    ui.emit(differences(opened, step_key), "table", ("object", "part", "value"))
    ui.next_command(f"ml8s runs settle {step_key[:12]} --drop")
