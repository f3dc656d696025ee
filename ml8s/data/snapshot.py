"""What a snapshot folder holds, and the manifest that names its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from ml8s.artifacts import FileEntry, Manifest, file_sha256
from ml8s.data.dataset import TRAIN, VALIDATION
from ml8s.data.schema import FILE_NAME, TableSchema
from ml8s.data.schema_reader import read_schema
from ml8s.errors import SnapshotIncomplete

KIND: Final = "snapshot"
SHOWN: Final = 10
LISTED: Final = 1000


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


def open_snapshot(folder: Path) -> Snapshot:
    """Reads the contract of a snapshot in a local folder and checks that every file is there.

    Raises:
        SnapshotIncomplete: a file is missing; the message says what was found.
        InvalidSchema: schema.json cannot be read as a contract.
    """
    _require(folder, [FILE_NAME, TRAIN])
    schema = read_schema((folder / FILE_NAME).read_bytes())
    needed = {FILE_NAME, TRAIN, *(table.path for table in schema.tables.values())}
    _require(folder, sorted(needed))
    optional = {VALIDATION} if (folder / VALIDATION).is_file() else set()
    return Snapshot(folder, schema, tuple(sorted(needed | optional)))


def _require(folder: Path, names: Sequence[str]) -> None:
    missing = [name for name in names if not (folder / name).is_file()]
    if not missing:
        return
    found = sorted(path.name for path in islice(folder.iterdir(), LISTED)) if folder.is_dir() else []
    listed = ", ".join(found[:SHOWN]) + (" and more" if len(found) > SHOWN else "")
    cure = f"publish {', '.join(missing)} too"
    if FILE_NAME in missing and TRAIN not in missing:
        cure = "schema.json is written last: publishing has not ended; `ml8s data publish` infers and writes one"
    raise SnapshotIncomplete(
        f"the snapshot lacks {', '.join(missing)}; there is: {listed or 'nothing'}", where=missing[0], cure=cure
    )


def snapshot_manifest(snapshot: Snapshot) -> Manifest:
    """The manifest of a snapshot: the relative name, size and sha256 of each of its files, and nothing else."""
    return Manifest(
        KIND,
        tuple(
            FileEntry(name, (snapshot.folder / name).stat().st_size, file_sha256(snapshot.folder / name))
            for name in snapshot.files
        ),
    )
