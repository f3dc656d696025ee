"""The contract of a snapshot: ``schema.json``, a Frictionless Table Schema with keys of ML8s, as values.

It is read by ``ml8s.data.schema_reader``, which reports every problem at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ml8s.artifacts import Json

FILE_NAME: Final = "schema.json"
VERSION: Final = 1
SELF: Final = ""

ROLES: Final = ("key", "time", "weight", "group", "ignore")
LOGS: Final = ("keep", "drop", "hash")

Value: TypeAlias = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Constraints:
    """What the values of a column must keep; nulls are judged by ``required`` alone.

    ``minimum``, ``maximum`` and ``enum`` hold microseconds since 1970 UTC for a time and days since 1970 for a date.
    ``pattern`` is RE2 and must match the whole value.
    """

    required: bool = False
    unique: bool = False
    enum: tuple[Value, ...] | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table: its name, its type (of ``column_types``), constraints, role and logging."""

    name: str
    type: str
    constraints: Constraints = Constraints()
    role: str | None = None
    log: str = "keep"


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns whose values must be found in ``reference`` columns of another table; ``resource`` "" is the table."""

    fields: tuple[str, ...]
    resource: str
    reference: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """The key as Frictionless writes it."""
        return {"fields": self.fields, "reference": {"resource": self.resource, "fields": self.reference}}


@dataclass(frozen=True, slots=True)
class TableSchema:
    """The contract of one table, and with ``tables`` that of a snapshot.

    ``as_of`` is in microseconds since 1970 UTC: a later time in the data is a violation.
    """

    fields: tuple[Field, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    missing_values: tuple[str, ...] = ("",)
    as_of: int | None = None
    tables: Mapping[str, FurtherTable] = field(default_factory=dict)

    def find(self, name: str) -> Field | None:
        """The field of this name, None where there is none."""
        return next((one for one in self.fields if one.name == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields, in order."""
        return tuple(one.name for one in self.fields)


@dataclass(frozen=True, slots=True)
class FurtherTable:
    """A table beside train and validation: its file, its contract, its time column; ``source`` as written."""

    path: str
    schema: TableSchema
    time: str | None
    source: Mapping[str, Json]
