"""Whether a Parquet footer that can be read belongs to a file some of whose columns cannot.

Arrow ends the process when it meets an encrypted column without a key, so this is asked before it sees the footer.
The numbers are those of parquet-format: field 8 of FileMetaData is the encryption algorithm, field 4 the row groups;
field 1 of a row group its columns, whose fields 8 and 9 are how they are encrypted.
"""

from __future__ import annotations

from typing import Final

from ml8s.data.thrift import LISTS, STRUCT, CompactReader, ThriftError

_ROW_GROUPS: Final = 4
_ALGORITHM: Final = 8
_COLUMNS: Final = 1
_ENCRYPTED: Final = (8, 9)


def has_encrypted_columns(footer: bytes) -> bool:
    """Whether a footer says so of a column or of the file; False for bytes that are no footer: Arrow refuses those."""
    try:
        return _of_file(CompactReader(footer))
    except (ThriftError, IndexError):
        return False


def _of_file(reader: CompactReader) -> bool:
    for field, kind in reader.fields():
        if field == _ALGORITHM or (field == _ROW_GROUPS and kind in LISTS and _of_row_groups(reader)):
            return True
        if field != _ROW_GROUPS or kind not in LISTS:
            reader.skip(kind)
    return False


def _of_row_groups(reader: CompactReader) -> bool:
    for _ in range(_structs(reader)):
        for field, kind in reader.fields():
            if field == _COLUMNS and kind in LISTS:
                if _of_columns(reader):
                    return True
            else:
                reader.skip(kind)
    return False


def _of_columns(reader: CompactReader) -> bool:
    for _ in range(_structs(reader)):
        for field, kind in reader.fields():
            if field in _ENCRYPTED:
                return True
            reader.skip(kind)
    return False


def _structs(reader: CompactReader) -> int:
    size, kind = reader.list_head()
    if kind != STRUCT:
        raise ThriftError("a list of structs holds something else")
    return size
