"""``ml8s runs settle``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command("settle")
@click.argument("key", metavar="KEY")
@click.option("--drop", is_flag=True, help="Remove all results under this key, so that the step runs again.")
@options.dry_run_option
@options.store_option
def command(key: str, drop: bool, dry_run: bool, store: str) -> None:
    """Settle a step key under which two different results lie: show how they differ, or drop both.

    KEY is a step key, or the beginning of one. A single result is dropped only where it is damaged.
    """
    from ml8s.runner import cache
    from ml8s.runner.settlement import differences, find_key, require_unsettled
    from ml8s.storage import open_store

    opened = open_store(store)
    step_key = find_key(opened, key)
    if drop:
        require_unsettled(opened, step_key)
    if drop and dry_run:
        for item in opened.list(f"cache/{step_key}."):
            ui.note(f"would remove {item.key}")
        ui.next_command(f"ml8s runs settle {step_key[:12]} --drop")
        return
    if drop:
        for name in cache.settle(opened, step_key):
            ui.note(f"removed {name}")
        ui.next_command("ml8s run CONFIG")
        return
    ui.emit(differences(opened, step_key), "table", ("object", "part", "value"))
    ui.next_command(f"ml8s runs settle {step_key[:12]} --drop")
