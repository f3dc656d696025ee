"""The command of each example's ``generate.py``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from ml8s.environment import start_anew_pinned
from ml8s.errors import DataError


def publish(name: str, folder: Path, rows: int | None = None, seed: int | None = None) -> None:
    """Publishes an example's snapshot into a folder; rows and seed as the example's module sets them by default."""
    module = import_module(f"ml8s.examples.{name}")
    module.publish(folder, rows=rows or module.ROWS, seed=module.SEED if seed is None else seed)


def main(name: str, arguments: Sequence[str] | None = None) -> None:
    """Reads the command line and publishes; the same rows and seed give the same bytes."""
    parser = argparse.ArgumentParser(description=f"Publishes the snapshot of the {name} example.")
    parser.add_argument("folder", type=Path, help="where the snapshot is written; it must hold none yet")
    parser.add_argument("--rows", type=int, help="number of rows")
    parser.add_argument("--seed", type=int, help="other seeds give other data")
    given = parser.parse_args(arguments)
    # Numbers drawn from a seed are the same on every machine under the pin only.
    start_anew_pinned([sys.executable, *sys.orig_argv[1:]])
    try:
        publish(name, given.folder, given.rows, given.seed)
    except DataError as error:
        parser.exit(error.exit_status, f"{error.message}\n{error.cure}\n")
