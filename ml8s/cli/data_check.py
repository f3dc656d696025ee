"""``ml8s data check``: a snapshot against its contract, without a config."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command()
@click.argument("uri", metavar="URI")
@options.output_option
def command(uri: str, output: str) -> None:
    """Check the snapshot at URI: its files, its schema.json, and every row of every table.

    What a config adds (target, folds) is checked by `ml8s run`.
    """
    from ml8s.data.publish import check_snapshot, describe_fields
    from ml8s.runner.publication import local_snapshot

    with local_snapshot(uri) as folder:
        snapshot, findings = check_snapshot(folder)
    columns = describe_fields(snapshot, findings)
    if output in ("json", "yaml"):
        ui.emit({"uri": uri, "rows": findings.rows, "columns": columns, "warnings": findings.warnings}, output)
    else:
        ui.emit(columns, output, ("column", "type", "nulls", "role"))
    for warning in findings.warnings:
        ui.warning(warning)
    counted = ", ".join(f"{name}: {rows:,} rows" for name, rows in findings.rows.items())
    ui.note(f"{uri} keeps its contract ({counted})")
    ui.next_command(f"set dataset_uri: {uri} in a config, then ml8s run CONFIG")
