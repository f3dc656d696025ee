"""``ml8s predict``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command("predict")
@click.argument("model_id", metavar="MODEL")
@click.option("-f", "--file", required=True, metavar="FILE", help="Rows: .json, .jsonl, .csv, .parquet; - for stdin.")
@options.store_option
@options.output_option
def command(model_id: str, file: str, store: str, output: str) -> None:
    """Predict rows with a registered model, in this process.

    Prints, for each row, its prediction with the score of each class, or the value.
    """
    from ml8s.cli.running import start_pinned

    start_pinned()
    from tempfile import TemporaryDirectory

    from ml8s.registry import Registry
    from ml8s.storage import open_store

    opened = open_store(store)
    registry = Registry(opened)
    record = registry.record(model_id)
    from pathlib import Path

    from ml8s.features.columns import unknown_columns
    from ml8s.runner.prediction import open_predictor
    from ml8s.runner.rows import read_rows

    with TemporaryDirectory(prefix="ml8s-predict-") as folder:
        predictor = open_predictor(opened, record, Path(folder), registry.refreshed_state(record))
        rows = read_rows(file, predictor.manifest)
        found = predictor.predict(rows)
    unknown = unknown_columns(rows, predictor.manifest)
    if unknown:
        ui.warning(f"columns that the snapshot did not have were ignored: {', '.join(unknown)}")
    if predictor.lookup is not None and predictor.lookup.as_of is not None:
        ui.note(f"aggregates as known at {predictor.lookup.as_of}")
    shown = [name for name in ("prediction", "score", "value") if not found or name in found[0]]
    ui.emit(found, output, shown if output in ("table", "name") else ())
    ui.next_command(f"ml8s models show {model_id}")
