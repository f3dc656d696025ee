from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings

from ml8s.artifacts import canonical_json
from ml8s.features.apply import NULL_TIME, apply
from ml8s.features.learn import BUCKETS, MOST_CATEGORIES, RARE_ROWS, Source
from ml8s.features.manifest import FeatureManifest

from .tables import SOURCES, Columns, any_rows, manifest_of, realistic, texts

DAY = 86_400_000_000


def reasons(manifest: FeatureManifest) -> dict[str, str]:
    return {dropped.name: dropped.reason for dropped in manifest.dropped}


def test_every_type_gives_its_features() -> None:
    manifest = manifest_of(realistic(6_000))
    assert manifest.names == (
        "at.hour",
        "at.minute_sin",
        "at.minute_cos",
        "at.weekday",
        "at.day",
        "at.month",
        "amount",
        "amount.is_null",
        "items",
        "member",
        "member.is_null",
        "country",
        "country.is_null",
        "merchant",
        "merchant.frequency",
        "born.weekday",
        "born.day",
        "born.month",
        "born.days_before",
        "born.is_null",
    )
    assert all(feature.definition for feature in manifest.features)


def test_the_order_of_fit_rows_does_not_matter() -> None:
    columns = realistic(3_000)
    order = np.random.default_rng(5).permutation(3_000)
    shuffled = {name: values[order] for name, values in columns.items()}
    assert manifest_of(shuffled).to_json() == manifest_of(columns).to_json()


def test_categories_are_ordered_by_frequency_then_value() -> None:
    country = texts(["b"] * 7 + ["a"] * 7 + ["c"] * 9 + ["rare"] * (RARE_ROWS - 1))
    manifest = manifest_of({"country": country}, (Source("country", "string"),), time=None)
    assert manifest.features[0].categories == ("c", "a", "b")
    assert apply(manifest, {"country": texts(["rare", "unseen"])})[:, 0].tolist() == [3, 3]


def test_a_wide_column_gets_hash_buckets_and_frequencies() -> None:
    names = [f"m{i:03d}" for i in range(MOST_CATEGORIES + 45)]
    merchant = texts([name for rank, name in enumerate(names) for _ in range(RARE_ROWS + 300 - rank)])
    manifest = manifest_of({"merchant": merchant}, (Source("merchant", "string"),), time=None)
    code, frequency = manifest.features
    assert (len(code.categories), code.buckets, code.codes) == (MOST_CATEGORIES, BUCKETS, MOST_CATEGORIES + BUCKETS)
    values = apply(manifest, {"merchant": texts(["m000", "m299", "new"])})
    assert values[0].tolist() == [0, (RARE_ROWS + 300) / len(merchant)]
    assert values[1, 1] == (RARE_ROWS + 1) / len(merchant)
    assert values[2, 1] == 0
    assert frequency.name == "merchant.frequency"


def test_an_identifier_is_dropped() -> None:
    manifest = manifest_of({"u": texts([f"user {i}" for i in range(60)])}, (Source("u", "string"),), time=None)
    assert manifest.features == ()
    assert reasons(manifest) == {"u": "an identifier: 60 distinct values in 60 rows"}


def test_a_text_whose_values_are_all_rare_is_dropped() -> None:
    values = texts([f"v{i // 2}" for i in range(200)])
    manifest = manifest_of({"u": values}, (Source("u", "string"),), time=None)
    assert reasons(manifest) == {"u": f"no value occurs in at least {RARE_ROWS} fit rows"}


def test_null_constant_and_repeated_columns_are_dropped_with_the_reason() -> None:
    columns = {
        "a": np.array([1.0, 2.0, 3.0]),
        "again": np.array([1.0, 2.0, 3.0]),
        "constant": np.array([4.0, 4.0, 4.0]),
        "nothing": np.full(3, np.nan),
        "sometimes": np.array([5.0, np.nan, 5.0]),
        "never": texts([None, None, None]),
    }
    sources = tuple(Source(name, "string" if name == "never" else "number") for name in columns)
    manifest = manifest_of(columns, sources, time=None)
    assert manifest.names == ("a", "sometimes.is_null")
    assert reasons(manifest) == {
        "again": "equal to `a` on every fit row",
        "constant": "constant on the fit rows: 4",
        "nothing": "every fit row is null",
        "sometimes": "constant on the fit rows: 5",
        "never": "every fit row is null",
    }


def test_columns_that_are_null_together_share_one_indicator() -> None:
    columns = {"a": np.array([1.0, np.nan, 3.0]), "b": np.array([7.0, np.nan, 5.0])}
    manifest = manifest_of(columns, (Source("a", "number"), Source("b", "number")), time=None)
    assert manifest.names == ("a", "a.is_null", "b")


def test_no_indicator_where_the_fit_rows_hold_no_null() -> None:
    manifest = manifest_of({"a": np.array([1.0, 2.0])}, (Source("a", "number"),), time=None)
    assert manifest.names == ("a",)
    assert [column.nullable for column in manifest.columns] == [False]


@pytest.mark.parametrize(
    ("days", "parts"),
    [(3, {"hour", "minute_sin", "minute_cos"}), (40, {"hour", "minute_sin", "minute_cos", "weekday", "day"})],
)
def test_a_part_is_made_where_the_fit_rows_span_its_whole_cycle(days: int, parts: set[str]) -> None:
    at = np.arange(0, days * DAY, DAY // 7)
    manifest = manifest_of({"at": at}, (Source("at", "time"),))
    assert {name.removeprefix("at.") for name in manifest.names} == parts
    assert "less than the 366 of its cycle" in reasons(manifest)["at.month"]


def test_a_time_that_is_always_midnight_has_no_hour() -> None:
    manifest = manifest_of({"at": np.arange(40) * DAY}, (Source("at", "time"),))
    assert manifest.names == ("at.weekday", "at.day")
    assert reasons(manifest)["at.hour"] == "constant on the fit rows: 0"


def test_max_features_keeps_values_before_what_is_derived_from_them() -> None:
    manifest = manifest_of(realistic(6_000), max_features=7)
    assert manifest.names == ("at.hour", "amount", "items", "member", "country", "merchant", "born.days_before")
    assert reasons(manifest)["at.weekday"] == "beyond feature_engineering.max_features = 7"


def test_a_column_may_have_the_name_of_a_derived_feature() -> None:
    columns = {"a": np.array([1.0, np.nan, 2.0]), "a.is_null": np.array([5.0, 6.0, 7.0])}
    manifest = manifest_of(columns, (Source("a", "number"), Source("a.is_null", "number")), time=None)
    assert manifest.names == ("a", "a.is_null_2", "a.is_null")


def test_dates_before_the_rows_time_give_days() -> None:
    columns = {"at": np.arange(3) * DAY, "born": np.array([0, NULL_TIME, -DAY])}
    manifest = manifest_of(columns, (Source("at", "time"), Source("born", "date")))
    days = apply(manifest, columns)[:, manifest.names.index("born.days_before")]
    assert (days[0], days[2]) == (0, 3)
    assert np.isnan(days[1])


def test_learning_reads_no_target() -> None:
    read: list[str] = []
    columns = realistic(100)

    def read_fit(name: str) -> np.ndarray:
        read.append(name)
        return columns[name]

    from ml8s.features.learn import learn

    learn(SOURCES, read_fit, time="at", max_features=500)
    assert set(read) == {source.name for source in SOURCES}


def test_an_integer_that_numbers_the_rows_is_dropped_and_a_measured_one_is_kept() -> None:
    random = np.random.default_rng(2)
    columns = {
        "row_number": random.permutation(3_000)[:2_000].astype(np.float64),
        "cents": random.integers(0, 10_000, 2_000).astype(np.float64),
        "sparse": random.choice(10**9, 2_000, replace=False).astype(np.float64),
    }
    manifest = manifest_of(columns, tuple(Source(name, "integer") for name in columns), time=None)
    assert manifest.names == ("cents", "sparse")
    assert "an identifier: 2000 whole numbers" in reasons(manifest)["row_number"]
    assert manifest_of(columns, (Source("row_number", "number"),), time=None).names == ("row_number",)


@settings(max_examples=80, deadline=None)
@given(any_rows())
def test_whatever_the_fit_rows_hold_the_manifest_read_back_applies_the_same(columns: Columns) -> None:
    manifest = manifest_of(columns)
    read = FeatureManifest.from_json(json.loads(canonical_json(manifest.to_json())))
    matrix = apply(read, columns)
    assert matrix.tobytes() == apply(manifest, columns).tobytes()
    assert not np.isinf(matrix).any()
    for values in matrix.T:
        present = values[~np.isnan(values)]
        assert present.min() < present.max(), "a constant feature was kept"
