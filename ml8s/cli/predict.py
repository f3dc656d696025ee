"""``ml8s predict``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command("predict")
@click.argument("model_id", metavar="MODEL")
@click.option("-f", "--file", metavar="FILE", help="Rows: .json, .jsonl, .csv, .parquet; - for stdin.")
@options.models_store_option
@options.output_option
def command(model_id: str, file: str | None, store: str, output: str) -> None:
    """Predict rows with a registered model, in this process.

    Prints, for each row, its prediction with the score of each class, or the value. A model that forecasts prints the
    next horizon of every series; FILE then holds the columns known in advance, where it was trained with some.
    """
    from ml8s.cli.running import start_pinned

    start_pinned()
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from ml8s.registry import Registry
    from ml8s.runner.predicted import predict_file
    from ml8s.runner.prediction import open_predictor
    from ml8s.storage import open_store

    opened = open_store(store)
    registry = Registry(opened)
    record = registry.record(model_id)
    with TemporaryDirectory(prefix="ml8s-predict-") as folder:
        found = predict_file(open_predictor(opened, record, Path(folder), registry.refreshed_state(record)), file)
    for sentence in found.warnings:
        ui.warning(sentence)
    for sentence in found.notes:
        ui.note(sentence)
    ui.emit(found.answers, output, found.shown if output in ("table", "name") else ())
    ui.next_command(f"ml8s models show {model_id}")
