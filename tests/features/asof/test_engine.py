"""The engine against the plainly written definitions, and against itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml8s.features.asof import block as block_module
from ml8s.features.asof.engine import compute
from ml8s.features.asof.feature import AsOfFeature, Child
from ml8s.features.asof.rows import Events, Floats, Queries
from tests.features.asof.reference import as_of
from tests.features.asof.tables import (
    ALL,
    CUSTOMER,
    DAY,
    HOUR,
    REGION,
    TERMINAL,
    asking,
    bits,
    feature,
    histories,
    history,
    taken,
)

REFRESHES = st.sampled_from([None, HOUR, DAY])


def assert_equal_bits(found: Floats, expected: Floats) -> None:
    """Equal to the bit, but for the sign of zero, with the first feature that differs."""
    for index, item in enumerate(ALL[: found.shape[1]]):
        np.testing.assert_array_equal(found[:, index], expected[:, index], err_msg=str(item))


@settings(max_examples=60, deadline=None)
@given(histories(wild=True), REFRESHES, st.data())
def test_each_feature_is_the_correctly_rounded_value_of_its_definition(
    events: Events, refresh: int | None, data: st.DataObject
) -> None:
    chosen = data.draw(st.lists(st.sampled_from(ALL), min_size=1, max_size=25, unique=True))
    found = compute(chosen, events, asking(events), refresh=refresh)
    for index, item in enumerate(chosen):
        np.testing.assert_array_equal(found[:, index], as_of(item, events, asking(events), refresh), str(item))


@pytest.mark.parametrize("refresh", [None, DAY])
def test_a_realistic_history_gives_the_values_of_the_definitions(refresh: int | None) -> None:
    events = history(150)
    found = compute(ALL, events, asking(events), refresh=refresh)
    expected = np.stack([as_of(item, events, asking(events), refresh) for item in ALL], axis=1)
    assert_equal_bits(found, expected)


@settings(max_examples=8, deadline=None)
@given(histories(wild=True), REFRESHES, st.randoms(use_true_random=False))
def test_neither_order_of_rows_nor_blocks_move_a_bit(events: Events, refresh: int | None, random: object) -> None:
    rows = np.arange(len(events))
    random.shuffle(rows)  # type: ignore[attr-defined]
    shuffled = taken(events, rows)
    whole = compute(ALL, events, asking(events), refresh=refresh)
    parts = compute(ALL, shuffled, asking(shuffled), refresh=refresh, block_rows=1)
    np.testing.assert_array_equal(bits(parts), bits(whole[rows]))


@settings(max_examples=8, deadline=None)
@given(histories(wild=True), histories(wild=True), REFRESHES)
def test_no_later_row_changes_a_feature(events: Events, other: Events, refresh: int | None) -> None:
    moment = int(np.median(events.time))
    early, later = taken(events, events.time <= moment), taken(other, other.time >= moment)
    both = joined(early, later)
    alone = compute(ALL, early, asking(early), refresh=refresh)
    followed = compute(ALL, both, asking(early), refresh=refresh)
    np.testing.assert_array_equal(bits(followed), bits(alone))


def test_a_label_inside_its_delay_changes_nothing() -> None:
    events = history(300)
    late = AsOfFeature("late", TERMINAL, "mean", "flag", 7 * DAY, delay=DAY)
    before = compute([late], events, asking(events), refresh=None)
    for row in range(0, 300, 7):
        flag = events.columns["flag"].copy()
        flag[row] = 1e15
        changed = compute([late], replace(events, columns={"flag": flag}), asking(events), refresh=None)
        known = events.time > events.time[row] + DAY
        np.testing.assert_array_equal(bits(changed[~known]), bits(before[~known]))


def test_a_label_after_its_delay_counts() -> None:
    events = Events(
        keys={TERMINAL: np.zeros(3, dtype=np.int64)},
        time=np.array([0, DAY, DAY + 1]),
        columns={"flag": np.array([1.0, 0.0, 0.0])},
    )
    late = AsOfFeature("late", TERMINAL, "sum", "flag", delay=DAY)
    assert compute([late], events, asking(events), refresh=None)[:, 0].tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("wild", [1e15, float("inf"), float("-inf"), float("nan"), -1e308, 5e-324])
def test_no_row_outside_a_window_changes_a_bit(wild: float) -> None:
    events = history(400)
    moment = int(np.quantile(events.time, 0.8))
    windowed = [item for item in ALL if item.window is not None]
    asked = Queries({entity: codes[:60] for entity, codes in events.keys.items()}, np.full(60, moment))
    outside = (events.time >= moment) | (events.time < moment - 8 * DAY)
    assert outside.sum() > 100
    expected = compute(windowed, events, asked, refresh=None)
    columns = {name: np.where(outside, wild, values) for name, values in events.columns.items()}
    changed = compute(windowed, replace(events, columns=columns), asked, refresh=None)
    dropped = compute(windowed, taken(events, ~outside), asked, refresh=None)
    np.testing.assert_array_equal(bits(changed), bits(expected))
    np.testing.assert_array_equal(bits(dropped), bits(expected))


def test_sums_beyond_the_largest_number_are_infinite_and_come_back() -> None:
    largest = np.finfo(np.float64).max
    events = Events(
        keys={CUSTOMER: np.zeros(4, dtype=np.int64)},
        time=np.arange(4),
        columns={"amount": np.array([largest, largest, -largest, 0.0])},
    )
    found = compute([feature("sum")], events, asking(events), refresh=None)
    assert found[:, 0].tolist() == [0.0, largest, float("inf"), largest]


@pytest.mark.parametrize("wild", [1e15, float("inf"), float("nan")])
def test_no_other_keys_row_changes_a_bit(wild: float) -> None:
    events = history(400)
    mine = (events.keys[CUSTOMER] == 0) | (events.keys[TERMINAL] == 0) | (events.keys[REGION] == 0)
    columns = {name: np.where(mine, values, wild) for name, values in events.columns.items()}
    expected = compute(ALL, events, asking(events), refresh=None)
    changed = compute(ALL, replace(events, columns=columns), asking(events), refresh=None)
    for index, item in enumerate(ALL):
        own = events.keys[item.entity] == 0
        np.testing.assert_array_equal(bits(changed[own, index]), bits(expected[own, index]), str(item))


def test_times_too_far_apart_for_one_line_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    events = history(300)
    expected = compute(ALL, events, asking(events), refresh=None)
    monkeypatch.setattr(block_module, "FARTHEST", 1)
    far = [item for item in ALL if item.window is None]
    kept = [index for index, item in enumerate(ALL) if item.window is None]
    np.testing.assert_array_equal(bits(compute(far, events, asking(events), refresh=None)), bits(expected[:, kept]))


def test_times_of_a_whole_calendar_are_searched_key_by_key() -> None:
    events = history(200, customers=50)
    spread = np.where(np.arange(200) % 2, -(2**60), 2**60 - 1)
    wide = replace(events, time=np.where(np.arange(200) < 150, spread, events.time))
    chosen = [item for item in ALL if item.primitive in ("count", "sum", "last", "num_unique")][:24]
    found = compute(chosen, wide, asking(wide), refresh=None)
    for index, item in enumerate(chosen):
        np.testing.assert_array_equal(found[:, index], as_of(item, wide, asking(wide), None), str(item))


def test_rows_without_a_key_have_no_features_and_are_nobodys_history() -> None:
    events = history(100)
    nobody = events.keys[TERMINAL] < 0
    found = compute([feature("count", entity=TERMINAL)], events, asking(events), refresh=None)
    assert np.isnan(found[nobody]).all()
    assert not np.isnan(found[~nobody]).any()


def test_a_key_without_history_has_counts_of_zero_and_nulls() -> None:
    events = history(100)
    asked = Queries({CUSTOMER: np.array([99])}, np.array([2**50]))
    chosen = [feature(name) for name in ("count", "sum", "mean", "num_unique", "percent_true", "time_since_last")]
    np.testing.assert_array_equal(
        compute(chosen, events, asked, refresh=None), [[0.0, 0.0, np.nan, np.nan, np.nan, np.nan]]
    )


def test_a_null_time_is_refused() -> None:
    events = history(10)
    nothing = replace(events, time=np.where(np.arange(10) == 3, np.iinfo(np.int64).min, events.time))
    with pytest.raises(ValueError, match="null"):
        compute([feature("count")], nothing, asking(nothing), refresh=None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"primitive": "median"},
        {"primitive": "count"},
        {"column": None},
        {"window": 0},
        {"delay": -1},
        {"entity": ()},
        {"child": Child(CUSTOMER, "std")},
        {"primitive": "std", "child": Child(CUSTOMER, "sum")},
    ],
    ids=str,
)
def test_what_no_engine_computes_is_no_feature(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="x: "):
        AsOfFeature(**{"name": "x", "entity": CUSTOMER, "primitive": "sum", "column": "amount", **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize("item", ALL[::9], ids=lambda item: item.name)
def test_a_feature_survives_json(item: AsOfFeature) -> None:
    assert AsOfFeature.from_json(item.to_json()) == item


def joined(first: Events, second: Events) -> Events:
    """Two histories, the second after the first."""
    return Events(
        keys={entity: np.concatenate([codes, second.keys[entity]]) for entity, codes in first.keys.items()},
        time=np.concatenate([first.time, second.time]),
        columns={name: np.concatenate([values, second.columns[name]]) for name, values in first.columns.items()},
        identity=np.arange(len(first) + len(second)),
    )
