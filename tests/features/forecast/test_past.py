"""A forecast knows the rows of its series up to its origin, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml8s.data.folds import DROPPED
from ml8s.errors import AggregatesRefused
from ml8s.features.forecast.definitions import SEASON, LagFeature, define, lookback
from ml8s.features.forecast.history import Asked, History, compute, compute_all, seasonal_naive, seasonal_scales
from ml8s.features.forecast.state import SeriesState, write_series_state
from tests.features.forecast.desk import DAY, HORIZON, START, Prepared, made_rows, prepare, settings, take, write_series

DAYS = 120


def same(one: Any, other: Any) -> bool:
    """Equal to the bit, where NaN equals NaN and None equals None."""
    first, second = np.asarray(one), np.asarray(other)
    if first.dtype == object:
        return first.tolist() == second.tolist()
    return bool(((first == second) | (np.isnan(first) & np.isnan(second))).all())


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(write_series(tmp_path_factory.mktemp("past") / "s", made_rows(DAYS)), settings())


@pytest.mark.parametrize("changed", [30, 77, 78, 84, 98, 99, 105, 119])
def test_changing_a_row_changes_features_only_of_rows_whose_origin_is_not_before_it(
    changed: int, prepared: Prepared, tmp_path: Path
) -> None:
    rows = made_rows(DAYS)
    at = changed  # the first shop's rows come first, a day each
    rows["sales"][at], rows["visitors"][at], rows["weather"][at] = 1e15, -5.0, "hail"
    other = prepare(write_series(tmp_path / "s", rows), settings())
    # The floor of the level is learned on fit, as categories are: the same one is used here.
    same_floor = other.section.floor == prepared.section.floor
    assert same_floor == (prepared.folds.fold[at] != 0)
    period, code = prepared.made.series.period, prepared.made.series.code
    assert prepared.folds.steps is not None
    knows = (code == 0) & (period - prepared.folds.steps >= changed) & (prepared.folds.fold != DROPPED)
    before, after = before_scaling(prepared), before_scaling(other)
    moved = np.zeros(len(period), dtype=bool)
    for name, values in before.items():
        one, two = np.asarray(values), np.asarray(after[name])
        if one.dtype == object:
            differs = np.array([a != b for a, b in zip(one, two, strict=True)])
        else:
            differs = ~((one == two) | (np.isnan(one) & np.isnan(two)))
        assert not differs[~knows].any(), name
        moved |= differs
    assert moved[knows].any() == knows.any(), "a row that knows it, sees it"
    for name in ("forecast.naive", "forecast.steps"):
        assert same(prepared.column(name)[~knows], other.column(name)[~knows]), name


def before_scaling(prepared: Prepared) -> dict[str, Any]:
    """Features of the past before they are put in levels, and columns at the origin."""
    part = np.flatnonzero(prepared.folds.fold != DROPPED)
    series, steps = prepared.made.series, prepared.folds.steps
    assert steps is not None
    asked = Asked(series.code[part], series.period[part], steps[part].astype(np.int64))
    found: dict[str, Any] = {}
    for feature in prepared.section.features:
        whole = np.full(len(series.code), np.nan)
        whole[part] = compute(feature, prepared.made.history, asked)
        found[feature.name] = whole
    found |= {f"{name} at the origin": prepared.column(f"{name} at the origin") for name, _ in prepared.section.past}
    return found


def test_shuffling_the_rows_and_leaving_another_series_out_change_no_bit(prepared: Prepared, tmp_path: Path) -> None:
    rows, order = made_rows(DAYS), np.random.default_rng(5).permutation(2 * DAYS)
    shuffled = prepare(write_series(tmp_path / "shuffled", take(rows, order)), settings())
    for name, values in prepared.features().items():
        assert same(np.asarray(values)[order], shuffled.features()[name]), name
    alone = prepare(write_series(tmp_path / "alone", take(rows, np.asarray(rows["shop"]) == "b")), settings())
    both = before_scaling(prepared)
    for name, values in before_scaling(alone).items():
        assert same(np.asarray(both[name])[DAYS:], values), name


def test_other_rows_at_the_same_time_and_known_columns_are_no_features_of_the_past(prepared: Prepared) -> None:
    assert "visitors at the origin" in prepared.features()
    assert "weather at the origin" in prepared.features()
    assert "promotion at the origin" not in prepared.features()
    offered = {one.name for one in prepared.made.offered}
    assert not offered & {"visitors", "weather", "sales"}


def test_a_column_at_the_origin_is_that_of_the_row_there(prepared: Prepared) -> None:
    rows, steps = made_rows(DAYS), prepared.folds.steps
    assert steps is not None
    for row in np.flatnonzero(prepared.folds.fold != DROPPED)[::17]:
        origin = int(row) - int(steps[row])
        assert prepared.column("visitors at the origin")[row] == rows["visitors"][origin]
        assert prepared.column("weather at the origin")[row] == rows["weather"][origin]
        assert prepared.column("forecast.origin")[row] == origin


def test_each_feature_is_what_its_definition_says(prepared: Prepared) -> None:
    """By hand for one row, forecast three days ahead from a Sunday."""
    values = made_rows(DAYS)["sales"][:DAYS]
    history, asked = prepared.made.history, Asked(np.array([0]), np.array([103]), np.array([3]))
    past = values[:101]
    found = {feature.name: float(compute(feature, history, asked)[0]) for feature in prepared.section.features}
    assert found["sales level"] == pytest.approx(past[-28:].mean())
    assert found["steps ahead"] == 3
    assert found["sales at the origin"] == values[100]
    assert found["sales 2 periods before the origin"] == values[98]
    assert found["sales same of week -1"] == values[96]
    assert found["sales same of week -4"] == values[75]
    assert found["sales same of week mean"] == pytest.approx(values[[96, 89, 82, 75]].mean())
    assert np.isnan(found["sales same of year -1"])
    assert found["sales mean of 7"] == pytest.approx(past[-7:].mean())
    assert found["sales std of 28"] == pytest.approx(past[-28:].std())
    assert found["sales min of 28"] == past[-28:].min()
    assert found["sales max of 3"] == past[-3:].max()
    assert found["sales mean of 364"] == pytest.approx(past.mean()), "a shorter past is taken whole"
    assert found["sales zeros of 28"] == (past[-28:] == 0).mean()
    assert seasonal_naive(history, asked, 7)[0] == values[96]


def test_values_are_in_levels_and_the_level_is_never_zero(prepared: Prepared) -> None:
    zero = History(np.zeros(40), np.array([0]), np.array([0]), np.array([40]))
    asked = Asked(np.array([0]), np.array([40]), np.array([1]))
    found = {one.name: values for one, values in compute_all(prepared.section.features, zero, asked, 0.5)}
    assert found["sales level"][0] == 0.5
    assert found["sales mean of 7"][0] == 0.0
    assert found["sales since other than 0"][0] == 364
    assert found["sales zeros of 7"][0] == 1.0


def test_what_a_state_holds_gives_the_bits_of_the_whole_history(prepared: Prepared, tmp_path: Path) -> None:
    rows = made_rows(DAYS)
    early = np.asarray(rows["day"]) < START + 100 * DAY
    known = prepare(write_series(tmp_path / "s", take(rows, early)), settings())
    (tmp_path / "state").mkdir()
    write_series_state(
        tmp_path / "state", known.source, known.section, known.made.series, known.made.history, inputs={}
    )
    state = SeriesState.open(tmp_path / "state", known.section)
    assert state.as_of == "2026-04-10T00:00:00Z"
    points = state.next_points()
    made = state.columns(points)
    # The same rows of the whole history, asked from the same origin.
    for feature, values in compute_all(known.section.features, prepared.made.history, points, known.section.floor):
        assert same(made[feature.name], values), feature.name
    assert made["shop"].tolist() == ["a"] * HORIZON + ["b"] * HORIZON
    assert made["day"].tolist() == [START + day * DAY for day in range(100, 107)] * 2
    assert (
        made["visitors at the origin"].tolist() == [rows["visitors"][99]] * HORIZON + [rows["visitors"][219]] * HORIZON
    )
    # A point alone gives what it gives among others.
    for at in (0, 9, 13):
        alone = state.columns(points.take(slice(at, at + 1)))
        assert all(same(alone[name], np.asarray(values)[at : at + 1]) for name, values in made.items())


def test_a_lookback_is_as_long_as_the_furthest_feature_reads() -> None:
    values = np.random.default_rng(2).normal(size=3000)
    whole = History(values, np.array([0]), np.array([0]), np.array([3000]))
    from ml8s.config.frequencies import parse_frequency

    for text, horizon in (("1h", 24), ("1h", 30), ("1d", 400), ("1w", 3), ("1mo", 1)):
        frequency = parse_frequency(text)
        assert frequency is not None
        features = define("y", frequency, horizon)
        kept = lookback(features, frequency, horizon)
        end = History(values[-kept:], np.array([0]), np.array([3000 - kept]), np.array([kept]))
        steps = np.arange(1, horizon + 1)
        asked = Asked(np.zeros(horizon, dtype=np.int64), 2999 + steps, steps)
        for feature in features:
            assert same(compute(feature, whole, asked), compute(feature, end, asked)), (text, feature.name)


def test_a_season_longer_than_the_horizon_is_read_where_the_origin_knows_it() -> None:
    history = History(np.arange(50.0), np.array([0]), np.array([0]), np.array([50]))
    steps = np.arange(1, 16)
    asked = Asked(np.zeros(15, dtype=np.int64), 49 + steps, steps)
    found = compute(LagFeature("x", "", SEASON, 0, 7), history, asked)
    assert found.tolist() == [43, 44, 45, 46, 47, 48, 49] * 2 + [43]
    assert (found <= 49).all()


def test_the_scale_is_the_seasonal_naive_error_of_the_past_alone() -> None:
    values = np.array([1.0, 2.0, 4.0, 8.0, 100.0, 5.0, 5.0])
    history = History(values, np.array([0, 5]), np.array([0, 0]), np.array([5, 2]))
    scales = seasonal_scales(history, before=4, season=2)
    assert scales[0].tolist() == [(3.0 + 6.0) / 2, (9.0 + 36.0) / 2]
    assert np.isnan(scales[1]).all(), "a series of two periods has no two values a season apart"


def test_a_column_with_the_name_of_a_feature_is_refused(tmp_path: Path) -> None:
    rows = made_rows(60)
    rows["sales level"] = rows.pop("visitors")
    with pytest.raises(AggregatesRefused, match="'sales level'"):
        prepare(write_series(tmp_path / "s", rows), settings())
