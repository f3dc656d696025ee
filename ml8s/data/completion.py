"""Completes series: checks that they stand on a regular grid, and adds the rows that the policy for gaps asks for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from ml8s.config.metrics import FORECASTING
from ml8s.config.model import Config
from ml8s.data.dataset import FILLED, TRAIN, WEIGHT, DataFile, Dataset
from ml8s.data.filling import filled_rows
from ml8s.data.parquet import write_table
from ml8s.data.series import RULE, Gaps, Series, gaps_in_words, judge_series, read_series
from ml8s.data.violations import Violation, violation_error


def complete(snapshot: Path, dataset: Dataset, config: Config, folder: Path) -> Dataset:
    """The dataset with every series complete; other tasks than forecasting have none, and get theirs back.

    Args:
        snapshot: the snapshot's folder, whose rows keep their contract.
        dataset: what was found of it.
        config: the resolved config.
        folder: where ``filled.parquet`` is written, if rows are added.

    Raises:
        ContractViolation: times beside the grid, rows that repeat a series and time, or gaps that the policy refuses.
    """
    if dataset.kind != FORECASTING:
        return dataset
    series = series_of(snapshot, dataset, config)
    violations = list(judge_series(series, config, str(dataset.time_column)))
    gaps = series.gaps() if not violations else None
    if gaps is not None and gaps.periods and dataset.names(WEIGHT):
        violations.append(_without_weight(dataset))
    if violations or gaps is None:
        raise violation_error(violations, [(file.name, file.rows) for file in dataset.files], dataset.warnings)
    if not gaps.periods:
        return dataset
    write_table(_added(snapshot, dataset, config, series, gaps), folder / FILLED)
    return _with_added(dataset, config, gaps.periods, gaps_in_words(series, gaps), folder)


def series_of(snapshot: Path, dataset: Dataset, config: Config) -> Series:
    """The series that the rows of a dataset are, filled ones included."""
    section = config.forecasting
    assert section is not None, "the task forecasting has the section"
    assert dataset.time_column is not None, "a split by time has a time column"
    return read_series(
        dataset.places(snapshot),
        [dataset.column(name) for name in section.series_columns],
        dataset.column(dataset.time_column),
        section,
        dataset.missing_values,
    )


def _added(snapshot: Path, dataset: Dataset, config: Config, series: Series, gaps: Gaps) -> pa.Table:
    section = config.forecasting
    assert section is not None, "the task forecasting has the section"
    return filled_rows(
        dataset.places(snapshot),
        dataset.columns,
        series,
        gaps,
        section,
        time=str(dataset.time_column),
        target=dataset.target.column,
    )


def _with_added(dataset: Dataset, config: Config, rows: int, words: str, folder: Path) -> Dataset:
    policy = config.forecasting.gaps if config.forecasting is not None else ""
    meaning = "count as a target of 0" if policy == "zero" else "repeat the row before them"
    return replace(
        dataset,
        files=(*dataset.files, DataFile(FILLED, rows)),
        warnings=(*dataset.warnings, f"{words}; they {meaning} (gaps: {policy})"),
        folder=folder,
    )


def _without_weight(dataset: Dataset) -> Violation:
    return Violation(
        RULE,
        TRAIN,
        str(dataset.weight_column),
        f"the rows that fill gaps have no {dataset.weight_column!r}, which weighs every row",
        "publish the missing rows, or drop the role weight",
    )
