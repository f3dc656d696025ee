"""Reads Universal Binary JSON (https://ubjson.org, draft 12), as far as XGBoost writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

UbjValue = None | bool | int | float | str | list["UbjValue"] | dict[str, "UbjValue"] | NDArray[Any]

_NUMBERS: Final[Mapping[bytes, np.dtype[Any]]] = {
    b"i": np.dtype(">i1"),
    b"U": np.dtype(">u1"),
    b"I": np.dtype(">i2"),
    b"l": np.dtype(">i4"),
    b"L": np.dtype(">i8"),
    b"d": np.dtype(">f4"),
    b"D": np.dtype(">f8"),
}
_DEEPEST: Final = 32


def decode(data: bytes) -> UbjValue:
    """The value that ``data`` holds; typed arrays become numpy arrays.

    Raises:
        ValueError: not one whole value, or a marker that XGBoost does not write.
    """
    reader = _Reader(data)
    value = reader.value(0)
    if reader.position != len(data):
        raise ValueError("bytes follow its end")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def value(self, depth: int) -> UbjValue:
        """The value at the position, behind its marker."""
        if depth > _DEEPEST:
            raise ValueError("it is nested too deeply")
        marker = self._take(1)
        if marker == b"{":
            return self._object(depth)
        if marker == b"[":
            return self._array(depth)
        if marker == b"S":
            return self._text()
        if marker in _NUMBERS:
            number: int | float = self._numbers(marker, 1)[0].item()
            return number
        if marker in (b"T", b"F", b"Z"):
            return {b"T": True, b"F": False, b"Z": None}[marker]
        raise ValueError(f"it has the unknown marker {marker!r} at byte {self.position - 1}")

    def _object(self, depth: int) -> dict[str, UbjValue]:
        found: dict[str, UbjValue] = {}
        while self._peek() != b"}":
            key = self._text()
            if key in found:
                raise ValueError(f"it has the key {key!r} twice")
            found[key] = self.value(depth + 1)
        self._take(1)
        return found

    def _array(self, depth: int) -> list[UbjValue] | NDArray[Any]:
        marker = b""
        if self._peek() == b"$":
            self._take(1)
            marker = self._take(1)
        if self._take(1) != b"#":
            raise ValueError("it has an array without a length")
        length = self._length()
        if not marker:
            return [self.value(depth + 1) for _ in range(length)]
        if marker not in _NUMBERS:
            raise ValueError(f"it has an array of the unknown type {marker!r}")
        return self._numbers(marker, length)

    def _text(self) -> str:
        return self._take(self._length()).decode("utf-8")

    def _length(self) -> int:
        marker = self._take(1)
        if marker not in _NUMBERS or _NUMBERS[marker].kind == "f":
            raise ValueError("it has a length that is no whole number")
        length = int(self._numbers(marker, 1)[0])
        # Every element takes at least one byte, so a longer array cannot be there.
        if not 0 <= length <= len(self._data) - self.position:
            raise ValueError("it has a length beyond its end")
        return length

    def _numbers(self, marker: bytes, length: int) -> NDArray[Any]:
        dtype = _NUMBERS[marker]
        return np.frombuffer(self._take(length * dtype.itemsize), dtype=dtype)

    def _peek(self) -> bytes:
        return self._data[self.position : self.position + 1]

    def _take(self, size: int) -> bytes:
        taken = self._data[self.position : self.position + size]
        if len(taken) != size:
            raise ValueError("it is cut off")
        self.position += size
        return taken
