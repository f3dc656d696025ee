"""Limits that keep a reader of Parquet files safe: checked before anything large is parsed or decoded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from ml8s.data.encryption import has_encrypted_columns
from ml8s.data.pages import PageError, pages_of
from ml8s.errors import Problem, TooLarge, UnreadableTable

MAX_COLUMNS: Final = 5_000
MAX_FOOTER_BYTES: Final = 16 << 20
MAX_ROWS: Final = 2**31 - 1
MAX_PAGE_BYTES: Final = 256 << 20
MAX_PAGE_VALUES: Final = 1 << 25
FREE_BYTES: Final = 2 << 30
MAX_EXPANSION: Final = 200

_MAGIC: Final = b"PAR1"
_ENCRYPTED: Final = b"PARE"
_TAIL: Final = 8
_SMALLEST: Final = 12
_WIDTH: Final = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4}


def check_ends(path: Path, name: str) -> None:
    """Checks both ends of a file, and its footer for encryption, before a parser allocates what they ask for.

    Raises:
        UnreadableTable: it is no Parquet file, cut off, or has an encrypted footer or encrypted columns.
        TooLarge: its footer is larger than 16 MiB.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
        file.seek(max(size - _TAIL, 0))
        tail = file.read(_TAIL)
    if head == _ENCRYPTED or tail[4:] == _ENCRYPTED:
        raise UnreadableTable(f"{name} is encrypted", where=name, cure="write it without encryption")
    if head != _MAGIC:
        what = "is empty" if not size else f"is no Parquet file (it begins with {head!r})"
        raise UnreadableTable(f"{name} {what}", where=name, cure="write it as Parquet, or use `ml8s data publish`")
    footer = int.from_bytes(tail[:4], "little")
    if size < _SMALLEST or tail[4:] != _MAGIC or footer > size - _SMALLEST:
        raise UnreadableTable(
            f"{name} is cut off: its {size:,} bytes do not end as a Parquet file does",
            where=name,
            cure="copy or write the file again",
        )
    if footer > MAX_FOOTER_BYTES:
        raise TooLarge(
            f"the footer of {name} is {footer:,} bytes; at most {MAX_FOOTER_BYTES:,} are read",
            where=name,
            cure="write fewer columns or larger row groups",
        )
    with path.open("rb") as file:
        file.seek(size - _TAIL - footer)
        if has_encrypted_columns(file.read(footer)):
            raise UnreadableTable(f"{name} has encrypted columns", where=name, cure="write it without encryption")


def check_layout(file: pq.ParquetFile, name: str) -> None:
    """Checks the footer: columns, rows, and names that are equal but for their case.

    Raises:
        TooLarge: more than 5,000 columns or 2**31 - 1 rows.
        UnreadableTable: a name stands twice, two differ in case only, or the row counts contradict each other.
    """
    metadata = file.metadata
    if metadata.num_columns > MAX_COLUMNS:
        raise TooLarge(
            f"{name} has {metadata.num_columns:,} columns; at most {MAX_COLUMNS:,} are read",
            where=name,
            cure="drop columns before publishing",
        )
    if not 0 <= metadata.num_rows <= MAX_ROWS:
        raise TooLarge(
            f"{name} declares {metadata.num_rows:,} rows; at most {MAX_ROWS:,} are read",
            where=name,
            cure="publish a sample",
        )
    counted = sum(metadata.row_group(group).num_rows for group in range(metadata.num_row_groups))
    if counted != metadata.num_rows:
        raise UnreadableTable(
            f"{name} is damaged: its footer declares {metadata.num_rows:,} rows, its row groups {counted:,}",
            where=name,
            cure="write the file anew",
        )
    problems = list(_repeated(file.schema_arrow.names, name))
    if problems:
        raise UnreadableTable(
            f"{name} has columns of the same name", where=name, cure="give each column its own name", problems=problems
        )


def _repeated(names: Iterable[str], table: str) -> Iterable[Problem]:
    seen: dict[str, str] = {}
    for name in names:
        other = seen.get(name.casefold())
        if other is not None:
            how = "stands twice" if other == name else f"differs from {other!r} in case only"
            yield Problem(f"column {name!r} {how}", where=f"{table}:{name}", cure="rename or drop one of them")
        seen[name.casefold()] = name


def check_pages(path: Path, name: str) -> None:
    """Checks what decoding every page of a file would cost, from the headers of its pages alone.

    Raises:
        TooLarge: a page beyond 256 MiB or 2**25 values, or a file that expands to more than 2 GiB and more than 200
            times its size.
        UnreadableTable: page headers that do not fit the file.
    """
    size = path.stat().st_size
    try:
        with pq.ParquetFile(path) as file, path.open("rb") as raw:
            expanded = _expanded_bytes(file.metadata, raw.fileno(), size, name)
    except PageError as error:
        raise UnreadableTable(f"{name} is damaged: {error}", where=name, cure="write the file anew") from error
    except (pa.ArrowException, OSError) as error:
        raise UnreadableTable(f"{name} cannot be read: {error}", where=name, cure="write the file anew") from error
    check_expansion(expanded, size, name)


def check_expansion(expanded: int, size: int, name: str) -> None:
    """Refuses a file of ``size`` bytes that decodes to ``expanded`` bytes, where both bounds are passed.

    Raises:
        TooLarge: more than 2 GiB and more than 200 times its size.
    """
    if expanded > max(FREE_BYTES, MAX_EXPANSION * size):
        raise TooLarge(
            f"{name} has {size:,} bytes and expands to {expanded:,} or more: more than {MAX_EXPANSION} times",
            where=name,
            cure="publish the table without values that only blow it up",
        )


def _expanded_bytes(metadata: pq.FileMetaData, descriptor: int, size: int, name: str) -> int:
    expanded = 0
    last = size - _TAIL
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        if not row_group.num_rows:
            continue
        for index in range(metadata.num_columns):
            chunk = row_group.column(index)
            start = chunk.data_page_offset
            if chunk.has_dictionary_page and chunk.dictionary_page_offset:
                start = min(start, chunk.dictionary_page_offset)
            length = chunk.total_compressed_size
            if start < len(_MAGIC) or length < 0 or start + length > last:
                raise PageError(f"column {chunk.path_in_schema!r} lies outside the file")
            width = _WIDTH.get(chunk.physical_type, 8)
            expanded += _chunk_bytes(descriptor, (start, length), width, f"{name}, column {chunk.path_in_schema!r}")
    return expanded


def _chunk_bytes(descriptor: int, place: tuple[int, int], width: int, where: str) -> int:
    """The greater of all pages' bytes after decompression and of all values at their width in memory."""
    stated = values = 0
    for page in pages_of(descriptor, *place):
        if page.uncompressed > MAX_PAGE_BYTES or page.values > MAX_PAGE_VALUES:
            raise TooLarge(
                f"{where}: a page of {page.uncompressed:,} bytes and {page.values:,} values; at most "
                f"{MAX_PAGE_BYTES:,} and {MAX_PAGE_VALUES:,} are decoded",
                where=where,
                cure="write smaller pages (1 MiB is usual)",
            )
        stated += page.uncompressed
        values += page.values
    return max(stated, values * width)
