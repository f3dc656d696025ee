"""``ml8s data fingerprint``: the digest that names a snapshot's content."""

from __future__ import annotations

import click

from ml8s.cli import options, ui


@click.command()
@click.argument("uri", metavar="URI")
@options.output_option
def command(uri: str, output: str) -> None:
    """Hash every file of the snapshot at URI: the digest is the one that a model's record names.

    It depends on the names and bytes of its files, and on no address or time.
    """
    from ml8s.data.snapshot import open_snapshot, snapshot_manifest
    from ml8s.runner.publication import local_snapshot

    with local_snapshot(uri) as folder:
        manifest = snapshot_manifest(open_snapshot(folder))
    if output == "name":
        ui.data(manifest.digest)
    elif output == "table":
        lines = [(entry.path, entry.size, entry.sha256) for entry in manifest.files]
        lines.append(("snapshot", manifest.size, manifest.digest))
        ui.emit([{"file": name, "bytes": size, "sha256": digest} for name, size, digest in lines], output)
    else:
        ui.emit({"snapshot": manifest.digest, **manifest.to_json()}, output)
    ui.next_command(f"ml8s data check {uri}")
