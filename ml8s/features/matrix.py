"""The matrix artifact: features, target, weight, group and time of the fit and tune rows, as arrays on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pyarrow import parquet

from ml8s.artifacts import Json, write_json
from ml8s.data.dataset import Dataset
from ml8s.data.folds import FIT, TUNE, Folds
from ml8s.features.apply import feature_values
from ml8s.features.columns import read_column
from ml8s.features.forecast.section import SCALE, SERIES, SQUARED_SCALE, ForecastSection
from ml8s.features.manifest import FeatureManifest
from ml8s.features.target import encode_target

FILE_NAME: Final = "matrix.json"
SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a snapshot in some order: file, row number in the file and fold, each [rows]."""

    file: NDArray[np.int8]
    row: NDArray[np.int64]
    fold: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.row)

    def take(self, order: NDArray[np.intp]) -> Rows:
        """The same rows in another order, or some of them."""
        return Rows(self.file[order], self.row[order], self.fold[order])

    def of_fold(self, fold: int) -> Rows:
        """The rows of one fold, in the same order."""
        return self.take(np.flatnonzero(self.fold == fold))


class Source:
    """A snapshot and its checked contract, from which columns are read for any rows. Closes its files at its end.

    Files stay open between columns: opening one reads the description of all of its columns. Columns that are not in
    the files, such as aggregates, are attached.
    """

    def __init__(self, snapshot: Path, dataset: Dataset) -> None:
        self.snapshot = snapshot
        self.dataset = dataset
        self._attached: dict[str, NDArray[Any]] = {}
        self._first = np.cumsum([0, *(file.rows for file in dataset.files)])
        self._tables = [parquet.ParquetFile(path) for path, _ in dataset.places(snapshot)]

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        for table in self._tables:
            table.close()

    @property
    def tables(self) -> tuple[parquet.ParquetFile, ...]:
        """The open files of train and validation."""
        return tuple(self._tables)

    def attach(self, name: str, values: NDArray[Any]) -> None:
        """Adds a column of all rows, by file and row."""
        self._attached[name] = values

    def positions(self, rows: Rows) -> NDArray[np.int64]:
        """The place of some rows among all rows by file and row."""
        places: NDArray[np.int64] = self._first[rows.file] + rows.row
        return places

    def all_rows(self) -> Rows:
        """Every row of both files, by file and row; their folds are not known here."""
        counts = [file.rows for file in self.dataset.files]
        file = np.repeat(np.arange(len(counts), dtype=np.int8), counts)
        row = np.concatenate([np.arange(count, dtype=np.int64) for count in counts])
        return Rows(file, row, np.zeros(len(row), dtype=np.int8))

    def column(self, name: str, rows: Rows) -> NDArray[Any]:
        """One column of some rows, in their order, whichever file they lie in."""
        if name in self._attached:
            return self._attached[name][self.positions(rows)]
        parts = []
        for file, table in enumerate(self._tables):
            chosen = rows.file == file
            if chosen.any():
                parts.append((chosen, read_column(table, name, rows.row[chosen], self.dataset)))
        column = np.empty(len(rows), dtype=parts[0][1].dtype if parts else np.float64)
        for chosen, values in parts:
            column[chosen] = values
        return column


def matrix_rows(folds: Folds, source: Source) -> Rows:
    """The fit and tune rows by (fold, file, row); a ranking's by (fold, group, file, row)."""
    chosen = np.flatnonzero((folds.fold == FIT) | (folds.fold == TUNE))
    rows = Rows(folds.file[chosen], folds.row[chosen], folds.fold[chosen])
    group_column = source.dataset.group_column
    if group_column is None:
        return rows.take(np.lexsort((rows.row, rows.file, rows.fold)))
    groups = group_codes(source.column(group_column, rows))
    return rows.take(np.lexsort((rows.row, rows.file, groups, rows.fold)))


def group_codes(values: NDArray[Any]) -> NDArray[np.int64]:
    """The rank of each row's group among the sorted distinct groups: int64 [rows]."""
    listed = values.tolist()
    code_of = {value: code for code, value in enumerate(sorted(set(listed)))}
    return np.array([code_of[value] for value in listed], dtype=np.int64)


def write_matrix(
    folder: Path,
    manifest: FeatureManifest,
    rows: Rows,
    source: Source,
    features_digest: str,
    *,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Writes ``matrix.json`` and the arrays that docs/reference/artifacts.md lists.

    Args:
        folder: empty.
        manifest: what was learned on the fit rows.
        rows: the rows, in the order of the arrays.
        source: where the columns are read from, one at a time.
        features_digest: the digest of the features artifact.
        progress: told after each feature how many are done.
    """
    dataset = source.dataset
    _write_features(folder / "x.npy", manifest, rows, source, progress)
    target = encode_target(source.column(dataset.target.column, rows), dataset.target)
    for name, values in (("y", target), ("fold", rows.fold), ("file", rows.file), ("row", rows.row)):
        _save(folder, name, values)
    if dataset.weight_column is not None:
        _save(folder, "weight", source.column(dataset.weight_column, rows))
    if dataset.group_column is not None:
        _save(folder, "group", group_codes(source.column(dataset.group_column, rows)))
    if manifest.forecast is not None:
        _save(folder, "series", source.column(SERIES, rows).astype(np.int64))
        _save(folder, "scale", np.stack([source.column(name, rows) for name in (SCALE, SQUARED_SCALE)], axis=1))
    if dataset.time_column is not None:
        _save(folder, "time", source.column(dataset.time_column, rows))
    write_json(folder / FILE_NAME, _describe(manifest, dataset, len(rows), features_digest))


def _write_features(
    path: Path, manifest: FeatureManifest, rows: Rows, source: Source, progress: Callable[[int], None]
) -> None:
    """Fills the file in place: beside it, only the columns of the feature at hand and the time are in memory."""
    shape = (len(rows), len(manifest.features))
    x = np.lib.format.open_memmap(path, mode="w+", dtype=np.float64, shape=shape, version=(1, 0))
    held: dict[str, NDArray[Any]] = {}
    for index, feature in enumerate(manifest.features):
        wanted = (*feature.source, source.dataset.time_column)
        held = {name: values for name, values in held.items() if name in wanted}
        for name in feature.source:
            if name not in held:
                held[name] = source.column(name, rows)
        x[:, index] = feature_values(feature, held)
        progress(index + 1)
    x.flush()


def _save(folder: Path, name: str, values: NDArray[Any]) -> None:
    np.save(folder / f"{name}.npy", np.ascontiguousarray(values), allow_pickle=False)


def _describe(manifest: FeatureManifest, dataset: Dataset, rows: int, features_digest: str) -> Mapping[str, Json]:
    classes, section = dataset.target.classes, ForecastSection.of(manifest)
    unit = None if section is None else section.level
    return {
        "schema": SCHEMA,
        "inputs": {**manifest.inputs, "features": features_digest},
        "kind": dataset.kind,
        "rows": rows,
        "features": list(manifest.names),
        # Codes without an order: a learner may treat them as categories. Codes run from 0 to this number - 1.
        "categorical": {feature.name: feature.codes for feature in manifest.features if feature.codes > 2},
        "classes": len(classes) if classes is not None else 0,
        "target": dict(manifest.target),
        "unit": unit if unit in manifest.names else None,
    }
