"""The six types that a column can have, and which Parquet and Frictionless types they are."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

NUMBER: Final = "number"
INTEGER: Final = "integer"
BOOLEAN: Final = "boolean"
STRING: Final = "string"
TIME: Final = "time"
DATE: Final = "date"

TYPES: Final = (NUMBER, INTEGER, BOOLEAN, STRING, TIME, DATE)

FRICTIONLESS: Final[dict[str, str]] = {
    "number": NUMBER,
    "integer": INTEGER,
    "boolean": BOOLEAN,
    "string": STRING,
    "datetime": TIME,
    "date": DATE,
}
FRICTIONLESS_NAME: Final[dict[str, str]] = {ours: theirs for theirs, ours in FRICTIONLESS.items()}


def type_of(stored: pa.DataType) -> str | None:
    """The type of a column as Parquet stores it; None for what ML8s does not read (nested, binary, time of day)."""
    if pa.types.is_dictionary(stored):
        return type_of(stored.value_type)
    for test, ours in _TESTS:
        if test(stored):
            return ours
    return None


def is_text(stored: pa.DataType) -> bool:
    """Whether values are stored as UTF-8 text, in any of Arrow's layouts."""
    return bool(pa.types.is_string(stored) or pa.types.is_large_string(stored) or pa.types.is_string_view(stored))


_TESTS: Final = (
    (pa.types.is_boolean, BOOLEAN),
    (pa.types.is_integer, INTEGER),
    (pa.types.is_floating, NUMBER),
    (pa.types.is_decimal, NUMBER),
    (is_text, STRING),
    (pa.types.is_timestamp, TIME),
    (pa.types.is_date, DATE),
)
