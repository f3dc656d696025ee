"""Plain arrays of a model: ``.npy`` files read without any pickle, checked for dtype and shape."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ml8s.scoring.refusal import refused

# The header that numpy writes for an array in C order, and no other: its parser is not needed.
_HEADER: Final = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(?P<descr><[if][48])', 'fortran_order': False, "
    rb"'shape': \((?P<shape>[0-9]{1,12},(?: [0-9]{1,12})?|)\), \} *\n",
    re.DOTALL,
)


def read_array(folder: Path, name: str, dtype: DTypeLike, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Reads ``<name>.npy`` as ``write_array`` wrote it; a None in ``shape`` stands for any length.

    Raises:
        ModelFileRefused: not an array of this dtype and shape.
    """
    path = folder / f"{name}.npy"
    data = path.read_bytes()
    wanted = np.dtype(dtype)
    head = _HEADER.match(data)
    if head is None or head["descr"].decode() != wanted.str:
        raise refused(path, f"it is no plain array of {wanted}")
    found = tuple(int(length) for length in re.findall(rb"[0-9]+", head["shape"]))
    fits = len(found) == len(shape) and all(w is None or f == w for f, w in zip(found, shape, strict=True))
    if not fits or head.end() % 64 or head.end() + math.prod(found) * wanted.itemsize != len(data):
        raise refused(path, f"it does not hold {wanted} of the shape {shape}")
    return np.frombuffer(data, dtype=wanted, offset=head.end()).reshape(found)
