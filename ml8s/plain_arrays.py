"""Arrays in files that hold nothing else: no object, no code, no order of axes but C's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def write_array(path: Path, values: NDArray[Any]) -> None:
    """Writes an array in C order as ``.npy`` version 1.0; equal arrays give equal bytes."""
    with path.open("wb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(values), version=(1, 0), allow_pickle=False)
