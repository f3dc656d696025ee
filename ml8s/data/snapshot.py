"""What a snapshot folder holds, and the manifest that names its content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ml8s.artifacts import FileEntry, Manifest, file_sha256
from ml8s.data.dataset import TRAIN, VALIDATION
from ml8s.data.schema import FILE_NAME, TableSchema
from ml8s.data.schema_reader import read_schema
from ml8s.errors import SnapshotIncomplete

KIND: Final = "snapshot"
SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot in a local folder: its contract, and the names of its files, sorted."""

    folder: Path
    schema: TableSchema
    files: tuple[str, ...]

    @property
    def data_files(self) -> tuple[str, ...]:
        """The files that hold rows to learn from: train.parquet, then validation.parquet where there is one."""
        return (TRAIN, VALIDATION) if VALIDATION in self.files else (TRAIN,)


def member_files(schema: TableSchema, found: Iterable[str]) -> tuple[str, ...]:
    """The names of all files of a snapshot with this contract, sorted, given the names that were found beside it.

    Raises:
        SnapshotIncomplete: train.parquet or a table of ``ml8s:tables`` is not among them.
    """
    names = set(found)
    needed = {FILE_NAME, TRAIN, *(table.path for table in schema.tables.values())}
    missing = sorted(needed - names)
    if missing:
        raise incomplete(missing, names)
    return tuple(sorted(needed | ({VALIDATION} & names)))


def incomplete(missing: Sequence[str], found: Iterable[str]) -> SnapshotIncomplete:
    """The error for files that a snapshot must have; it tells what was found instead."""
    names = sorted(found)
    listed = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
    cure = f"publish {', '.join(missing)}"
    if FILE_NAME in missing and TRAIN not in missing:
        cure = "schema.json is written last: publishing has not ended, or `ml8s data publish` infers one"
    return SnapshotIncomplete(
        f"the snapshot lacks {', '.join(missing)}; found: {listed or 'nothing'}", where=missing[0], cure=cure
    )


def open_snapshot(folder: Path) -> Snapshot:
    """Reads the contract of a snapshot in a local folder and checks that every file is there.

    Raises:
        SnapshotIncomplete: a file is missing; the message says what was found.
        InvalidSchema: schema.json cannot be read as a contract.
    """
    found = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    if FILE_NAME not in found:
        raise incomplete([name for name in (FILE_NAME, TRAIN) if name not in found], found)
    schema = read_schema((folder / FILE_NAME).read_bytes())
    return Snapshot(folder, schema, member_files(schema, found))


def snapshot_manifest(snapshot: Snapshot) -> Manifest:
    """The manifest of a snapshot: the relative name, size and sha256 of each of its files, and nothing else."""
    return Manifest(
        KIND,
        tuple(
            FileEntry(name, (snapshot.folder / name).stat().st_size, file_sha256(snapshot.folder / name))
            for name in snapshot.files
        ),
    )
