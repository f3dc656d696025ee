"""Runs the installed command as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ML8S = Path(sys.executable).parent / "ml8s"
ROOT = Path(__file__).parents[2]


def run(
    *arguments: str | Path, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """The finished process of ``ml8s`` with these arguments."""
    command = [str(ML8S), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=_with(environment), cwd=folder, check=False
    )


def python(code: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The finished process of a few lines of Python, started in the checkout."""
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=_with(environment), cwd=ROOT, check=False
    )


def _with(environment: Mapping[str, str] | None) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "ML8S_STORE", "FORCE_COLOR")}
    return {**kept, **(environment or {})}
