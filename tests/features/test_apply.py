from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml8s.features.apply import NULL_TIME, apply, feature_values, hash_bucket
from ml8s.features.manifest import Feature, FeatureManifest

from .tables import Columns, any_rows, manifest_of, realistic, texts

LEARNED = manifest_of(realistic(6_000))


def bits(matrix: np.ndarray) -> bytes:
    return np.ascontiguousarray(matrix).tobytes()


@settings(max_examples=150, deadline=None)
@given(any_rows())
def test_a_row_alone_gives_the_bits_of_the_row_in_a_batch(columns: Columns) -> None:
    batch = apply(LEARNED, columns)
    for row in range(len(batch)):
        alone = apply(LEARNED, {name: values[row : row + 1] for name, values in columns.items()})
        assert bits(alone[0]) == bits(batch[row])


@settings(max_examples=100, deadline=None)
@given(any_rows())
def test_the_matrix_never_holds_an_infinity_nor_a_negative_zero(columns: Columns) -> None:
    matrix = apply(LEARNED, columns)
    assert not np.isinf(matrix).any()
    assert not np.signbit(matrix[matrix == 0]).any()


@settings(max_examples=50, deadline=None)
@given(any_rows(), st.randoms(use_true_random=False))
def test_the_order_of_rows_moves_no_bit(columns: Columns, random: Random) -> None:
    order = list(range(len(columns["at"])))
    random.shuffle(order)
    shuffled = apply(LEARNED, {name: values[order] for name, values in columns.items()})
    assert bits(shuffled) == bits(apply(LEARNED, columns)[order])


def test_the_manifest_read_back_gives_the_training_matrix_bitwise(tmp_path: Path) -> None:
    columns = realistic(6_000)
    LEARNED.write(tmp_path)
    assert bits(apply(FeatureManifest.read(tmp_path), columns)) == bits(apply(LEARNED, columns))


def test_apply_needs_numpy_and_nothing_else(tmp_path: Path) -> None:
    LEARNED.write(tmp_path)
    program = f"""
import sys
from pathlib import Path
from random import Random
import numpy as np
from ml8s.features.apply import apply
from ml8s.features.columns import columns_from_rows
from ml8s.features.manifest import FeatureManifest
manifest = FeatureManifest.read(Path({str(tmp_path)!r}))
row = {{"at": "2026-01-01T08:00:00Z", "items": 2, "merchant": "m1", "amount": 3.5, "country": "nl"}}
assert apply(manifest, columns_from_rows([row], manifest)).shape == (1, {len(LEARNED.features)})
unwanted = {{"pandas", "sklearn", "pyarrow", "pydantic", "flaml"}}
print(sorted({{name.split(".")[0] for name in sys.modules}} & unwanted))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("moment", ["1969-12-31T23:59:59.999999", "1970-01-01", "2024-02-29T12:30", "1899-03-01T00:01"])
def test_parts_of_a_time_are_those_of_the_calendar(moment: str) -> None:
    when = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    values = np.array([(when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)])

    def part(name: str) -> float:
        return float(feature_values(Feature("x", "", "time_part", ("at",), part=name), {"at": values})[0])

    assert (part("hour"), part("weekday"), part("day"), part("month")) == (
        when.hour,
        when.weekday(),
        when.day,
        when.month,
    )


def test_a_day_is_a_circle() -> None:
    minutes = np.array([0, 360, 720, 1080], dtype=np.int64) * 60_000_000
    sine = feature_values(Feature("s", "", "time_part", ("at",), part="minute_sin"), {"at": minutes})
    cosine = feature_values(Feature("c", "", "time_part", ("at",), part="minute_cos"), {"at": minutes})
    assert sine.tolist() == [0, 1, 0, -1]
    assert cosine.tolist() == [1, 0, -1, 0]


def test_a_null_time_has_no_parts_and_no_age() -> None:
    columns = {"at": np.array([NULL_TIME, 0]), "born": np.array([0, NULL_TIME])}
    assert np.isnan(feature_values(Feature("h", "", "time_part", ("at",), part="hour"), columns)).tolist() == [
        True,
        False,
    ]
    assert np.isnan(feature_values(Feature("d", "", "days_before", ("born", "at")), columns)).all()


def test_days_before_counts_days_with_their_fraction() -> None:
    day = 86_400_000_000
    columns = {"born": np.array([0]), "at": np.array([day + day // 2])}
    assert feature_values(Feature("d", "", "days_before", ("born", "at")), columns).tolist() == [1.5]


def test_an_unknown_category_gets_the_code_of_all_other_values() -> None:
    feature = Feature("c", "", "category", ("c",), categories=("nl", "de"))
    values = feature_values(feature, {"c": texts(["de", "nl", "atlantis", None])})
    assert values[:3].tolist() == [1, 0, 2]
    assert np.isnan(values[3])
    assert feature.codes == 3


def test_an_unknown_category_of_a_wide_column_gets_its_hash_bucket() -> None:
    feature = Feature("c", "", "category", ("c",), categories=("nl", "de"), buckets=8)
    values = feature_values(feature, {"c": texts(["atlantis", "atlantis", "nl"])})
    assert values.tolist() == [2 + hash_bucket("atlantis", 8)] * 2 + [0]
    assert feature.codes == 10


def test_an_infinite_number_counts_as_null() -> None:
    columns = {"a": np.array([np.inf, -np.inf, np.nan, 1.0])}
    assert np.isnan(feature_values(Feature("a", "", "number", ("a",)), columns)).tolist() == [True, True, True, False]
    assert feature_values(Feature("n", "", "is_null", ("a",)), columns).tolist() == [1, 1, 1, 0]


def test_no_rows_give_an_empty_matrix() -> None:
    empty = {name: values[:0] for name, values in realistic(5).items()}
    assert apply(LEARNED, empty).shape == (0, len(LEARNED.features))


def test_a_text_that_is_no_unicode_is_an_unknown_category() -> None:
    feature = Feature("c", "", "category", ("c",), categories=("nl",), buckets=4)
    (value,) = feature_values(feature, {"c": texts(["\ud800"])}).tolist()
    assert 1 <= value < 5


def test_the_matrix_is_the_same_on_every_machine() -> None:
    """Columns made of integers alone: the digest below was written once and holds wherever the tests run."""
    rows = np.arange(3_000)
    columns: Columns = {
        "at": 1_600_000_000_000_000 + rows * 13_579_246_801,
        "amount": np.where(rows % 11 == 0, np.nan, rows * rows % 9_973 / 7.0),
        "items": (rows % 5).astype(np.float64),
        "member": np.where(rows % 13 == 0, np.nan, rows % 2),
        "country": texts([("nl", "de", "fr", None)[row * row % 7 % 4] for row in rows.tolist()]),
        "merchant": texts([f"m{row * row % 569}" for row in rows.tolist()]),
        "born": (rows - 1_500) * 86_400_000_000,
    }
    digest = hashlib.sha256(bits(apply(manifest_of(columns), columns))).hexdigest()
    assert digest == "b3802ce37bb37b0ea175ac7f28e36d40811252c4624fb4ef8f026d14f88fbc9f"
