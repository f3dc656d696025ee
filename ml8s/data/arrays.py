"""Arrays between Arrow and numpy, over their buffers.

Arrow's own conversions (``pa.array``, ``pa.scalar``, ``to_numpy``, and so any function given a plain number) import
pandas wherever it is installed, which costs a quarter of a second and 35 MB; steps that only read tables do without.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Mask: TypeAlias = npt.NDArray[np.bool_]
_Number = TypeVar("_Number", bound=np.generic)


def as_numpy(
    values: pa.Array | pa.ChunkedArray, dtype: type[_Number], null: float | None = None
) -> npt.NDArray[_Number]:
    """Numbers as a numpy array [n] of this dtype; a view of Arrow's memory where that is enough.

    ``null`` stands for null; without it any number may stand there.
    """
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.nulls(0, values.type)
    stored = np.dtype(values.type.to_pandas_dtype())
    buffer = values.buffers()[1]
    if buffer is None or not len(values):
        return np.empty(0, dtype=dtype)
    start = values.offset * stored.itemsize
    numbers = np.frombuffer(buffer, dtype=stored, count=len(values), offset=start).astype(dtype, copy=False)
    if null is None or not values.null_count:
        return numbers
    return np.where(as_mask(values.is_null()), np.asarray(null, dtype=dtype), numbers)


def as_mask(values: pa.Array) -> Mask:
    """Booleans as a numpy array [n]; null is False."""
    mask = as_numpy(values.cast(pa.uint8()), np.uint8, null=0)
    return mask.astype(np.bool_)


def as_arrow(numbers: npt.NDArray[_Number], known: Mask | None = None) -> pa.Array:
    """A numpy array [n] of numbers as Arrow, null where ``known`` [n] is False; a view of its memory."""
    kept = np.ascontiguousarray(numbers)
    bits = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(pa.from_numpy_dtype(kept.dtype), len(kept), [bits, pa.py_buffer(kept)])


def as_texts(texts: Sequence[str]) -> pa.Array:
    """Texts as an Arrow array [n]."""
    encoded = [text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)
