"""``ml8s features refresh``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command("refresh")
@click.argument("model_id", metavar="MODEL")
@click.option("--snapshot", required=True, metavar="URI", help="The newer snapshot: a folder, s3:// or abfs://.")
@click.option("--allow-older", is_flag=True, help="Let the state go back to an earlier time than the newest one's.")
@click.option("--dry-run", is_flag=True, help="Do everything but write.")
@options.models_store_option
@options.output_option
def command(model_id: str, snapshot: str, *, allow_older: bool, dry_run: bool, store: str, output: str) -> None:
    """Carry what predictions look up (aggregates by key) on to the first boundary after the snapshot's last row.

    Sums go on from the model's newest state where the snapshot still holds the rows that it was made from; else they
    are made anew from all rows, with the reason. The result is the same, to the bit.
    A snapshot that ends before the newest state's time is refused, unless --allow-older is given.
    The model stays as it is. The new state is written to the model's log, and `ml8s predict` uses the newest.
    """
    from ml8s.cli.running import start_pinned

    start_pinned()
    from ml8s.registry import Registry
    from ml8s.runner.refresh import refresh_state_of
    from ml8s.storage import open_store

    opened = open_store(store)
    made = refresh_state_of(
        opened, Registry(opened).record(model_id), snapshot, dry_run=dry_run, allow_older=allow_older
    )
    row = {
        "model_id": model_id,
        "as_of": made.as_of,
        "rows": made.rows,
        "snapshot": made.snapshot,
        "state": made.digest,
        "made_anew": made.anew or None,
    }
    if output == "name":
        ui.data(str(made.digest))
    else:
        ui.emit([row], output, ("model_id", "as_of", "rows", "state"))
    if made.anew:
        ui.note(f"made anew from all rows: {made.anew}")
    ui.next_command(f"ml8s predict {model_id}{' -f rows.json' if made.rows_needed else ''}")
