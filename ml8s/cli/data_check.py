"""``ml8s data check``: a snapshot against its contract, without a config."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from ml8s.cli import options, ui

if TYPE_CHECKING:
    from ml8s.artifacts import Json
    from ml8s.errors import DataError


@click.command()
@click.argument("uri", metavar="URI")
@options.output_option
def command(uri: str, output: str) -> None:
    """Check the snapshot at URI: its files, its schema.json, and every row of every table.

    What a config adds (target, folds) is checked by `ml8s run`. With -o json or yaml a broken contract is written to
    stdout as well: the error, and every violation with its count and first rows.
    """
    from ml8s.data.publish import check_snapshot, describe_fields
    from ml8s.errors import DataError
    from ml8s.runner.publication import local_snapshot

    try:
        with local_snapshot(uri) as folder:
            snapshot, findings = check_snapshot(folder)
    except DataError as error:
        if output in ("json", "yaml"):
            ui.emit(_broken(uri, error), output)
        raise
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


def _broken(uri: str, error: DataError) -> Json:
    """What is wrong with a snapshot: the error with its problems, and the report of violations where rows were read."""
    import json
    from dataclasses import asdict

    told = {"code": error.code, "message": error.message, "where": error.where, "cure": error.cure}
    problems = [asdict(problem) for problem in error.problems]
    found = {"uri": uri, "error": {**told, "problems": problems}, "report": getattr(error, "report", None)}
    return cast("Json", json.loads(json.dumps(found)))
