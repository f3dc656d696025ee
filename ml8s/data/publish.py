"""Builds a snapshot in a folder from CSV and Parquet files, with an inferred contract, and checks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa

from ml8s.artifacts import Json, Manifest, write_json
from ml8s.data.contract import Findings, Questions, check_contract, plain_demands
from ml8s.data.dataset import TRAIN, VALIDATION
from ml8s.data.inference import Hints, infer_schema
from ml8s.data.parquet import write_table
from ml8s.data.schema import FILE_NAME
from ml8s.data.schema_reader import TABLE_NAME
from ml8s.data.snapshot import Snapshot, open_snapshot, snapshot_manifest
from ml8s.data.sources import is_source, read_source, stem, unify
from ml8s.errors import FileExists, InvalidSchema, InvalidUsage

TRAIN_STEM: Final = "train"
VALIDATION_STEM: Final = "validation"


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that a snapshot is made from."""

    train: Path
    validation: Path | None = None
    tables: Mapping[str, Path] = field(default_factory=dict)
    schema: Path | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """A snapshot in a local folder that keeps its contract."""

    snapshot: Snapshot
    manifest: Manifest
    rows: Mapping[str, int]
    notes: tuple[str, ...]


def find_sources(
    paths: Sequence[Path], train: Path | None, validation: Path | None, tables: Mapping[str, Path]
) -> Sources:
    """Which file is what: named ones as named, others by the stem of their name; a folder stands for its files.

    ``train`` and ``validation`` are those stems, a single file is train, any other stem names a further table. A
    ``schema.json`` in a folder is used instead of an inferred one.

    Raises:
        InvalidUsage: no train file, two files for one part, or a table whose name is none.
    """
    files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path]) if file.is_file()]
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise InvalidUsage(f"there is no {missing[0]}", cure="name CSV or Parquet files, or a folder of them")
    schema = next((file for file in files if file.name == FILE_NAME), None)
    parts: dict[str, Path] = {}
    data = [file for file in files if is_source(file)]
    for file in data:
        name = TRAIN_STEM if len(data) == 1 and not train else stem(file)
        if name in parts:
            raise InvalidUsage(f"{parts[name].name} and {file.name} are both {name}", cure="name one of them")
        parts[name] = file
    named = {TRAIN_STEM: train, VALIDATION_STEM: validation, **tables}
    parts |= {name: path for name, path in named.items() if path is not None}
    if TRAIN_STEM not in parts:
        raise InvalidUsage(
            f"none of the files is train: {', '.join(file.name for file in data) or 'there is none'}",
            cure="call it train.csv or train.parquet, or use --train FILE",
        )
    further = {name: path for name, path in sorted(parts.items()) if name not in (TRAIN_STEM, VALIDATION_STEM)}
    for name, path in further.items():
        if not TABLE_NAME.fullmatch(name):
            raise InvalidUsage(
                f"{name!r} is no name of a table",
                where=str(path),
                cure=f"use lower-case letters, digits and _: --table {TRAIN_STEM}_2={path}, or take the file away",
            )
    return Sources(parts[TRAIN_STEM], parts.get(VALIDATION_STEM), further, schema)


def build_snapshot(sources: Sources, hints: Hints, folder: Path) -> Built:
    """Writes the snapshot's files into an empty folder, ``schema.json`` last, and checks every row against it.

    The bytes depend on the values of the sources and the hints alone.

    Raises:
        FileExists: the folder is not empty.
        UnreadableTable, TooLarge, InvalidSchema: a source cannot be read, or does not fit a schema that was given.
        ContractViolation: rows break the contract (a given key repeats, a time lies after ``as_of``, …).
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise FileExists(f"{folder} is not empty", where=str(folder), cure="build in an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    read = {TRAIN: read_source(sources.train)}
    if sources.validation is not None:
        read[VALIDATION] = read_source(sources.validation)
    rows = [(name, one.table) for name, one in read.items()]
    main = unify(rows)
    tables = {name: read_source(path) for name, path in sources.tables.items()}
    further = {name: one.table for name, one in tables.items()}
    for (name, _), table in zip(rows, main, strict=True):
        write_table(table, folder / name)
    for name, table in further.items():
        write_table(table, folder / f"{name}.parquet")
    kept = [note for one in (*read.values(), *tables.values()) for note in one.notes]
    notes = _write_schema(sources, (main, further), hints, folder)
    snapshot = _opened(folder, inferred=sources.schema is None)
    findings = check_contract(snapshot, Questions(plain_demands(snapshot.schema)))
    findings.raise_if_broken()
    return Built(snapshot, snapshot_manifest(snapshot), findings.rows, (*kept, *notes, *findings.warnings))


def _opened(folder: Path, *, inferred: bool) -> Snapshot:
    """The snapshot; what an inferred contract cannot say is wrong with the sources, not with a file of the user's."""
    try:
        return open_snapshot(folder)
    except InvalidSchema as error:
        if not inferred:
            raise
        raise InvalidSchema(
            f"no contract can be inferred: {error.message}",
            where=error.where,
            cure="rename or drop the columns named in the source files, or correct the options given",
            problems=error.problems,
        ) from error


def _write_schema(
    sources: Sources, tables: tuple[Sequence[pa.Table], Mapping[str, pa.Table]], hints: Hints, folder: Path
) -> Sequence[str]:
    if sources.schema is not None:
        (folder / FILE_NAME).write_bytes(sources.schema.read_bytes())
        return [f"the contract is {sources.schema}, as it is"]
    inferred = infer_schema(*tables, hints)
    write_json(folder / FILE_NAME, inferred.schema)
    return inferred.notes


def check_snapshot(folder: Path) -> tuple[Snapshot, Findings]:
    """Checks a snapshot without a config: its files, its contract and every row.

    Raises:
        SnapshotIncomplete, InvalidSchema, UnreadableTable, TooLarge: it cannot be read.
        ContractViolation: rows break the contract; ``report`` holds all of it.
    """
    snapshot = open_snapshot(folder)
    findings = check_contract(snapshot, Questions(plain_demands(snapshot.schema), identity=snapshot.schema.names))
    findings.raise_if_broken()
    return snapshot, findings


def describe_fields(snapshot: Snapshot, findings: Findings) -> list[dict[str, Json]]:
    """One line per column: its type, nulls and role, for a person to look at."""
    return [
        {"column": one.name, "type": one.type, "nulls": findings.nulls[one.name], "role": one.role}
        for one in snapshot.schema.fields
    ]
