"""Which platform is in force. Nothing is read here: every command asks, and most find none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

VARIABLE: Final = "ML8S_PLATFORM"
FILE: Final = "platform.yaml"


def named_platform() -> str | None:
    """The path of the platform in force: ML8S_PLATFORM, else ./platform.yaml where there is one, else None."""
    return os.environ.get(VARIABLE) or (FILE if Path(FILE).exists() else None)
