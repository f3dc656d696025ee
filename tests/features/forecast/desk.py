"""A small snapshot of series, taken through the functions that validate, split and featurize are made of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ml8s.config.model import Config, Forecasting, Split
from ml8s.data.column_types import FRICTIONLESS_NAME, type_of
from ml8s.data.completion import complete
from ml8s.data.dataset import Dataset
from ml8s.data.folds import Folds
from ml8s.data.parquet import write_table
from ml8s.data.snapshot import open_snapshot, snapshot_manifest
from ml8s.data.splitting import SplitResult, split_snapshot
from ml8s.data.validation import validate_snapshot
from ml8s.features.forecast.rows import ForecastRows, forecast_rows
from ml8s.features.forecast.section import ForecastSection
from ml8s.features.matrix import Source

DAY = 86_400_000_000
START = 1_767_225_600_000_000  # 2026-01-01 in µs, a Thursday
HORIZON = 7


def made_rows(days: int = 120, shops: Sequence[str] = ("a", "b"), seed: int = 1) -> dict[str, Any]:
    """A row for each shop and day: sales with a week and noise, a promotion known in advance, visitors counted."""
    random = np.random.default_rng(seed)
    count = days * len(shops)
    day = np.tile(np.arange(days), len(shops))
    week = np.array([1.0, 1.1, 1.2, 1.3, 2.0, 3.0, 0.5])[day % 7]
    promotion = random.random(count) < 0.2
    return {
        "day": START + day * DAY,
        "shop": np.repeat(np.array(shops, dtype=object), days),
        "promotion": promotion,
        "visitors": random.poisson(50 * week).astype(np.float64),
        "weather": np.array(["sun", "rain"], dtype=object)[(random.random(count) < 0.4).astype(int)],
        "sales": random.poisson(10 * week * np.where(promotion, 2.0, 1.0)).astype(np.float64),
    }


def as_table(rows: Mapping[str, Any]) -> pa.Table:
    """The rows as a table; ``day`` is a time in UTC."""
    columns = {name: pa.array(list(values)) for name, values in rows.items() if name != "day"}
    return pa.table({"day": pa.array(np.asarray(rows["day"]), pa.timestamp("us", tz="UTC")), **columns})


def take(rows: Mapping[str, Any], keep: Any) -> dict[str, Any]:
    """Some of the rows, or the same in another order."""
    return {name: np.asarray(values)[keep] for name, values in rows.items()}


def write_series(folder: Path, rows: Mapping[str, Any], validation: Mapping[str, Any] | None = None) -> Path:
    """Writes a snapshot."""
    folder.mkdir(parents=True)
    table = as_table(rows)
    write_table(table, folder / "train.parquet")
    if validation is not None:
        write_table(as_table(validation), folder / "validation.parquet")
    fields = [{"name": one.name, "type": FRICTIONLESS_NAME[type_of(one.type) or "string"]} for one in table.schema]
    (folder / "schema.json").write_text(json.dumps({"ml8s:version": 1, "fields": fields}))
    return folder


def settings(**section: Any) -> Config:
    """The config of daily sales by shop."""
    given = {"series_columns": ("shop",), "horizon": HORIZON, "frequency": "1d", "known_columns": ("promotion",)}
    return Config(
        dataset_uri="data",
        task="forecasting",
        target_column="sales",
        name="sales",
        split=Split(strategy="time", time_column="day"),
        forecasting=Forecasting(**{**given, **section}),
    )


@dataclass
class Prepared:
    """A snapshot with its dataset, folds, open files and features."""

    dataset: Dataset
    result: SplitResult
    source: Source
    made: ForecastRows

    @property
    def folds(self) -> Folds:
        return self.result.folds

    @property
    def section(self) -> ForecastSection:
        return self.made.section

    def column(self, name: str) -> Any:
        return self.source.column(name, self.source.all_rows())

    def features(self) -> dict[str, Any]:
        """Every feature of the past of all rows, by name."""
        return {one.name: self.column(one.name) for one in self.made.offered}


def checked(folder: Path, config: Config) -> Dataset:
    """The dataset that validate finds."""
    snapshot = open_snapshot(folder)
    dataset = validate_snapshot(snapshot, snapshot_manifest(snapshot), config)
    place = folder.with_name(folder.name + "-dataset")
    place.mkdir(exist_ok=True)
    return complete(folder, dataset, config, place)


def prepare(folder: Path, config: Config) -> Prepared:
    """Everything up to the features of a snapshot."""
    dataset = checked(folder, config)
    result = split_snapshot(folder, dataset, config)
    source = Source(folder, dataset)
    return Prepared(dataset, result, source, forecast_rows(folder, source, result.folds, config))
