"""The rows of a parent table by key, in memory-mapped files: what serving knows of a customer or a shop.

It reads with numpy alone. A key is found as in ``ml8s.features.asof.keys``; each column is an array by key: numbers as
float64 with NaN for null, times and dates as int64 microseconds with the smallest int64 for null, texts as codes with
-1 for null and their texts in ``columns.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml8s.artifacts import Json, write_json
from ml8s.features.apply import NULL_TIME
from ml8s.features.asof.keys import Key, KeyTable, key_bytes, key_text, open_array
from ml8s.plain_arrays import write_array

FILE_NAME: Final = "columns.json"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ParentColumn:
    """A column by key: its name, its type, its values [keys], and the texts by code where it has some."""

    name: str
    type: str
    values: NDArray[Any]
    texts: Sequence[str] = ()

    @classmethod
    def of(cls, name: str, type_: str, values: NDArray[Any]) -> ParentColumn:
        """A column of values as ``ml8s.features.columns`` reads them [keys]."""
        if type_ != "string":
            return cls(name, type_, values)
        texts = sorted({text for text in values if text is not None})
        code_of = {text: code for code, text in enumerate(texts)}
        codes = np.array([-1 if text is None else code_of[text] for text in values], dtype=np.int64)
        return cls(name, type_, codes, texts)

    def value(self, index: int) -> object:
        """The value of one key, as a row of JSON may hold it; None for null."""
        found = self.values[index].item()
        if self.type == "string":
            return None if found < 0 else self.texts[found]
        if self.type in ("time", "date"):
            if found == NULL_TIME:
                return None
            moment = EPOCH + timedelta(microseconds=found)
            return moment if self.type == "time" else moment.date()
        if found != found:  # noqa: PLR0124 - NaN
            return None
        return bool(found) if self.type == "boolean" else found


class ParentRows:
    """The columns of a parent by key."""

    def __init__(self, keys: KeyTable, columns: Sequence[ParentColumn]) -> None:
        self._keys = keys
        self._columns = columns

    @classmethod
    def of(cls, keys: Sequence[Key], columns: Sequence[ParentColumn]) -> ParentRows:
        """Rows with these keys, each once, and columns in the same order."""
        names = [key_bytes(key) for key in keys]
        table = KeyTable.of(names)
        order = np.empty(len(names), dtype=np.int64)
        order[table.find_all(names)] = np.arange(len(names))
        sorted_ = [ParentColumn(one.name, one.type, one.values[order], one.texts) for one in columns]
        return cls(table, sorted_)

    def find(self, row: Mapping[str, object], columns: Sequence[str]) -> dict[str, object]:
        """What is known of the key that a row holds in these columns; nothing of one that was never seen or is null."""
        key = parent_key([row.get(name) for name in columns])
        index = -1 if key is None else self._keys.find(key_bytes(key))
        return {} if index < 0 else {column.name: column.value(index) for column in self._columns}

    def write(self, folder: Path) -> None:
        """Writes all into an empty folder; equal rows give equal bytes, in whatever order."""
        self._keys.write(folder, "key")
        described: list[Json] = []
        for index, column in enumerate(self._columns):
            write_array(folder / f"column-{index}.npy", column.values)
            described.append({"name": column.name, "type": column.type, "texts": list(column.texts)})
        write_json(folder / FILE_NAME, {"columns": described})

    @classmethod
    def open(cls, folder: Path) -> ParentRows:
        """Maps what ``write`` wrote."""
        columns = [
            ParentColumn(one["name"], one["type"], open_array(folder / f"column-{index}.npy"), one["texts"])
            for index, one in enumerate(json.loads((folder / FILE_NAME).read_bytes())["columns"])
        ]
        return cls(KeyTable.open(folder, "key"), columns)


def parent_key(parts: Sequence[object]) -> Key | None:
    """A parent's key from a row's values; None where one is null. Equal numbers are equal, whether 12 or 12.0."""
    values: list[str | int] = []
    for part in parts:
        if part is None or part != part:  # noqa: PLR0124 - NaN
            return None
        values.append(int(part) if isinstance(part, float) and part.is_integer() else str(part))
    return key_text(tuple(values))
