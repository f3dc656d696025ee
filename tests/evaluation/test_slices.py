"""Slices and the profile: how columns are cut into values and bins."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ml8s.evaluation.metrics import Sample
from ml8s.evaluation.profile import MOST_CATEGORIES, NAMED_ROWS, profile_column, write_profile
from ml8s.evaluation.slices import MISSING, OTHERS, slice_codes, slice_rows
from ml8s.features.apply import NULL_TIME

DAY = 86_400_000_000


def sample(rows: int, seed: int = 0) -> Sample:
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < 0.4).astype(float)
    return Sample(y, np.clip(0.3 * y + 0.6 * rng.random(rows), 0, 1))


def test_each_value_gets_its_metrics_and_its_number_of_rows() -> None:
    rows = sample(300)
    values = np.array(["north", "south", None], dtype=object)[np.arange(300) % 3]
    lines = slice_rows(values, "string", "binary", rows, ["roc_auc"])
    assert [(line.value, line.rows) for line in lines] == [(MISSING, 100), ("north", 100), ("south", 100)]
    assert all(line.metrics["roc_auc"] is not None and not line.note for line in lines)


def test_too_small_a_slice_says_so_and_has_no_metric() -> None:
    rows = sample(200)
    values = np.array(["rest"] * 190 + ["few"] * 10, dtype=object)
    few = slice_rows(values, "string", "binary", rows, ["roc_auc"])[1]
    assert (few.metrics, few.target, few.score) == ({"roc_auc": None}, None, None)
    assert "too few rows" in few.note


def test_a_slice_of_one_class_says_so() -> None:
    rows = Sample(np.r_[np.zeros(50), np.ones(50)], np.full(100, 0.5))
    lines = slice_rows(np.repeat(np.array(["a", "b"], dtype=object), 50), "string", "binary", rows, ["roc_auc"])
    assert all("one class" in line.note for line in lines)


def test_rare_values_are_taken_together() -> None:
    values = np.array([f"v{i}" for i in range(40)] + ["v0"] * 29, dtype=object)
    labels, codes = slice_codes(values, "string")
    assert labels == ["v0", OTHERS, MISSING]
    assert np.bincount(codes).tolist() == [30, 39]


def test_numbers_of_many_values_are_cut_at_quartiles() -> None:
    labels, codes = slice_codes(np.r_[np.arange(100.0), np.nan], "integer")
    assert labels == ["below 25", "25 up to 50", "50 up to 75", "75 and above", MISSING]
    assert np.bincount(codes).tolist() == [25, 25, 25, 25, 1]


@pytest.mark.parametrize(
    ("values", "type_", "labels"),
    [
        (np.array([1.0, 0.0]), "boolean", ["false", "true"]),
        (np.array([DAY, 0]), "date", ["1970-01-01", "1970-01-02"]),
        (np.array([DAY + 3_600_000_000]), "time", ["1970-01-02 01:00:00"]),
        (np.array([2.5, 1e12]), "number", ["2.500", "1000000000000"]),
    ],
)
def test_values_are_shown_as_people_write_them(values: np.ndarray, type_: str, labels: list[str]) -> None:
    assert slice_codes(values, type_)[0] == [*labels, MISSING]


def test_few_distinct_numbers_get_a_bin_each() -> None:
    column = profile_column("n", "integer", np.array([3.0, 1.0, 3.0, np.nan, 7.0]))
    assert column.edges == (3.0, 7.0)
    assert column.codes.tolist() == [1, 0, 1, -1, 2]


def test_many_numbers_get_bins_of_about_equal_size() -> None:
    column = profile_column("x", "number", np.random.default_rng(0).normal(size=4000))
    counts = np.bincount(column.codes)
    assert len(counts) == 20
    assert counts.min() >= 199


def test_a_constant_column_has_one_bin_and_an_empty_one_none() -> None:
    assert profile_column("x", "number", np.full(5, 2.0)).codes.tolist() == [0] * 5
    assert profile_column("t", "time", np.full(3, NULL_TIME)).codes.tolist() == [-1] * 3


def test_edges_of_times_are_text() -> None:
    column = profile_column("t", "time", np.array([0, DAY]))
    assert column.edges == ("1970-01-02T00:00:00.000000",)


def test_a_text_that_few_rows_have_is_never_named() -> None:
    values = np.array(["common"] * NAMED_ROWS + ["secret"] * (NAMED_ROWS - 1) + [None], dtype=object)
    column = profile_column("s", "string", values)
    assert column.categories == ("common",)
    assert column.codes.tolist() == [0] * NAMED_ROWS + [1] * (NAMED_ROWS - 1) + [-1]


def test_at_most_fifty_texts_are_named_and_a_hashed_column_names_none() -> None:
    values = np.array([f"v{i}" for i in range(80)] * NAMED_ROWS, dtype=object)
    assert len(profile_column("s", "string", values).categories) == MOST_CATEGORIES
    hashed = profile_column("s", "string", values, hashed=True)
    assert all(len(name) == 16 and not name.startswith("v") for name in hashed.categories)


def test_a_profile_can_be_read_back_column_by_column(tmp_path: Path) -> None:
    columns = [
        profile_column("amount", "number", np.arange(30.0)),
        profile_column("score", "number", np.linspace(0, 1, 30)),
    ]
    write_profile(tmp_path, columns, rows=90, inputs={"model": "0" * 64}, left_out=["secret"])
    described = json.loads((tmp_path / "profile.json").read_text())
    table = pq.read_table(tmp_path / "codes.parquet")
    assert (described["rows"], described["chosen"], described["left_out"]) == (90, 30, ["secret"])
    assert [c["name"] for c in described["columns"]] == ["amount", "score"]
    assert [c["codes"] for c in described["columns"]] == table.column_names
