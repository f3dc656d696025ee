"""The lookup state gives the bits of training, and a refresh the bytes of a state made anew."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml8s.features.asof.accumulators import foldable
from ml8s.features.asof.engine import compute
from ml8s.features.asof.feature import AsOfFeature, Entity
from ml8s.features.asof.keys import Key, KeyTable, key_bytes
from ml8s.features.asof.rows import Events, Queries
from ml8s.features.asof.state import LookupState, refresh_state, write_state
from tests.features.asof.tables import (
    ALL,
    CUSTOMER,
    DAY,
    HOUR,
    TERMINAL,
    asking,
    bits,
    feature,
    histories,
    history,
    of_children,
    taken,
)

BOUNDED = tuple(item for item in ALL if item.window is not None)
FOLDED = tuple(item for item in ALL if foldable(item) or item.window is not None)
FOLDED_ONLY = tuple(item for item in ALL if foldable(item) and not item.delay)
SOME = (
    *(feature(name) for name in ("count", "mean", "std", "mode", "trend", "first")),
    *(feature(name, 7 * DAY, entity=TERMINAL) for name in ("sum", "max", "num_unique", "last", "time_since_last")),
    replace(feature("mean", 7 * DAY, entity=TERMINAL, column="flag"), delay=DAY, name="late"),
    of_children("mean", "sum"),
    of_children("count", "count", DAY),
)


def labels_of(events: Events) -> dict[Entity, list[Key]]:
    """A key for each code: texts for customers, numbers for the others."""
    return {
        entity: [(f"c{code}" if entity == CUSTOMER else code,) for code in range(int(codes.max(initial=0)) + 1)]
        for entity, codes in events.keys.items()
    }


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write(folder: Path, features: tuple[AsOfFeature, ...], events: Events, refresh: int | None = DAY) -> LookupState:
    folder.mkdir()
    boundary = write_state(folder, features, events, labels_of(events), refresh=refresh)
    state = LookupState.open(folder)
    assert state.boundary == boundary
    return state


def rows_of(state: LookupState, events: Events, chosen: np.ndarray) -> np.ndarray:
    names = labels_of(events)
    return np.stack(
        [
            state.row({e: names[e][codes[row]] if codes[row] >= 0 else None for e, codes in events.keys.items()})
            for row in chosen
        ]
    )


@pytest.mark.parametrize("features", [SOME, (*FOLDED_ONLY, *SOME[6:12])], ids=["rows kept", "rows folded"])
def test_state_and_raw_row_are_bitwise_the_training_vector_at_ten_boundaries(
    tmp_path: Path, features: tuple[AsOfFeature, ...]
) -> None:
    events = history(24_000, customers=400, days=20)
    training = compute(features, events, asking(events), refresh=DAY)
    first, compared = int(events.time.min()) // DAY, 0
    for day in range(first + 8, first + 18):
        boundary = day * DAY
        state = write(tmp_path / str(day), features, taken(events, events.time < boundary))
        assert state.boundary == boundary
        inside = np.flatnonzero((events.time >= boundary) & (events.time < boundary + DAY))
        np.testing.assert_array_equal(bits(rows_of(state, events, inside)), bits(training[inside]))
        compared += len(inside)
    assert compared >= 10_000


@pytest.mark.parametrize(
    "features", [SOME, ALL, BOUNDED, FOLDED, FOLDED_ONLY], ids=["some", "all", "bounded", "folded", "no rows"]
)
@pytest.mark.parametrize("refresh", [HOUR, DAY, None])
def test_a_refresh_gives_the_bytes_of_a_state_made_anew(
    tmp_path: Path, features: tuple[AsOfFeature, ...], refresh: int | None
) -> None:
    events = history(300, customers=40)
    write(tmp_path / "whole", features, events, refresh)
    steps = np.quantile(events.time, [0.3, 0.31, 0.8]).astype(np.int64)
    write(tmp_path / "0", features, taken(events, events.time <= steps[0]), refresh)
    for index, (since, until) in enumerate(zip(steps, [*steps[1:], 2**60], strict=True)):
        newer = taken(events, (events.time > since) & (events.time <= until))
        folder = tmp_path / str(index + 1)
        folder.mkdir()
        refresh_state(tmp_path / str(index), folder, newer, labels_of(events))
    assert content(tmp_path / "3") == content(tmp_path / "whole")


def test_other_codes_and_another_order_give_the_same_bytes(tmp_path: Path) -> None:
    events = history(300, customers=40)
    write(tmp_path / "first", ALL, events)
    random = np.random.default_rng(1)
    shuffled = taken(events, random.permutation(300))
    names, keys, renamed = labels_of(events), {}, {}
    for entity, codes in shuffled.keys.items():
        other = random.permutation(len(names[entity]))
        keys[entity] = np.where(codes >= 0, other[codes], -1)
        renamed[entity] = [names[entity][code] for code in np.argsort(other)]
    (tmp_path / "second").mkdir()
    write_state(tmp_path / "second", ALL, replace(shuffled, keys=keys), renamed, refresh=DAY)
    assert content(tmp_path / "second") == content(tmp_path / "first")


def test_a_bounded_state_keeps_only_the_rows_that_can_still_count(tmp_path: Path) -> None:
    events = history(400)
    state = write(tmp_path / "state", (feature("sum", DAY),), events)
    kept = np.load(tmp_path / "state" / "rows-time.npy")
    assert len(kept) == (events.time >= state.boundary - DAY).sum() < 100


def test_sums_over_all_history_keep_no_rows(tmp_path: Path) -> None:
    write(tmp_path / "state", FOLDED_ONLY, history(400))
    assert len(np.load(tmp_path / "state" / "rows-time.npy")) == 0


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories(wild=True), st.integers(0, 60), st.sampled_from([FOLDED, FOLDED_ONLY, SOME]))
def test_a_refresh_at_any_hour_gives_the_same_bytes_for_any_values(
    tmp_path: Path, events: Events, hour: int, features: tuple[AsOfFeature, ...]
) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    moment = max(1_700_006_400_000_000 + hour * HOUR, int(events.time.min()))
    write(folder / "whole", features, events)
    write(folder / "old", features, taken(events, events.time <= moment))
    (folder / "new").mkdir()
    refresh_state(folder / "old", folder / "new", taken(events, events.time > moment), labels_of(events))
    assert content(folder / "new") == content(folder / "whole")


def test_a_key_never_seen_has_no_history_and_a_null_key_no_features(tmp_path: Path) -> None:
    state = write(tmp_path / "state", SOME, history(200))
    unseen = state.row({("customer",): ("nobody",), ("region",): (99,), ("terminal",): (99,)})
    asked = Queries({e: np.array([10_000]) for e in history(1).keys}, np.array([state.boundary]))
    np.testing.assert_array_equal(bits(unseen[None]), bits(compute(SOME, history(200), asked, refresh=None)))
    assert np.isnan(state.row({("customer",): None, ("region",): None, ("terminal",): None})).all()


def test_a_row_that_is_not_later_is_refused(tmp_path: Path) -> None:
    events = history(50)
    write(tmp_path / "state", SOME, events)
    (tmp_path / "next").mkdir()
    with pytest.raises(ValueError, match="not later"):
        refresh_state(tmp_path / "state", tmp_path / "next", taken(events, np.array([3])), labels_of(events))


def test_a_state_needs_an_event(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        write_state(tmp_path, SOME, taken(history(5), np.zeros(5, dtype=np.bool_)), labels_of(history(5)), refresh=DAY)


def test_another_schema_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"schema": 2}')
    with pytest.raises(ValueError, match="schema 1"):
        LookupState.open(tmp_path)


def test_keys_are_found_by_value_and_type() -> None:
    names = [key_bytes((f"k{number}", number)) for number in range(5_000)]
    table = KeyTable.of(names)
    assert sorted(table.find_all(names).tolist()) == list(range(5_000))
    assert table.find(key_bytes(("k1", 2))) == -1
    assert key_bytes((12,)) == key_bytes((12.0,)) != key_bytes(("12",))
    assert KeyTable.of([]).find(names[0]) == -1
