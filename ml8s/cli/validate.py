"""``ml8s validate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ml8s.cli import options, ui

if TYPE_CHECKING:
    from ml8s.config.loader import LoadedConfig


@click.command("validate")
@options.config_argument
@options.set_option
@click.option("--data", is_flag=True, help="Read the snapshot too: every row, against its schema and the config.")
@options.store_option
def command(config: str, overrides: tuple[str, ...], data: bool, store: str) -> None:
    """Check a config: every problem at once, with its line and its cure.

    CONFIG is a path, s3:// or abfs:// address. With --data the snapshot is checked as a run would check it; the store
    keeps the result, so a run does not read the rows again.
    """
    if data:
        from ml8s.cli.running import start_pinned

        start_pinned()
    from ml8s.config.loader import load_config

    loaded = load_config(config, overrides)
    ui.data(f"{config} is valid: the model {loaded.config.name}, {loaded.config.task} of {loaded.config.target_column}")
    if data:
        _check_snapshot(loaded, store)
    ui.next_command(f"ml8s run {config}")


def _check_snapshot(loaded: LoadedConfig, store: str) -> None:
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from ml8s.cli.progress import Display
    from ml8s.data.dataset import read_dataset
    from ml8s.runner.training import Request, train
    from ml8s.storage import open_store
    from ml8s.storage.blobs import fetch_artifact

    display = Display()
    try:
        with display.showing():
            checked = train(Request(loaded, store, until="validate"), display)
    finally:
        display.tell_notes()
    with TemporaryDirectory(prefix="ml8s-") as scratch:
        folder = Path(scratch) / "dataset"
        fetch_artifact(open_store(store), checked.made["dataset"], folder)
        dataset = read_dataset(folder)
    rows = sum(file.rows for file in dataset.files)
    ui.data(f"{loaded.config.dataset_uri} is valid: {rows:,} rows, {dataset.kind}, judged by {dataset.metric}\n")
    ui.emit(
        [{"column": c.name, "type": c.type, "role": c.role, "nulls": c.nulls} for c in dataset.columns],
        "table",
        ("column", "type", "role", "nulls"),
    )
    if checked.steps_run == 0:  # else the step has said them itself
        for sentence in dataset.warnings:
            ui.warning(sentence)
