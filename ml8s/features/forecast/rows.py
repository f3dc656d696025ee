"""The rows of a snapshot as forecasts: each with its origin, its features of the past and what judges it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml8s.config.model import Config
from ml8s.data.completion import series_of
from ml8s.data.dataset import FEATURE, TRAIN
from ml8s.data.folds import DROPPED, FIT, TEST, TUNE, Folds
from ml8s.data.series import Series
from ml8s.errors import AggregatesRefused
from ml8s.features.forecast.definitions import define, lookback
from ml8s.features.forecast.history import Asked, Floats, History, compute_all, seasonal_naive, seasonal_scales
from ml8s.features.forecast.section import (
    FACTS,
    NAIVE,
    ORIGIN,
    SCALE,
    SERIES,
    SQUARED_SCALE,
    STEPS,
    ForecastSection,
    at_origin,
)
from ml8s.features.learn import Source as Offered
from ml8s.features.matrix import Source

FLOOR_SHARE = 0.01
PAST_TYPES = ("number", "integer", "boolean", "string")


@dataclass(frozen=True)
class ForecastRows:
    """What forecasts of a snapshot's rows are made from.

    Attributes:
        section: how they are made, before it is known which features are of use.
        series: the rows as series.
        history: the target by series and period.
    """

    section: ForecastSection
    series: Series
    history: History

    @property
    def offered(self) -> tuple[Offered, ...]:
        """The columns at the origin and the features of the target's past, as columns to learn from."""
        made = [Offered(one.name, "number", one.definition, optional=True) for one in self.section.features]
        return (*made, *(Offered(at_origin(name), type_, optional=True) for name, type_ in self.section.past))

    def kept(self, used: set[str]) -> ForecastSection:
        """The section with what a manifest uses; the level stays, since other features are in units of it."""
        section = self.section
        features = tuple(one for one in section.features if one.name in used or one.name == section.level)
        past = tuple((name, type_) for name, type_ in section.past if at_origin(name) in used)
        return ForecastSection(
            series=section.series,
            time=section.time,
            target=section.target,
            frequency=section.frequency,
            horizon=section.horizon,
            lookback=lookback(features, section.frequency, section.horizon),
            floor=section.floor,
            known=tuple(name for name in section.known if name in used),
            past=past,
            features=features,
        )


def forecast_rows(snapshot: Path, source: Source, folds: Folds, config: Config) -> ForecastRows:
    """Makes the features of all rows and attaches them to the source, with the facts that evaluation needs.

    A row's features are a function of the rows of its series at or before its origin. Rows that take no part have
    none. The floor of the level is a share of the fit rows' mean absolute target.

    Raises:
        AggregatesRefused: the snapshot has a column with the name of a feature.
    """
    forecasting = config.forecasting
    assert forecasting is not None and folds.steps is not None, "the task forecasting has them"
    dataset = source.dataset
    series, history = read_histories(snapshot, source, config)
    frequency = series.calendar.frequency
    features = define(dataset.target.column, frequency, forecasting.horizon)
    past = tuple(
        (column.name, column.type)
        for column in dataset.columns
        if column.role == FEATURE and column.name not in forecasting.known_columns and column.type in PAST_TYPES
    )
    fit = np.abs(source.column(dataset.target.column, source.all_rows())[folds.fold == FIT])
    mean = math.fsum(fit.tolist()) / max(len(fit), 1)
    section = ForecastSection(
        series=tuple((name, dataset.column(name).type) for name in forecasting.series_columns),
        time=(str(dataset.time_column), dataset.column(str(dataset.time_column)).type),
        target=dataset.target.column,
        frequency=frequency,
        horizon=forecasting.horizon,
        lookback=lookback(features, frequency, forecasting.horizon),
        floor=FLOOR_SHARE * mean or 1.0,
        known=forecasting.known_columns,
        past=past,
        features=features,
    )
    _refuse_taken_names(source, section)
    made = ForecastRows(section, series, history)
    _attach(source, made, folds, series.period - folds.steps)
    return made


def read_histories(snapshot: Path, source: Source, config: Config) -> tuple[Series, History]:
    """The rows of a complete dataset as series, and its target by series and period."""
    series = series_of(snapshot, source.dataset, config)
    target = source.column(source.dataset.target.column, source.all_rows()).astype(np.float64)
    return series, History.of_rows(target, series.code, series.period, series.order)


def _attach(source: Source, made: ForecastRows, folds: Folds, origin: NDArray[np.int64]) -> None:
    series, history, section = made.series, made.history, made.section
    part = np.flatnonzero(folds.fold != DROPPED)
    asked = Asked(series.code[part], series.period[part], series.period[part] - origin[part])

    def attach(name: str, values: Floats) -> None:
        whole = np.full(len(folds.fold), np.nan)
        whole[part] = values
        source.attach(name, whole)

    for feature, values in compute_all(section.features, history, asked, section.floor):
        attach(feature.name, values)
    attach(SERIES, asked.code.astype(np.float64))
    attach(STEPS, asked.steps.astype(np.float64))
    attach(NAIVE, seasonal_naive(history, asked, section.frequency.season))
    place = history.start[asked.code] + asked.origin - history.first[asked.code]
    attach(ORIGIN, series.order[place].astype(np.float64))
    scales = _scales(made, folds)[part]
    attach(SCALE, scales[:, 0])
    attach(SQUARED_SCALE, scales[:, 1])
    attach_past_columns(source, section)


def _scales(made: ForecastRows, folds: Folds) -> Floats:
    """The seasonal scale of each row's series, from what lies before the row's fold: [rows, 2]."""
    series, season = made.series, made.section.frequency.season
    found = np.full((len(folds.fold), 2), np.nan)
    for fold, judged in ((TUNE, folds.fold <= TUNE), (TEST, folds.fold == TEST)):
        rows = folds.fold == fold
        if rows.any():
            scales = seasonal_scales(made.history, int(series.period[rows].min()), season)
            found[judged] = scales[series.code[judged]]
    return found


def attach_past_columns(source: Source, section: ForecastSection) -> None:
    """Attaches the value that each past column has at the origin of each row; null for rows without an origin."""
    if not section.past:
        return
    rows = source.all_rows()
    origin = source.column(ORIGIN, rows)
    known = ~np.isnan(origin)
    place = np.where(known, origin, 0).astype(np.int64)
    for name, _ in section.past:
        values = source.column(name, rows)[place]
        values[~known] = None if values.dtype == object else np.nan
        source.attach(at_origin(name), values)


def written_columns(section: ForecastSection) -> tuple[str, ...]:
    """The columns of all rows that the aggregates artifact holds: features of the target's past, then facts."""
    return (*(feature.name for feature in section.features), *FACTS)


def _refuse_taken_names(source: Source, section: ForecastSection) -> None:
    made = {*written_columns(section), *(at_origin(name) for name, _ in section.past)}
    taken = sorted(made & {column.name for column in source.dataset.columns})
    if taken:
        raise AggregatesRefused(
            f"the snapshot has a column {taken[0]!r}, which is also the name of a feature of forecasts",
            where=f"{TRAIN}:{taken[0]}",
            cure="publish it under another name",
        )
