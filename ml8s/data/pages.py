"""Reads the page headers of Parquet column chunks, to know what decoding would cost before any page is decoded.

The headers are Thrift compact structs (parquet-format, PageHeader): field 1 is the page's type, 2 and 3 its size
uncompressed and compressed, and 5, 7 and 8 hold the headers of data and dictionary pages, whose field 1 is the
number of values. A column chunk's own metadata cannot be trusted for this: a writer may state any size there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_STOP: Final = 0
_FIXED: Final = {1: 0, 2: 0, 3: 1, 7: 8}  # the two booleans, a byte, a double
_INTEGERS: Final = (4, 5, 6)
_BINARY: Final = 8
_LISTS: Final = (9, 10)
_STRUCT: Final = 12

_NESTED_HEADERS: Final = (5, 7, 8)
_MAX_DEPTH: Final = 8
_FIRST_READ: Final = 256
_LARGEST_HEADER: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Page:
    """One page: bytes after decompression, bytes in the file, number of values, bytes of its header."""

    uncompressed: int
    compressed: int
    values: int
    header: int


class PageError(ValueError):
    """A page header that cannot be read, or that points outside its column chunk."""


def pages_of(descriptor: int, start: int, length: int) -> Iterator[Page]:
    """The pages of one column chunk, which lies at ``start`` of an open file and is ``length`` bytes long.

    Raises:
        PageError: the headers do not fill the chunk exactly.
    """
    at, end = start, start + length
    while at < end:
        page = _read_header(descriptor, at, end)
        at += page.header + page.compressed
        if page.compressed < 0 or page.uncompressed < 0 or page.values < 0 or at > end:
            raise PageError("a page reaches beyond its column")
        yield page


def _read_header(descriptor: int, at: int, end: int) -> Page:
    size = _FIRST_READ
    while True:
        data = os.pread(descriptor, min(size, end - at), at)
        try:
            return _Header(data).page()
        except IndexError:
            if len(data) < size or size >= _LARGEST_HEADER:
                raise PageError("a page header is cut off") from None
            size *= 16


class _Header:
    """A reader of one Thrift compact struct; IndexError where the bytes end too early."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def page(self) -> Page:
        numbers: dict[int, int] = {}
        values = 0
        for field, kind in self._fields():
            if kind in _INTEGERS:
                numbers[field] = self._zigzag()
            elif kind == _STRUCT and field in _NESTED_HEADERS:
                values = self._first_number()
            else:
                self._skip(kind, 0)
        if 2 not in numbers or 3 not in numbers:
            raise PageError("a page header states no size")
        return Page(numbers[2], numbers[3], values, self.at)

    def _first_number(self) -> int:
        first = 0
        for field, kind in self._fields():
            if field == 1 and kind in _INTEGERS:
                first = self._zigzag()
            else:
                self._skip(kind, 1)
        return first

    def _fields(self) -> Iterator[tuple[int, int]]:
        field = 0
        while True:
            head = self.data[self.at]
            self.at += 1
            kind = head & 0x0F
            if kind == _STOP:
                return
            field = field + (head >> 4) if head >> 4 else self._zigzag()
            yield field, kind

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
                raise PageError("a number in a page header is too long")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _skip(self, kind: int, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise PageError("a page header is nested too deep")
        if kind in _FIXED:
            self.at += _FIXED[kind]
        elif kind in _INTEGERS:
            self._varint()
        elif kind == _BINARY:
            length = self._varint()
            self.at += length
        elif kind == _STRUCT:
            for _, inner in self._fields():
                self._skip(inner, depth + 1)
        elif kind in _LISTS:
            self._skip_list(depth)
        else:
            raise PageError("a page header holds a type that it never has")
        if self.at > len(self.data):
            raise IndexError

    def _skip_list(self, depth: int) -> None:
        head = self.data[self.at]
        self.at += 1
        size = head >> 4
        if size == 15:
            size = self._varint()
        if size > _LARGEST_HEADER:
            raise PageError("a list in a page header is too long")
        for _ in range(size):
            self._skip(head & 0x0F, depth + 1)
