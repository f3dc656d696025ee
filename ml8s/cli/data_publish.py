"""``ml8s data publish``: an immutable snapshot from CSV or Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ml8s.cli import options, ui

if TYPE_CHECKING:
    from ml8s.data.publish import Built

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("sources", nargs=-1, metavar="[SRC]...", type=_FILE)
@click.argument("destination", metavar="DEST")
@click.option("--train", type=_FILE, help="The rows to learn from.")
@click.option("--validation", type=_FILE, help="The rows to test on.")
@click.option("--table", "tables", multiple=True, metavar="NAME=FILE", help="A further table, e.g. customers=c.csv.")
@click.option("--key", "key", multiple=True, metavar="COLUMN", help="A column of the primary key.")
@click.option("--target", metavar="COLUMN", help="The column to predict: checked to be there.")
@click.option("--time", "time", metavar="COLUMN", help="The column that says when a row happened.")
@click.option("--as-of", metavar="TIME", help="No row may lie after this time (ISO 8601, UTC); a date is its midnight.")
@options.dry_run_option
@options.output_option
def command(
    sources: tuple[Path, ...], destination: str, tables: tuple[str, ...], output: str, dry_run: bool, **given: object
) -> None:
    """Publish an immutable snapshot at DEST (a folder, s3://… or abfs://…) from CSV or Parquet files.

    SRC are files, or a folder of them, called train, validation, or as a further table; a single file is train.
    Types are inferred and written as schema.json, last. Nothing is ever overwritten.
    """
    from tempfile import TemporaryDirectory

    from ml8s.data.inference import Hints
    from ml8s.data.instants import midnight
    from ml8s.data.publish import build_snapshot, find_sources
    from ml8s.runner.publication import publish_snapshot, refuse_existing

    train, validation = (_path(given[name]) for name in ("train", "validation"))
    found = find_sources(sources, train, validation, _named(tables))
    key = given["key"] if isinstance(given["key"], tuple) else ()
    as_of = _text(given["as_of"])
    hints = Hints(
        tuple(map(str, key)), _text(given["target"]), _text(given["time"]), None if as_of is None else midnight(as_of)
    )
    refuse_existing(destination)
    with TemporaryDirectory(prefix="ml8s-publish-") as scratch:
        built = build_snapshot(found, hints, Path(scratch) / "snapshot")
        if not dry_run:
            publish_snapshot(built, destination)
    _report(built, destination, output, dry_run=dry_run)


def _report(built: Built, destination: str, output: str, *, dry_run: bool) -> None:
    rows = [
        {"file": entry.path, "rows": built.rows.get(entry.path), "bytes": entry.size, "sha256": entry.sha256}
        for entry in built.manifest.files
    ]
    if output in ("json", "yaml"):
        ui.emit({"snapshot": built.manifest.digest, "uri": destination, "files": rows}, output)
    else:
        ui.emit(rows, output, ("file", "rows", "bytes", "sha256"))
    for note in built.notes:
        ui.note(note)
    ui.note(f"{'would publish' if dry_run else 'published'} snapshot {built.manifest.digest} at {destination}")
    ui.next_command(f"ml8s data check {destination}" if not dry_run else "the same command without --dry-run")


def _named(tables: tuple[str, ...]) -> dict[str, Path]:
    from ml8s.errors import InvalidUsage

    named: dict[str, Path] = {}
    for text in tables:
        name, separator, path = text.partition("=")
        if not separator or not name or not path or name in named:
            raise InvalidUsage(f"--table {text!r} is no NAME=FILE", cure="write --table customers=customers.csv")
        named[name] = Path(path)
    return named


def _path(value: object) -> Path | None:
    return value if isinstance(value, Path) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
