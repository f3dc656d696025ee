"""Every promise of the folds, for each strategy, on rows that hypothesis invents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml8s.data.assignment import drop_cut_groups, folds_by_hash, stratified_folds, time_folds
from ml8s.data.folds import DROPPED, FIT, TEST, TUNE, read_folds, write_folds
from ml8s.data.hashing import hash_rows, words_of
from ml8s.data.snapshot import open_snapshot, snapshot_manifest
from ml8s.data.splitting import SplitResult, split_snapshot
from ml8s.data.validation import validate_snapshot
from ml8s.errors import FoldsImpossible
from tests.data.conftest import START, contract, make_config, sound_rows

SHARES = st.floats(0.05, 0.6)
SEEDS = st.integers(0, 2**31 - 1)
KEYS = st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=200)
fast = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def hashes(values: Any, seed: int = 0, type_: str = "integer") -> np.ndarray:
    return hash_rows([words_of(pa.array(values), type_)], f"seed {seed}")


# random and group: by the hash alone


@fast
@given(KEYS, SEEDS, SHARES, SHARES, st.randoms())
def test_shuffling_moves_no_row(keys: list[int], seed: int, test: float, tune: float, random: Any) -> None:
    folds = dict(zip(keys, folds_by_hash(hashes(keys, seed), test, tune), strict=True))
    shuffled = random.sample(keys, len(keys))
    assert dict(zip(shuffled, folds_by_hash(hashes(shuffled, seed), test, tune), strict=True)) == folds


@fast
@given(KEYS, KEYS, SEEDS, SHARES, SHARES)
def test_appending_rows_moves_none(keys: list[int], more: list[int], seed: int, test: float, tune: float) -> None:
    alone = folds_by_hash(hashes(keys, seed), test, tune)
    assert (folds_by_hash(hashes(keys + more, seed), test, tune)[: len(keys)] == alone).all()


@fast
@given(st.lists(st.sampled_from(["a", "b", "", "ä", "long text of a group"]), min_size=1, max_size=60), SEEDS)
def test_equal_rows_share_a_fold(groups: list[str], seed: int) -> None:
    folds = folds_by_hash(hashes(groups, seed, "string"), 0.3, 0.3)
    assert len({(group, int(fold)) for group, fold in zip(groups, folds, strict=True)}) == len(set(groups))


@fast
@given(SEEDS, st.floats(0.05, 0.8), st.floats(0.05, 0.8))
def test_shares_are_kept_within_what_chance_allows(seed: int, test: float, tune: float) -> None:
    folds = folds_by_hash(hashes(np.arange(20_000), seed), test, tune)
    assert abs(np.mean(folds == TEST) - test) < 0.02
    assert abs(np.mean(folds == TUNE) - (1 - test) * tune) < 0.02


def test_another_seed_gives_other_folds() -> None:
    one, other = (folds_by_hash(hashes(np.arange(5000), seed), 0.5, 0.5) for seed in (0, 1))
    assert 0.3 < np.mean(one == other) < 0.45  # 3/8 of independent folds of 1/2, 1/4, 1/4 agree


def test_growing_the_test_share_only_moves_rows_into_it() -> None:
    values = hashes(np.arange(5000))
    small, large = (folds_by_hash(values, share, 0.2) == TEST for share in (0.1, 0.3))
    assert (small <= large).all()


# stratified


@fast
@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 3)), min_size=1, max_size=300),
    SEEDS,
    SHARES,
    SHARES,
    st.randoms(),
)
def test_a_stratified_split_is_stable_and_keeps_shares(
    rows: list[tuple[int, int]], seed: int, test: float, tune: float, random: Any
) -> None:
    def assign(pairs: list[tuple[int, int]]) -> list[int]:
        keys, classes = zip(*pairs, strict=True)
        return stratified_folds(hashes(keys, seed), np.array(classes), test, tune).tolist()

    folds = dict(zip(rows, assign(rows), strict=True))
    assert len({(row, fold) for row, fold in zip(rows, assign(rows), strict=True)}) == len(set(rows))
    shuffled = random.sample(rows, len(rows))
    assert dict(zip(shuffled, assign(shuffled), strict=True)) == folds


@fast
@given(st.integers(1, 500), st.integers(1, 500), SHARES, SHARES, SEEDS)
def test_each_class_gives_its_share_to_the_row(first: int, second: int, test: float, tune: float, seed: int) -> None:
    classes = np.repeat([0, 1], [first, second])
    folds = stratified_folds(hashes(np.arange(first + second), seed), classes, test, tune)
    for label, count in enumerate((first, second)):
        mine = folds[classes == label]
        in_test = round(count * test)
        assert np.sum(mine == TEST) == in_test
        assert np.sum(mine == TUNE) == round((count - in_test) * tune)


# time


@st.composite
def times(draw: st.DrawFn) -> np.ndarray:
    return np.array(draw(st.lists(st.integers(0, 400), min_size=3, max_size=300)), dtype=np.int64)


@fast
@given(times(), SHARES, SHARES, st.integers(0, 40))
def test_time_cuts_lie_between_distinct_times(train: np.ndarray, test: float, tune: float, gap: int) -> None:
    try:
        found = time_folds(train, None, test, tune, gap)
    except FoldsImpossible:
        assert len(np.unique(train)) < 3
        return
    fit, tuned, tested = (train[found.folds == code] for code in (FIT, TUNE, TEST))
    assert len(tested) == np.sum(train >= found.test_from) > 0
    if len(fit) and len(tuned):
        assert fit.max() + gap < tuned.min()
    if len(tuned):
        assert tuned.max() + gap < tested.min()
    if len(fit):
        assert fit.max() + gap < tested.min()
    dropped = train[found.folds == DROPPED]
    near = (dropped >= found.tune_from - gap) & (dropped < found.tune_from)
    assert (near | ((dropped >= found.test_from - gap) & (dropped < found.test_from))).all()
    assert gap or not len(dropped)


@fast
@given(times(), times(), SHARES, st.integers(0, 20))
def test_validation_is_after_every_train_row_or_overlap_is_counted(
    train: np.ndarray, validation: np.ndarray, tune: float, gap: int
) -> None:
    later = validation + 200
    try:
        found = time_folds(train, later, 0.0, tune, gap)
    except FoldsImpossible:
        assert len(np.unique(train)) < 2
        return
    assert found.overlapping == np.sum(train >= later.min())
    assert not np.any(found.folds == TEST)
    kept = train[(found.folds != DROPPED) & (train < later.min())]
    assert not len(kept) or kept.max() + gap < later.min()


@fast
@given(times(), SHARES, SHARES, st.randoms())
def test_the_order_of_rows_plays_no_part_in_time(train: np.ndarray, test: float, tune: float, random: Any) -> None:
    order = np.array(random.sample(range(len(train)), len(train)))
    try:
        found = time_folds(train, None, test, tune, 5)
    except FoldsImpossible:
        return
    assert (time_folds(train[order], None, test, tune, 5).folds == found.folds[order]).all()


@fast
@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from([FIT, TUNE, TEST])), min_size=1, max_size=100))
def test_a_group_that_a_cut_divides_is_dropped_whole(rows: list[tuple[int, int]]) -> None:
    groups, folds = (np.array(part) for part in zip(*rows, strict=True))
    whole, cut = drop_cut_groups(folds.astype(np.int8), groups.astype(np.uint64))
    for group in np.unique(groups):
        before, after = set(folds[groups == group].tolist()), set(whole[groups == group].tolist())
        assert after == (before if len(before) == 1 else {DROPPED})
    assert cut == sum(len(set(folds[groups == group].tolist())) > 1 for group in np.unique(groups))


# a snapshot


def split(folder: Path, **config: Any) -> SplitResult:
    snapshot, settled = open_snapshot(folder), make_config(**config)
    return split_snapshot(folder, validate_snapshot(snapshot, snapshot_manifest(snapshot), settled), settled)


STRATEGIES: list[dict[str, Any]] = [
    {"strategy": "random"},
    {"strategy": "random", "identity": ("id",)},
    {"strategy": "stratified"},
    {"strategy": "group", "group_column": "city"},
    {"strategy": "time", "time_column": "when"},
    {"strategy": "time", "time_column": "born"},
]


def by_key(found: SplitResult, rows: dict[str, pa.Array]) -> dict[int, int]:
    return dict(zip(rows["id"].to_pylist(), found.folds.fold.tolist(), strict=True))


def many_groups(rows: dict[str, pa.Array]) -> dict[str, pa.Array]:
    return {**rows, "city": pa.array([f"town {number % 40}" for number in rows["id"].to_pylist()])}


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda one: "-".join(map(str, one.values())))
def test_a_shuffled_snapshot_gives_the_same_folds(
    strategy: dict[str, Any], write_snapshot: Callable[..., Path]
) -> None:
    rows = many_groups(sound_rows(rows=400))
    order = pa.array(np.random.default_rng(1).permutation(400))
    shuffled = {name: values.take(order) for name, values in rows.items()}
    reordered = dict(reversed(shuffled.items()))
    first = split(write_snapshot(rows), split=strategy)
    again = split(write_snapshot(reordered), split=strategy)
    assert by_key(first, rows) == by_key(again, shuffled)
    counts = first.folds.counts()
    assert counts["dropped"] == 0
    few_groups = strategy["strategy"] == "group"  # 40 towns: their shares are only near what was asked
    assert abs(counts["test"] - 80) < (120 if few_groups else 40)
    assert abs(counts["tune"] - 64) < (120 if few_groups else 40)


@pytest.mark.parametrize("named", ["by the key", "by the identity", "by nothing"])
def test_an_added_column_moves_rows_only_where_nothing_names_them(
    named: str, write_snapshot: Callable[..., Path]
) -> None:
    rows = sound_rows(rows=400)
    wider = {**rows, "extra": pa.array(np.arange(400) * 0.5)}
    schemas = [contract(one) for one in (rows, wider)]
    if named != "by the key":
        for schema in schemas:
            del schema["primaryKey"]
    identity = {"identity": ("id",)} if named == "by the identity" else {}
    first, second = (
        by_key(split(write_snapshot(one, schema=schema), split={"strategy": "random", **identity}), one)
        for one, schema in zip((rows, wider), schemas, strict=True)
    )
    assert (first == second) is (named != "by nothing")


def test_validation_parquet_is_the_test_fold(write_snapshot: Callable[..., Path]) -> None:
    folder = write_snapshot(sound_rows(rows=400), sound_rows(1000, 50))
    for strategy in ({"strategy": "random"}, {"strategy": "stratified"}, {"strategy": "time", "time_column": "when"}):
        found = split(folder, split=strategy).folds
        assert (found.fold[found.file == 1] == TEST).all()
        assert not (found.fold[found.file == 0] == TEST).any()
        assert found.counts()["test"] == 50


@pytest.mark.parametrize("stored", [pa.timestamp("s"), pa.timestamp("ns"), pa.timestamp("us", tz="Europe/Zurich")])
def test_the_unit_and_zone_of_times_move_no_row(stored: pa.DataType, write_snapshot: Callable[..., Path]) -> None:
    rows = sound_rows(rows=400)
    strategy = {"strategy": "time", "time_column": "when"}
    first = split(write_snapshot(rows), split=strategy)
    rows["when"] = rows["when"].cast(stored)
    again = split(write_snapshot(rows), split=strategy)
    assert (first.folds.fold == again.folds.fold).all()
    assert first.cuts == again.cuts == {"tune": "2026-01-11T16:00:00Z", "test": "2026-01-14T08:00:00Z"}


def test_a_gap_drops_rows_before_each_cut(write_snapshot: Callable[..., Path]) -> None:
    found = split(write_snapshot(sound_rows(rows=400)), split={"strategy": "time", "time_column": "when", "gap": "5h"})
    assert found.folds.counts() == {"fit": 251, "tune": 59, "test": 80, "dropped": 10}


def test_files_that_overlap_in_time_are_refused_unless_allowed(write_snapshot: Callable[..., Path]) -> None:
    more = sound_rows(1000, 50)
    more["when"] = pa.array(START + np.arange(390, 440) * 3_600_000_000, pa.timestamp("us", tz="UTC"))
    folder = write_snapshot(sound_rows(rows=400), more)
    strategy = {"strategy": "time", "time_column": "when"}
    with pytest.raises(FoldsImpossible, match="10 rows of train") as caught:
        split(folder, split=strategy)
    assert "overlap: allow" in caught.value.cure
    found = split(folder, split={**strategy, "overlap": "allow"})
    assert "10 rows" in found.warnings[0]
    assert found.folds.counts()["dropped"] == 0


def test_groups_in_both_files_are_refused_unless_allowed(write_snapshot: Callable[..., Path]) -> None:
    folder = write_snapshot(many_groups(sound_rows(rows=400)), many_groups(sound_rows(1000, 50)))
    strategy = {"strategy": "group", "group_column": "city"}
    with pytest.raises(FoldsImpossible, match="40 values of 'city' stand in both"):
        split(folder, split=strategy)
    assert "40 values" in split(folder, split={**strategy, "overlap": "allow"}).warnings[0]


@pytest.mark.parametrize("strategy", ["random", "time"])
def test_a_query_of_a_ranking_is_never_cut(strategy: str, write_snapshot: Callable[..., Path]) -> None:
    rows = sound_rows(rows=400)
    rows["city"] = pa.array([f"query {number // 7}" for number in range(400)])
    time = {"time_column": "when"} if strategy == "time" else {}
    found = split(
        write_snapshot(rows), task="ranking", target_column="visits", columns={"group": "city"},
        split={"strategy": strategy, **time},
    )  # fmt: skip
    folds: dict[str, set[int]] = {}
    for query, fold in zip(rows["city"].to_pylist(), found.folds.fold.tolist(), strict=True):
        folds.setdefault(query, set()).add(fold)
    assert all(len(used) == 1 for used in folds.values())
    assert bool(found.warnings) == (strategy == "time")


def labels(fold_rows: int, positives: int) -> dict[str, pa.Array]:
    rows = sound_rows(rows=fold_rows)
    return {**rows, "y": pa.array([int(index < positives) for index in range(fold_rows)])}


@pytest.mark.parametrize(
    ("rows", "strategy", "says"),
    [
        (labels(400, 40), {"strategy": "stratified"}, "the fold tune has 6 rows of class 1; stratified folds need 10"),
        (labels(400, 40), {"strategy": "stratified", "test": 0.1}, "the fold tune has 7 rows of class 1"),
        (labels(400, 400 - 1), {"strategy": "time", "time_column": "when"}, "the fold fit has 0 rows of class 0"),
        (labels(400, 1), {"strategy": "time", "time_column": "when"}, "the fold tune has 0 rows of class 1"),
        (sound_rows(rows=3), {"strategy": "random", "test": 0.01}, "is empty"),
        (sound_rows(), {"strategy": "group", "group_column": "member"}, "is empty"),
        (sound_rows(rows=100), {"strategy": "time", "time_column": "when", "gap": "30d"}, "is empty"),
    ],
)
def test_folds_that_cannot_be_learned_from_are_refused(
    rows: dict[str, pa.Array], strategy: dict[str, Any], says: str, write_snapshot: Callable[..., Path]
) -> None:
    with pytest.raises(FoldsImpossible, match=says) as caught:
        split(write_snapshot(rows), split=strategy)
    assert caught.value.cure
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    ("heavy", "says"),
    [
        (lambda number, _: number < 300, "no row of the fold test has a weight above zero"),
        (lambda number, _: number >= 270, "no row of the fold fit has a weight above zero"),
        (lambda number, y: (number >= 256) | (y == 1), "no row of class 0 in the fold fit has a weight above zero"),
    ],
)
def test_a_fold_without_weight_is_refused(
    heavy: Callable[[Any, Any], Any], says: str, write_snapshot: Callable[..., Path]
) -> None:
    rows = sound_rows(rows=400)
    weight = np.where(heavy(np.arange(400), rows["y"].to_numpy()), 1.0, 0.0)
    folder = write_snapshot({**rows, "amount": pa.array(weight)})
    strategy = {"strategy": "time", "time_column": "when"}
    with pytest.raises(FoldsImpossible, match=says) as caught:
        split(folder, columns={"weight": "amount"}, split=strategy)
    assert (caught.value.where, caught.value.exit_status) == ("amount", 2)


def test_a_regression_cannot_be_stratified(write_snapshot: Callable[..., Path]) -> None:
    with pytest.raises(FoldsImpossible, match="stratified needs classes"):
        split(write_snapshot(), task="regression", target_column="amount", split={"strategy": "stratified"})


def test_one_distinct_time_before_the_test_fold_is_refused() -> None:
    with pytest.raises(FoldsImpossible, match="too few distinct times"):
        time_folds(np.array([1, 1, 1, 1, 2]), None, 0.2, 0.2, 0)


def test_folds_read_back_as_they_were_written(write_snapshot: Callable[..., Path], tmp_path: Path) -> None:
    found = split(write_snapshot(sound_rows(rows=400), sound_rows(1000, 50)))
    (tmp_path / "out").mkdir()
    write_folds(tmp_path / "out", found.folds, {"strategy": "random"})
    again = read_folds(tmp_path / "out")
    for name in ("file", "row", "fold"):
        ours, theirs = getattr(found.folds, name), getattr(again, name)
        assert ours.dtype == theirs.dtype
        assert (ours == theirs).all()
    facts = json.loads((tmp_path / "out/folds.json").read_text())
    assert facts["counts"] == found.folds.counts()
    assert (again.rows(1, TEST) == np.arange(50)).all()
