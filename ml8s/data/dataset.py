"""The dataset: what ``validate`` found and fixed, and what every later step knows of the snapshot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

from ml8s.artifacts import Json, Manifest, write_json

SCHEMA: Final = 1
FILE_NAME: Final = "dataset.json"
TRAIN: Final = "train.parquet"
VALIDATION: Final = "validation.parquet"
FILLED: Final = "filled.parquet"

FEATURE: Final = "feature"
TARGET: Final = "target"
WEIGHT: Final = "weight"
GROUP: Final = "group"
KEY: Final = "key"
TIME_ROLE: Final = "time"
SERIES: Final = "series"
IGNORE: Final = "ignore"

Label: TypeAlias = bool | int | str


def label_text(label: object) -> str:
    """A class as text: booleans as JSON spells them."""
    return str(label).lower() if isinstance(label, bool) else str(label)


@dataclass(frozen=True, slots=True)
class DataFile:
    """One of the files that hold rows: its name and its number of rows.

    Beside the two of the snapshot, series may have ``filled.parquet``: what the policy for gaps adds.
    """

    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class Target:
    """The column to predict.

    ``classes`` are the sorted labels of a classification, ``rows`` the number of rows of each over all files, and
    ``positive`` the index of the positive class of a binary one; None where they do not apply.
    """

    column: str
    type: str
    classes: tuple[Label, ...] | None = None
    positive: int | None = None
    rows: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of train and validation: its type, its role, its null values over all files, and how it is logged."""

    name: str
    type: str
    role: str
    nulls: int = 0
    log: str = "keep"


@dataclass(frozen=True, slots=True)
class Dataset:
    """What ``dataset.json`` holds; docs/reference/artifacts.md says what each field means.

    ``folder`` is where it was read from, with ``filled.parquet`` beside it where there is one.
    """

    kind: str
    metric: str
    manifest: Manifest
    files: tuple[DataFile, ...]
    target: Target
    columns: tuple[Column, ...]
    time_column: str | None = None
    weight_column: str | None = None
    group_column: str | None = None
    primary_key: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    as_of: str | None = None
    missing_values: tuple[str, ...] = ()
    foreign_keys: tuple[Mapping[str, Json], ...] = ()
    tables: Mapping[str, Json] | None = None
    warnings: tuple[str, ...] = ()
    folder: Path | None = field(default=None, compare=False)

    @property
    def snapshot(self) -> str:
        """The digest of the snapshot's manifest."""
        return self.manifest.digest

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(file.rows for file in self.files)

    def places(self, snapshot: Path) -> tuple[tuple[Path, str], ...]:
        """Where each file that holds rows lies, and its name, for a snapshot's folder."""
        return tuple((self._home(file, snapshot) / file.name, file.name) for file in self.files)

    def _home(self, file: DataFile, snapshot: Path) -> Path:
        if file.name != FILLED:
            return snapshot
        assert self.folder is not None, "a dataset with filled rows is read from its artifact"
        return self.folder

    def column(self, name: str) -> Column:
        """The column of this name; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def names(self, *roles: str) -> tuple[str, ...]:
        """The names of the columns that have one of these roles, in the snapshot's order."""
        return tuple(column.name for column in self.columns if column.role in roles)

    def to_json(self) -> dict[str, Json]:
        """The dataset as ``dataset.json`` holds it."""
        return {
            "schema": SCHEMA,
            "inputs": {"snapshot": self.snapshot},
            "kind": self.kind,
            "metric": self.metric,
            "manifest": self.manifest.to_json(),
            "files": [asdict(file) for file in self.files],
            "target": asdict(self.target),
            "columns": [asdict(column) for column in self.columns],
            "time_column": self.time_column,
            "weight_column": self.weight_column,
            "group_column": self.group_column,
            "primary_key": self.primary_key,
            "identity": self.identity,
            "as_of": self.as_of,
            "missing_values": self.missing_values,
            "foreign_keys": self.foreign_keys,
            "tables": self.tables or {},
            "warnings": self.warnings,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Dataset:
        """Reads what ``to_json`` gave; ValueError for another schema version."""
        if value.get("schema") != SCHEMA:
            raise ValueError(f"not a dataset of schema {SCHEMA}")
        plain = json.loads(json.dumps(value))
        target = plain["target"]
        return cls(
            kind=plain["kind"],
            metric=plain["metric"],
            manifest=Manifest.from_bytes(json.dumps(plain["manifest"]).encode()),
            files=tuple(DataFile(**file) for file in plain["files"]),
            target=Target(
                column=target["column"],
                type=target["type"],
                classes=_tuple(target["classes"]),
                positive=target["positive"],
                rows=None if target["rows"] is None else tuple(target["rows"]),
            ),
            columns=tuple(Column(**column) for column in plain["columns"]),
            time_column=plain["time_column"],
            weight_column=plain["weight_column"],
            group_column=plain["group_column"],
            primary_key=tuple(plain["primary_key"]),
            identity=tuple(plain["identity"]),
            as_of=plain["as_of"],
            missing_values=tuple(plain["missing_values"]),
            foreign_keys=tuple(plain["foreign_keys"]),
            tables=plain["tables"],
            warnings=tuple(plain["warnings"]),
        )


def _tuple(values: Sequence[Label] | None) -> tuple[Label, ...] | None:
    return None if values is None else tuple(values)


def write_dataset(folder: Path, dataset: Dataset) -> None:
    """Writes ``dataset.json`` into a folder."""
    write_json(folder / FILE_NAME, dataset.to_json())


def read_dataset(folder: Path) -> Dataset:
    """Reads ``dataset.json`` from a folder."""
    value: dict[str, Json] = json.loads((folder / FILE_NAME).read_bytes())
    return replace(Dataset.from_json(value), folder=folder)
