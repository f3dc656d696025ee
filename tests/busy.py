"""How busy this machine is, for tests whose patience has an end."""

from __future__ import annotations

import os


def times_longer() -> float:
    """How many times longer work may take than on a machine that is free: the processes that wait for each CPU."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
