"""Rows as series on a regular grid: what is refused, what is filled, and how they are cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet

from ml8s.data.folds import DROPPED, FIT, TEST, TUNE, read_folds, write_folds
from ml8s.data.series import _joined
from ml8s.errors import ContractViolation, FoldsImpossible
from tests.features.forecast.desk import DAY, HORIZON, START, checked, made_rows, prepare, settings, take, write_series


def refusal(folder: Path, rows: dict[str, Any], **section: Any) -> str:
    with pytest.raises(ContractViolation) as caught:
        checked(write_series(folder, rows), settings(**section))
    return "\n".join(f"{one.message} | {one.cure}" for one in caught.value.problems)


def without(rows: dict[str, Any], *points: tuple[str, int]) -> dict[str, Any]:
    """The rows but those of these shops and days."""
    day = (np.asarray(rows["day"]) - START) // DAY
    return take(rows, [(shop, int(at)) not in points for shop, at in zip(rows["shop"], day, strict=True)])


def test_two_rows_of_one_series_and_time_are_refused_with_where_and_how_many(tmp_path: Path) -> None:
    rows = made_rows(days=60)
    said = refusal(tmp_path / "s", take(rows, [*range(120), 7, 65]))
    assert "2 rows repeat the series and time of another: shop=a at 2026-01-08" in said
    assert "shop=b at 2026-01-06" in said
    assert "forecasting.series_columns" in said


def test_gaps_are_refused_with_series_first_times_and_counts_until_a_policy_says_what_they_mean(tmp_path: Path) -> None:
    rows = without(made_rows(days=60), ("a", 10), ("a", 11), ("b", 59))
    said = refusal(tmp_path / "s", rows)
    assert "3 periods are missing in 2 of 2 series" in said
    assert "shop=a from 2026-01-11T00:00:00Z (2 in all)" in said
    assert "shop=b from 2026-03-01T00:00:00Z (1 in all)" in said
    assert "`forecasting.gaps: zero`" in said


def test_a_time_beside_the_grid_is_refused(tmp_path: Path) -> None:
    rows = made_rows(days=60)
    rows["day"][5] += 3_600_000_000
    said = refusal(tmp_path / "s", rows)
    assert "1 row lies beside the grid of one row every 1d from 2026-01-01T00:00:00Z" in said


def test_a_series_without_a_name_is_refused(tmp_path: Path) -> None:
    rows = made_rows(days=60)
    rows["shop"][3] = None
    assert "shop" in refusal(tmp_path / "s", rows)


def test_columns_that_the_snapshot_lacks_are_named_with_the_nearest(tmp_path: Path) -> None:
    said = refusal(tmp_path / "s", made_rows(days=60), series_columns=("shops",), known_columns=("promotions",))
    assert "forecasting.series_columns names 'shops'" in said
    assert "did you mean 'shop'?" in said
    assert "did you mean 'promotion'?" in said


def test_a_number_names_no_series(tmp_path: Path) -> None:
    said = refusal(tmp_path / "s", made_rows(days=60), series_columns=("visitors",))
    assert "the series column 'visitors' is a number" in said


def test_a_frequency_that_is_far_too_short_adds_no_millions_of_rows(tmp_path: Path) -> None:
    said = refusal(tmp_path / "s", made_rows(days=60), frequency="1s", gaps="zero")
    assert "would add 10,195,082 rows to the 120" in said


@pytest.mark.parametrize(("policy", "sales"), [("zero", [0.0, 0.0]), ("previous", None)])
def test_the_policy_for_gaps_says_what_missing_rows_hold(
    policy: str, sales: list[float] | None, tmp_path: Path
) -> None:
    whole = made_rows(days=60)
    dataset = checked(write_series(tmp_path / "s", without(whole, ("a", 10), ("a", 11))), settings(gaps=policy))
    assert [(file.name, file.rows) for file in dataset.files] == [("train.parquet", 118), ("filled.parquet", 2)]
    assert "2 periods are missing in 1 of 2 series" in dataset.warnings[-1]
    added = parquet.read_table(dataset.places(tmp_path / "s")[1][0]).to_pydict()
    assert added["shop"] == ["a", "a"]
    assert [int(time.timestamp()) for time in added["day"]] == [(START + day * DAY) // 1_000_000 for day in (10, 11)]
    assert added["sales"] == (sales or [whole["sales"][9]] * 2)
    assert added["weather"] == ([None, None] if policy == "zero" else [whole["weather"][9]] * 2)


def test_filled_rows_are_learned_from_and_judged_as_others(tmp_path: Path) -> None:
    rows = without(made_rows(days=60), ("a", 20), ("a", 59))
    prepared = prepare(write_series(tmp_path / "s", rows), settings(gaps="zero"))
    assert prepared.folds.file.tolist() == [0] * 118 + [1] * 2
    assert prepared.folds.fold[118:].tolist() == [FIT, TEST]


def test_tune_and_test_are_whole_horizons_at_the_end_and_each_row_has_one_origin(tmp_path: Path) -> None:
    prepared = prepare(write_series(tmp_path / "s", made_rows(days=120)), settings())
    folds, period = prepared.folds, prepared.made.series.period
    assert prepared.result.cuts == {"tune": "2026-03-20T00:00:00Z", "test": "2026-04-10T00:00:00Z"}
    assert {int(period[folds.fold == fold].min()) for fold in (TUNE, TEST)} == {78, 99}
    assert folds.steps is not None
    for fold, begins in ((TUNE, 78), (TEST, 99)):
        rows = folds.fold == fold
        assert (folds.steps[rows] == (period[rows] - begins) % HORIZON + 1).all()
    fit = folds.fold == FIT
    assert set(folds.steps[fit].tolist()) == set(range(1, HORIZON + 1))
    assert (period[fit] - folds.steps[fit] >= 0).all()
    assert (folds.fold[period - folds.steps < 0] == DROPPED).all()
    assert "had not begun" in prepared.result.warnings[0]


def test_the_distance_of_a_fit_row_is_its_own_in_any_order_and_company(tmp_path: Path) -> None:
    rows, random = made_rows(days=120), np.random.default_rng(3)
    order = random.permutation(240)
    alone = take(rows, np.asarray(rows["shop"]) == "b")
    first, shuffled, fewer = (
        prepare(write_series(tmp_path / name, some), settings())
        for name, some in (("one", rows), ("two", take(rows, order)), ("three", alone))
    )
    assert first.folds.steps is not None and shuffled.folds.steps is not None and fewer.folds.steps is not None
    assert (shuffled.folds.steps == first.folds.steps[order]).all()
    assert (shuffled.folds.fold == first.folds.fold[order]).all()
    assert (fewer.folds.steps == first.folds.steps[120:]).all()


def test_validation_is_the_test_fold_and_must_not_begin_before_train_ends(tmp_path: Path) -> None:
    rows = made_rows(days=120)
    late = np.asarray(rows["day"]) >= START + 90 * DAY
    prepared = prepare(write_series(tmp_path / "s", take(rows, ~late), take(rows, late)), settings())
    assert (prepared.folds.fold == TEST).tolist() == (prepared.folds.file == 1).tolist()
    mixed = late & (np.asarray(rows["shop"]) == "a") | (np.asarray(rows["day"]) >= START + 100 * DAY)
    with pytest.raises(FoldsImpossible, match=r"10 rows of train.parquet are not before validation.parquet begins"):
        prepare(write_series(tmp_path / "t", take(rows, ~mixed), take(rows, mixed)), settings())


def test_a_history_shorter_than_three_horizons_is_refused_with_what_it_takes(tmp_path: Path) -> None:
    with pytest.raises(FoldsImpossible) as caught:
        prepare(write_series(tmp_path / "s", made_rows(days=60)), settings(horizon=28))
    assert "60 periods cannot be cut" in caught.value.message
    assert "85 periods" in caught.value.cure


def test_folds_keep_their_distances_in_their_file(tmp_path: Path) -> None:
    prepared = prepare(write_series(tmp_path / "s", made_rows(days=60)), settings())
    write_folds(tmp_path, prepared.folds, {})
    again = read_folds(tmp_path)
    assert again.steps is not None and prepared.folds.steps is not None
    assert again.steps.tolist() == prepared.folds.steps.tolist()


def test_many_columns_of_many_values_name_the_series_that_there_are() -> None:
    count, columns = 700, 7  # 700 ** 7 is above 2 ** 63
    random = np.random.default_rng(2)
    parts = [
        (random.permutation(count).astype(np.int64), [f"{column}-{value:03}" for value in range(count)])
        for column in range(columns)
    ]
    code, names = _joined(parts, count)
    there = [
        tuple(values[at] for at, (_, values) in zip(row, parts, strict=True))
        for row in zip(*[codes for codes, _ in parts], strict=True)
    ]
    assert [names[one] for one in code] == there
    assert list(names) == sorted(there)


def test_a_snapshot_without_series_columns_is_one_series() -> None:
    code, names = _joined([], 3)
    assert (code.tolist(), names) == ([0, 0, 0], ((),))
