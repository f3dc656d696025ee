"""Forecasts as metrics and the report see them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ml8s.config.metrics import FORECASTING
from ml8s.evaluation.assessment import Question, assess
from ml8s.evaluation.baseline import naive_baseline
from ml8s.evaluation.fold_rows import ForecastPoints
from ml8s.evaluation.forecasts import summarize_forecasts
from ml8s.evaluation.metrics import Sample, UndefinedMetric, compute

DAY = 86_400_000_000
Y = np.array([10.0, 20.0, 1.0, 3.0, 7.0])
FORECAST = np.array([12.0, 16.0, 1.0, 2.0, 7.0])
SERIES = np.array([0, 0, 1, 1, 2])
SCALE = np.array([[2.0, 8.0], [2.0, 8.0], [0.5, 0.25], [0.5, 0.25], [np.nan, np.nan]])
CODES = {"series": SERIES, "scale": SCALE}


def test_mase_is_the_mean_error_in_units_of_each_series_past() -> None:
    # errors 2, 4 in units of 2 and 0, 1 in units of 0.5; the last series has no past
    assert compute("mase", Y, FORECAST, **CODES) == pytest.approx((1 + 2 + 0 + 2) / 4)
    weight = np.array([1.0, 3.0, 0.0, 0.0, 9.0])
    assert compute("mase", Y, FORECAST, weight=weight, **CODES) == pytest.approx((1 + 6) / 4)


def test_rmsse_is_the_mean_over_series_of_their_scaled_root() -> None:
    first, second = math.sqrt((4 + 16) / 2 / 8), math.sqrt((0 + 1) / 2 / 0.25)
    assert compute("rmsse", Y, FORECAST, **CODES) == pytest.approx((first + second) / 2)
    order = np.array([4, 2, 0, 3, 1])
    shuffled = {name: values[order] for name, values in CODES.items()}
    assert compute("rmsse", Y[order], FORECAST[order], **shuffled) == compute("rmsse", Y, FORECAST, **CODES)


@pytest.mark.parametrize("name", ["mase", "rmsse"])
def test_a_scaled_error_needs_a_series_with_a_past_that_varies(name: str) -> None:
    with pytest.raises(UndefinedMetric, match="needs a series whose past varies"):
        compute(name, Y, FORECAST, series=SERIES, scale=np.where(SCALE > 0, 0.0, SCALE))
    with pytest.raises(UndefinedMetric, match="needs the past of each series"):
        compute(name, Y, FORECAST)


def assessed(naive: Any) -> Any:
    sample = Sample(Y, FORECAST, series=SERIES, scale=SCALE)
    return assess(Question(FORECASTING, "wape", (), {}, ()), sample, naive_baseline(naive))


def test_the_default_gate_is_the_seasonal_naive_forecast() -> None:
    passed = assessed(Y + 3.0)
    assert passed.verdict.passed
    assert passed.verdict.reasons[0].endswith("better than the seasonal naive forecast's 0.3659.")
    assert passed.baseline.value("mae") == 3.0
    assert {"wape", "mase", "rmsse", "mae", "rmse"} == set(passed.model.values)
    failed = assessed(Y + 0.1)
    assert not failed.verdict.passed
    assert "not better than the seasonal naive forecast" in failed.verdict.reasons[0]


def summary(count: int = 40, horizon: int = 28) -> Any:
    series = np.repeat(np.arange(count), horizon)
    steps = np.tile(np.arange(1, horizon + 1), count)
    y = 1.0 + series + steps / 100
    points = ForecastPoints(series, steps, y + 1.0, np.ones((len(y), 2)))
    sample = Sample(y, y + steps / 28, series=series, scale=points.scale)
    return summarize_forecasts("mae", sample, points, steps * DAY, [f"s{code}" for code in series.tolist()])


def test_the_metric_is_shown_by_how_far_ahead_a_row_lies() -> None:
    found = summary()
    assert (found.series, found.horizon, len(found.by_steps)) == (40, 28, 12)
    assert [one.steps for one in found.by_steps][:3] == ["1–2", "3–4", "5–7"]
    assert sum(one.rows for one in found.by_steps) == 40 * 28
    errors = [one.model for one in found.by_steps]
    assert errors == sorted(errors)
    assert {one.baseline for one in found.by_steps} == {1.0}
    assert [one.steps for one in summary(2, 3).by_steps] == ["1", "2", "3"]


def test_series_from_the_largest_to_the_smallest_are_drawn() -> None:
    found = summary()
    assert [one.name for one in found.drawn] == ["s39", "s31", "s23", "s16", "s8", "s0"]
    assert found.drawn[0].time[:2] == (86_400, 172_800)
    assert [one.name for one in summary(1).drawn] == ["s0"]
