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

from ml8s.data.thrift import INTEGERS, STRUCT, CompactReader, ThriftError

_NESTED_HEADERS: Final = (5, 7, 8)
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
            return _page(CompactReader(data))
        except ThriftError as error:
            raise PageError(f"in a page header, {error}") from None
        except IndexError:
            if len(data) < size or size >= _LARGEST_HEADER:
                raise PageError("a page header is cut off") from None
            size *= 16


def _page(reader: CompactReader) -> Page:
    numbers: dict[int, int] = {}
    values = 0
    for field, kind in reader.fields():
        if kind in INTEGERS:
            numbers[field] = reader.integer()
        elif kind == STRUCT and field in _NESTED_HEADERS:
            values = _first_number(reader)
        else:
            reader.skip(kind)
    if 2 not in numbers or 3 not in numbers:
        raise PageError("a page header states no size")
    return Page(numbers[2], numbers[3], values, reader.at)


def _first_number(reader: CompactReader) -> int:
    first = 0
    for field, kind in reader.fields():
        if field == 1 and kind in INTEGERS:
            first = reader.integer()
        else:
            reader.skip(kind, 1)
    return first
