"""``ml8s version``."""

from __future__ import annotations

import click

from ml8s.cli import options, ui

COMPUTES = ("numpy", "pyarrow", "lightgbm", "xgboost-cpu", "scikit-learn", "flaml", "featuretools", "s3fs")


@click.command("version")
@options.output_option
def command(output: str) -> None:
    """Print the version of ML8s, of Python and of the packages that results depend on."""
    import platform
    from importlib import metadata

    from ml8s import __version__

    rows = [{"name": "ml8s", "version": __version__}, {"name": "python", "version": platform.python_version()}]
    for name in COMPUTES:
        try:
            version: str | None = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = None
        rows.append({"name": name, "version": version or "not installed"})
    ui.emit(rows, output, ("name", "version"))
