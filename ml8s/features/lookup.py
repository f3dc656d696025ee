"""The lookup state of a model: what serving adds to a row by its keys, as of one boundary.

``state.json`` says as of when; ``asof/`` holds the aggregates by key (``ml8s.features.asof.state``), ``parents/`` the
columns of parent tables by key (``ml8s.features.parent_rows``). Reading it needs numpy alone; it is written by
``ml8s.features.lookup_writing``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from ml8s.errors import InvalidRows, ModelFileRefused, Problem
from ml8s.features.as_of_section import used_entities
from ml8s.features.asof.feature import PICKING
from ml8s.features.asof.feature import Entity as KeyColumns
from ml8s.features.asof.keys import Key, key_text
from ml8s.features.asof.state import LookupState
from ml8s.features.entities import Entity, EntitySet
from ml8s.features.manifest import FeatureManifest
from ml8s.features.parent_rows import ParentRows

FILE_NAME: Final = "state.json"
ASOF: Final = "asof"
PARENTS: Final = "parents"
SCHEMA: Final = 2

Row = Mapping[str, object]


class Lookup:
    """An opened state.

    Attributes:
        as_of: when its values were known, ISO 8601; None where there is nothing to look up.

    Raises:
        ModelFileRefused: a state of another schema.
    """

    def __init__(self, folder: Path, manifest: FeatureManifest) -> None:
        described = json.loads((folder / FILE_NAME).read_bytes())
        if described.get("schema") != SCHEMA:
            raise ModelFileRefused(
                f"the lookup state is of schema {described.get('schema')}, and this version reads {SCHEMA}",
                where=str(folder / FILE_NAME),
                cure="train the model again with this version, or use the version that made it",
            )
        self.as_of: str | None = described["as_of"] if described["features"] or (folder / PARENTS).is_dir() else None
        self._names: list[str] = described["features"]
        self._entities: EntitySet | None = used_entities(manifest)
        self._missing = manifest.missing_values
        self._types = {column.name: column.type for column in manifest.columns}
        self._state = LookupState.open(folder / ASOF) if self._names else None
        state = self._state
        self._texts: list[Sequence[str]] = (
            []
            if state is None
            else [state.texts.get(f.column or "", ()) if f.primitive in PICKING else () for f in state.features]
        )
        self._parents = {
            parent.name: ParentRows.open(folder / PARENTS / parent.name)
            for parent in (self._entities.parents if self._entities else ())
            if (folder / PARENTS / parent.name).is_dir()
        }

    def fill(self, rows: Sequence[Row]) -> list[Row]:
        """The rows with what the state knows of their keys; a key never seen has no history.

        Raises:
            InvalidRows: a key of another type than in training; all of them at once.
        """
        if self._entities is None:
            return list(rows)
        problems: list[Problem] = []
        filled = [self._filled(row, number, problems) for number, row in enumerate(rows, start=1)]
        if problems:
            raise InvalidRows(
                f"{len(problems)} {'key is' if len(problems) == 1 else 'keys are'} not as in training",
                cure="send each key with the type that it had in training",
                problems=problems[:20],
            )
        return filled

    def _filled(self, row: Row, number: int, problems: list[Problem]) -> Row:
        assert self._entities is not None
        known: dict[str, object] = dict(row)
        for parent in self._entities.parents:
            if parent.name in self._parents:
                found = self._parents[parent.name].find(row, parent.columns)
                known |= {parent.attribute(name): found.get(name) for name, _ in parent.attributes}
        if self._state is not None:
            keys: dict[KeyColumns, Key | None] = {}
            for entity in self._entities.entities:
                keys[entity.key] = self._key(entity, known, number, problems)
            values = self._state.row(keys).tolist()
            for name, value, texts in zip(self._names, values, self._texts, strict=True):
                known[name] = None if value != value else texts[int(value)] if texts else value  # noqa: PLR0124 - NaN
        return known

    def _key(self, entity: Entity, row: Row, number: int, problems: list[Problem]) -> Key | None:
        parts: list[str | int] = []
        for name, type_ in zip(entity.key, entity.types, strict=True):
            value = row.get(name)
            if value is None or value != value or value in self._missing:  # noqa: PLR0124 - NaN
                return None
            if type_ == "string" and isinstance(value, str):
                parts.append(value)
            elif type_ == "integer" and _is_whole(value):
                parts.append(int(value))  # type: ignore[call-overload]
            else:
                what = "a text" if type_ == "string" else "a whole number"
                problems.append(Problem(f"{name} is {value!r}, expected {what}", f"row {number}", f"send {what}"))
                return None
        return key_text(tuple(parts))


def _is_whole(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer):
        return False
    return float(value).is_integer()
