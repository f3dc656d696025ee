"""Reads Thrift's compact protocol as far as Parquet uses it: numbers, and everything else skipped unread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

INTEGERS: Final = (4, 5, 6)
LISTS: Final = (9, 10)
STRUCT: Final = 12

_STOP: Final = 0
_FIXED: Final = {1: 0, 2: 0, 3: 1, 7: 8}  # the two booleans, a byte, a double
_BOOLEANS: Final = (1, 2)
_BINARY: Final = 8
_MAX_DEPTH: Final = 12
_LONGEST_LIST: Final = 1 << 20


class ThriftError(ValueError):
    """Bytes that are no Thrift, or hold more than Parquet ever has."""


class CompactReader:
    """A reader of Thrift compact structs, from the first byte on; IndexError where the bytes end too early."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def fields(self) -> Iterator[tuple[int, int]]:
        """Number and kind of each field of the struct that begins here; the caller reads or skips each."""
        field = 0
        while True:
            head = self.data[self.at]
            self.at += 1
            kind = head & 0x0F
            if kind == _STOP:
                return
            field = field + (head >> 4) if head >> 4 else self.integer()
            yield field, kind

    def integer(self) -> int:
        """The integer that stands here."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def list_head(self) -> tuple[int, int]:
        """The number of elements of the list that begins here, and their kind."""
        head = self.data[self.at]
        self.at += 1
        size = self._varint() if head >> 4 == 15 else head >> 4
        if size > _LONGEST_LIST:
            raise ThriftError("a list is too long")
        return size, head & 0x0F

    def skip(self, kind: int, depth: int = 0) -> None:
        """Passes over a value of this kind.

        Raises:
            ThriftError: nested too deep, or of a kind that Parquet never has.
        """
        if depth > _MAX_DEPTH:
            raise ThriftError("structs are nested too deep")
        if kind in _FIXED:
            self.at += _FIXED[kind]
        elif kind in INTEGERS:
            self._varint()
        elif kind == _BINARY:
            length = self._varint()
            self.at += length
        elif kind == STRUCT:
            for _, inner in self.fields():
                self.skip(inner, depth + 1)
        elif kind in LISTS:
            self._skip_list(depth)
        else:
            raise ThriftError("a field has a type that Parquet never has")
        if self.at > len(self.data):
            raise IndexError

    def _skip_list(self, depth: int) -> None:
        size, kind = self.list_head()
        if kind in _BOOLEANS:  # in a list they take a byte each: as fields of a struct they take none
            self.at += size
            return
        for _ in range(size):
            self.skip(kind, depth + 1)

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ThriftError("a number is too long")
