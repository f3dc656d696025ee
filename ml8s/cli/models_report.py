"""``ml8s models report``: a registered model's report, read from the store and checked against its digest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from ml8s.cli import options, ui

if TYPE_CHECKING:
    from pathlib import Path

FORMATS: Final = ("html", "md", "json")


@click.command()
@click.argument("model_id", metavar="MODEL")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Form of the report; by default that of --output's name, else html.",
)
@click.option(
    "--output",
    "target",
    metavar="PATH",
    help="Write the report here; - is the terminal. By default html goes to MODEL.html, md and json to the terminal.",
)
@options.dry_run_option
@options.models_store_option
def command(model_id: str, form: str | None, target: str | None, dry_run: bool, store: str) -> None:
    """Print or save the evaluation report of a model, as it was when the model was registered.

    The path of a file that was written is printed. A file that holds something else is never overwritten.
    """
    from pathlib import Path

    form = form or _form_of(target)
    content = _read(store, model_id, f"report.{form}")
    if target == "-" or (target is None and form != "html"):
        ui.data(content.decode("utf-8").rstrip("\n"))
    else:
        path = Path(target or f"{model_id}.html")
        _write(path, content, dry_run=dry_run)
    ui.next_command(f"ml8s models show {model_id}")


def _form_of(target: str | None) -> str:
    suffix = "" if target is None else target.rpartition(".")[2]
    return suffix if suffix in FORMATS else "html"


def _read(store: str, model_id: str, name: str) -> bytes:
    import tempfile
    from pathlib import Path

    from ml8s.errors import ObjectMissing
    from ml8s.registry import Registry
    from ml8s.storage import open_store
    from ml8s.storage.blobs import fetch_artifact

    opened = open_store(store)
    digest = Registry(opened).record(model_id).ports.get("report")
    if digest is None:
        raise ObjectMissing(
            f"the record of {model_id} names no report",
            where=model_id,
            cure=f"see what it holds with `ml8s models show {model_id}`",
        )
    with tempfile.TemporaryDirectory(prefix="ml8s-report-") as scratch:
        fetch_artifact(opened, digest, Path(scratch))
        return Path(scratch, name).read_bytes()


def _write(path: Path, content: bytes, *, dry_run: bool) -> None:
    from ml8s.output_folder import check_files, write_files

    folder, files, cure = path.parent, {path.name: content}, "give another path with --output"
    if dry_run:
        check_files(folder, files, cure)
        ui.note(f"would write {path} ({len(content):,} bytes)")
        return
    write_files(folder, files, cure)
    ui.data(str(path))
