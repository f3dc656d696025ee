"""Plain arrays of a model: ``.npy`` files read without any pickle, checked for dtype and shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ml8s.scoring.member import refused


def write_array(folder: Path, name: str, values: NDArray[np.generic]) -> None:
    """Writes ``<name>.npy`` in C order and little endian, as ``.npy`` version 1.0."""
    with (folder / f"{name}.npy").open("wb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(values), version=(1, 0), allow_pickle=False)


def read_array(folder: Path, name: str, dtype: DTypeLike, shape: tuple[int | None, ...]) -> NDArray[np.generic]:
    """Reads ``<name>.npy``; a None in ``shape`` stands for any length.

    Raises:
        ModelFileRefused: not an array of this dtype and shape.
    """
    path = folder / f"{name}.npy"
    try:
        with path.open("rb") as file:
            values: NDArray[np.generic] = np.lib.format.read_array(file, allow_pickle=False)
            complete = not file.read(1)
    except (ValueError, OSError, EOFError, SyntaxError) as error:
        raise refused(path, f"it is no plain array ({error})") from None
    fits = len(values.shape) == len(shape) and all(
        want is None or have == want for have, want in zip(values.shape, shape, strict=True)
    )
    if values.dtype != np.dtype(dtype) or not fits or not complete:
        raise refused(path, f"it holds {values.dtype} {values.shape}, not {np.dtype(dtype)} {shape}")
    return values
