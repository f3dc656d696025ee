"""The engine against Featuretools' own calculation with a cutoff per row."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ml8s.features.asof.boundary import cutoffs
from ml8s.features.asof.engine import compute
from ml8s.features.asof.feature import INNER, OUTER, PRIMITIVES, WITHOUT_COLUMN, AsOfFeature
from ml8s.features.asof.rows import Events, Floats
from tests.features.asof.tables import CUSTOMER, DAY, HOUR, REGION, asking, feature, histories, history, of_children

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import featuretools as ft
    from featuretools.primitives import get_aggregation_primitives

pytestmark = pytest.mark.filterwarnings("ignore")

ROUNDED = ("sum", "mean", "std", "trend", "percent_true", "time_since_last")
BASE = {"num_unique": "kind", "mode": "kind", "percent_true": "flag"}
PRIMITIVE = {name: get_aggregation_primitives()[name] for name in PRIMITIVES}


def entity_set(events: Events, *, growing: bool) -> ft.EntitySet:
    """Rows that have a customer, the customers of them, and their regions.

    The key asked for is always known; where its children are asked for, they exist from their first row on (growing).
    """
    there = np.flatnonzero(events.keys[CUSTOMER] >= 0)
    rows = pd.DataFrame(
        {
            "row": there,
            "at": pd.to_datetime(events.time[there] * 1000),
            "customer": events.keys[CUSTOMER][there],
            "region": events.keys[REGION][there],
            "amount": events.columns["amount"][there],
            "flag": pd.array([None if np.isnan(v) else bool(v) for v in events.columns["flag"][there]], "boolean"),
            "kind": [None if np.isnan(code) else f"{code:04.0f}" for code in kinds_of(events)[there]],
        }
    )
    found = ft.EntitySet("history")
    types = {"amount": "Double", "flag": "BooleanNullable", "kind": "Categorical"}
    found.add_dataframe(rows, "events", index="row", time_index="at", logical_types=types)
    known = ["region"]
    found.normalize_dataframe("events", "customers", "customer", additional_columns=known, make_time_index=growing)
    found.normalize_dataframe("customers", "regions", "region", make_time_index=False)
    return found


def kinds_of(events: Events) -> Floats:
    """Codes of the amounts as categories: in the order of the values, as the texts of the codes are [n]."""
    amount = events.columns["amount"]
    codes = np.unique(amount, return_inverse=True)[1].astype(np.float64)
    return np.where(np.isnan(amount), np.nan, codes)


def by_featuretools(features: Sequence[AsOfFeature], events: Events, times: np.ndarray) -> list[list[Any]]:
    """Each feature for each row, as Featuretools gives it with a cutoff per row; the time axis must fit its delay."""
    found = entity_set(events, growing=features[0].child is not None)
    definitions = []
    for item in features:
        inner = item.child.primitive if item.child else item.primitive
        column = "row" if inner == "count" else "at" if inner == "time_since_last" else BASE.get(inner, "amount")
        bases = [ft.Feature(found["events"].ww[column])]
        if inner == "trend":
            bases.append(ft.Feature(found["events"].ww["at"]))
        definition = ft.Feature(bases, parent_dataframe_name="customers", primitive=PRIMITIVE[inner])
        if item.child:
            base = ft.Feature(found["customers"].ww["customer"]) if item.primitive == "count" else definition
            definition = ft.Feature(base, parent_dataframe_name="regions", primitive=PRIMITIVE[item.primitive])
        definitions.append(definition)
    keys = events.keys[features[0].entity]
    asked = pd.DataFrame({"instance_id": keys, "time": pd.to_datetime(times * 1000)})
    matrix = ft.calculate_feature_matrix(
        definitions,
        found,
        cutoff_time=asked[asked["instance_id"] >= 0].drop_duplicates(),
        training_window=None if features[0].window is None else ft.Timedelta(features[0].window / 1e6, "s"),
        include_cutoff_time=False,
        cutoff_time_in_index=True,
    )
    values = {index: list(row) for index, row in zip(matrix.index, matrix.to_numpy(), strict=True)}
    return [values.get((key, time), []) for key, time in zip(asked["instance_id"], asked["time"], strict=True)]


def unit_of_trend(events: Events, item: AsOfFeature, key: int, cutoff: int) -> float:
    """Days in the unit of Featuretools' slope, which depends on the time of the first row that it sees."""
    since = -(2**60) if item.window is None else cutoff - item.window
    seen = (events.keys[CUSTOMER] == key) & (events.time < cutoff) & (events.time >= since)
    seen &= ~np.isnan(events.columns["amount"])
    first = int(events.time[seen].min()) / 1e6
    return 86_400.0 / next((unit for unit in (86_400, 3_600, 60) if (first / unit).is_integer()), 1)


def assert_as_featuretools(features: Sequence[AsOfFeature], events: Events, refresh: int | None) -> None:
    """Selections and counts to the bit, what is rounded within 1e-9 relative."""
    kinds = {"kind": kinds_of(events), **events.columns}
    ours = compute(features, Events(events.keys, events.time, kinds, events.identity), asking(events), refresh=refresh)
    times = cutoffs(events.time, refresh)
    theirs = by_featuretools(features, events, times)
    for row, values in enumerate(theirs):
        if events.keys[features[0].entity][row] < 0:
            assert np.isnan(ours[row]).all()
            continue
        for column, (item, value) in enumerate(zip(features, values, strict=True)):
            expected = np.nan if pd.isna(value) else float(value)
            if item.primitive == "trend" and expected and not np.isnan(expected):
                expected *= unit_of_trend(events, item, events.keys[CUSTOMER][row], times[row])
            _assert_value(item, ours[row, column], expected, events)


def _assert_value(item: AsOfFeature, found: float, expected: float, events: Events) -> None:
    if item.primitive not in ROUNDED and not item.child:
        np.testing.assert_array_equal(found, expected, item.name)
        return
    # Their own rounding is relative to the values, not to a result that is a small difference of them.
    scale = float(np.nanmax(np.abs(np.append(events.columns["amount"], 1.0))))
    if item.primitive == "trend":
        scale *= DAY / HOUR
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * scale, err_msg=item.name)


def every(window: int | None) -> list[AsOfFeature]:
    """All thirteen primitives over one window."""
    return [feature(name, window, column=BASE.get(name, "amount")) for name in PRIMITIVES]


STACKED = [of_children("count", "count"), *(of_children(outer, inner) for outer in OUTER[1:] for inner in INNER)]


@settings(
    max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@given(histories(most=9), st.sampled_from([None, 2 * HOUR, DAY]), st.sampled_from([None, DAY]))
def test_each_primitive_is_that_of_featuretools(events: Events, window: int | None, refresh: int | None) -> None:
    small = {**events.columns, "amount": np.round(np.clip(events.columns["amount"], -1e6, 1e6), 6)}
    if (events.keys[CUSTOMER] >= 0).any():
        assert_as_featuretools(every(window), Events(events.keys, events.time, small, events.identity), refresh)


@pytest.mark.parametrize("window", [None, DAY, 7 * DAY])
def test_a_realistic_history_gives_the_values_of_featuretools(window: int | None) -> None:
    events = ordered(history(60, seed=3, customers=3))
    assert_as_featuretools(every(window), events, None)


def test_features_of_depth_two_are_those_of_featuretools() -> None:
    events = ordered(history(60, seed=4, customers=9))
    assert_as_featuretools(STACKED, events, None)


def test_a_delay_is_a_history_that_happened_later() -> None:
    events = ordered(history(50, seed=5, customers=3))
    late = Events(events.keys, events.time + DAY, events.columns, events.identity)
    delayed = [
        AsOfFeature(item.name, item.entity, item.primitive, item.column, item.window, delay=DAY)
        for item in every(7 * DAY)
        if item.primitive not in ("trend", "num_unique", "mode", *WITHOUT_COLUMN)
    ]
    ours = compute(delayed, events, asking(events), refresh=None)
    theirs = by_featuretools([feature("mean", 7 * DAY)], late, events.time)
    column = [item.primitive for item in delayed].index("mean")
    expected: Floats = np.array([np.nan if pd.isna(row[0]) else float(row[0]) for row in theirs])
    np.testing.assert_allclose(ours[:, column], expected, rtol=1e-9)


def ordered(events: Events) -> Events:
    """The same history with the order of its rows as identity, which is how Featuretools orders ties."""
    return Events(events.keys, events.time, events.columns, np.arange(len(events)))
